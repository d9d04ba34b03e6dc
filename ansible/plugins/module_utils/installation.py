# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of Outfit below a prefix, as its installer (install.sh) lays them out."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tarfile
import tempfile


class BadTarball(Exception):
    """What was given is no release for this machine."""


def machine():
    """The platform, as tarballs are named by it."""
    systems = {"Linux": "linux", "Darwin": "macos"}
    machines = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    system, name = platform.system(), platform.machine()
    if system not in systems or name not in machines:
        raise BadTarball("Outfit runs on Linux and macOS, on x86-64 and 64-bit ARM; this is %s on %s" % (system, name))
    return "%s-%s" % (systems[system], machines[name])


def digest(path):
    """SHA-256 of a file, in hexadecimal digits."""
    running = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            running.update(block)
    return running.hexdigest()


def refuse_outside(members):
    """Everything in a release is below one folder, and leads nowhere else."""
    tops = set()
    for member in members:
        parts = member.name.rstrip("/").split("/")
        if member.name.startswith("/") or ".." in parts or not parts[0]:
            raise BadTarball("the tarball has the name %s, which leads out of it" % member.name)
        if not (member.isfile() or member.isdir() or member.issym()):
            raise BadTarball("the tarball has %s, which is no file, folder or link" % member.name)
        if member.issym():
            end = os.path.normpath(os.path.join(os.path.dirname(member.name), member.linkname))
            if os.path.isabs(member.linkname) or end.split("/")[0] != parts[0]:
                raise BadTarball("the tarball has the link %s, which leads out of it" % member.name)
        tops.add(parts[0])
    if len(tops) != 1:
        raise BadTarball("the tarball has %d folders at its top, and a release has one" % len(tops))
    return tops.pop()


def extract(tarball, folder):
    """Unpacks a release, and gives its folder."""
    try:
        with tarfile.open(tarball, "r:gz") as archive:
            members = archive.getmembers()
            top = refuse_outside(members)
            for member in members:
                # Whoever packed it owns nothing here.
                member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
            keywords = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
            archive.extractall(folder, members=members, **keywords)
    except (tarfile.TarError, EOFError) as error:
        raise BadTarball("%s can't be unpacked: %s" % (tarball, error))
    return os.path.join(folder, top)


class Installation:
    """What is installed below a prefix."""

    def __init__(self, prefix):
        self.prefix = os.path.abspath(os.path.expanduser(prefix))
        self.releases = os.path.join(self.prefix, "share", "outfit", "self")
        self.link = os.path.join(self.prefix, "bin", "outfit")

    def version(self, release):
        """A release's name; None of None."""
        return os.path.basename(release) if release else None

    def release(self, sha256):
        """The folder of the release that came from this tarball, or None."""
        if not os.path.isdir(self.releases):
            return None
        for name in sorted(os.listdir(self.releases)):
            folder = os.path.join(self.releases, name)
            try:
                with open(os.path.join(folder, ".sha256"), encoding="ascii") as file:
                    is_it = file.read().strip() == sha256
            except (OSError, ValueError):
                continue
            if is_it and not name.startswith(".") and os.access(os.path.join(folder, "bin", "outfit"), os.X_OK):
                return folder
        return None

    def current(self):
        """The release that the link leads to, or None."""
        if not os.path.islink(self.link):
            return None
        end = os.path.join(os.path.dirname(self.link), os.readlink(self.link))
        release = os.path.dirname(os.path.dirname(os.path.normpath(end)))
        return release if os.path.dirname(release) == self.releases else None

    def _make_folders(self):
        data = os.path.dirname(self.releases)
        made = []
        for folder in (os.path.dirname(data), os.path.dirname(self.link)):
            while not os.path.isdir(folder):
                made.append(folder)
                folder = os.path.dirname(folder)
        os.makedirs(os.path.dirname(data), exist_ok=True)
        if not os.path.isdir(data):
            os.mkdir(data, 0o700)
        os.makedirs(self.releases, exist_ok=True)
        os.makedirs(os.path.dirname(self.link), exist_ok=True)
        if made:
            # `outfit self uninstall` takes them out again, once they are empty.
            with open(os.path.join(self.releases, ".made"), "a", encoding="utf-8") as file:
                file.write("".join(folder + "\n" for folder in sorted(set(made))))

    def unpack(self, tarball, sha256, run_command):
        """Puts a release in its place, once it has run here."""
        if not os.path.isfile(tarball):
            raise BadTarball("there is no file %s on this machine" % tarball)
        found = digest(tarball)
        if found != sha256:
            raise BadTarball(
                "%s is damaged, or not what was published: its SHA-256 is %s, and should be %s" % (tarball, found, sha256)
            )
        end = "-" + machine()
        self._make_folders()
        work = tempfile.mkdtemp(prefix=".new.", dir=self.releases)
        try:
            tree = extract(tarball, work)
            name = os.path.basename(tree)
            if not name.startswith("outfit-") or not name.endswith(end):
                raise BadTarball("%s holds %s, and this machine needs a release for %s" % (tarball, name, end[1:]))
            status, output, talk = run_command([os.path.join(tree, "bin", "outfit"), "--version"], handle_exceptions=True)
            if status != 0:
                raise BadTarball("this release does not run here: %s" % (talk or output).strip())
            with open(os.path.join(tree, ".sha256"), "w", encoding="ascii") as file:
                file.write(sha256 + "\n")
            release = os.path.join(self.releases, name[len("outfit-"):-len(end)])
            if os.path.lexists(release):
                os.rename(release, os.path.join(work, "old"))
            os.rename(tree, release)
            return release
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def switch(self, release):
        """Leads the link to a release. At every moment there is a working one."""
        if os.path.isdir(self.link) and not os.path.islink(self.link):
            raise BadTarball("%s is a folder; move it away" % self.link)
        os.makedirs(os.path.dirname(self.link), exist_ok=True)
        work = tempfile.mkdtemp(prefix=".new.", dir=self.releases)
        try:
            new = os.path.join(work, "link")
            os.symlink(os.path.join(release, "bin", "outfit"), new)
            os.rename(new, self.link)
        finally:
            shutil.rmtree(work, ignore_errors=True)
