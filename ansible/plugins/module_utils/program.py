# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Outfit for a module."""

from __future__ import annotations

import json
import os

from ansible_collections.outfit.outfit.plugins.module_utils.document import SCHEMA

ARGUMENTS = {"executable": {"type": "path"}}

#: Where the installer, and Outfit itself, put it.
USUAL_FOLDERS = ["~/.local/bin", "~/.local/share/outfit/bin", "/opt/outfit/bin", "/usr/local/bin"]


class Program:
    """Outfit on the machine that a module runs on."""

    def __init__(self, module):
        self.module = module
        self.path = self._find()

    def _find(self):
        given = self.module.params["executable"]
        if given:
            return given if os.access(given, os.X_OK) and not os.path.isdir(given) else None
        return self.module.get_bin_path("outfit", opt_dirs=[os.path.expanduser(folder) for folder in USUAL_FOLDERS])

    def fail_missing(self):
        """Ends the task where there is no Outfit."""
        given = self.module.params["executable"]
        self.module.fail_json(
            msg="%s; the role outfit.outfit.install installs it from the controller"
            % ("there is no program %s" % given if given else "there is no outfit on PATH, nor in ~/.local/bin")
        )

    def run(self, arguments):
        """The document that a verb writes.

        A relative address is one of the user's home folder: a module's own folder is no place that anybody means.
        """
        if self.path is None:
            self.fail_missing()
        status, output, talk = self.module.run_command(
            [self.path] + arguments, cwd=os.path.expanduser("~"), handle_exceptions=True
        )
        try:
            document = json.loads(output)
        except ValueError:
            document = None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            self.module.fail_json(
                msg="outfit %s wrote no document of version %d%s"
                % (arguments[0], SCHEMA, ": " + talk.strip() if talk.strip() else ""),
                rc=status,
                stdout=output,
                stderr=talk,
            )
        # What the process says is what counts.
        document["exit"] = status
        document["talk"] = talk
        return document

    def has(self, verb):
        """Whether this Outfit has a verb."""
        return self.module.run_command([self.path, verb, "--help"])[0] == 0

    def version(self):
        """What `outfit --version` says."""
        return self.module.run_command([self.path, "--version"])[1].strip()
