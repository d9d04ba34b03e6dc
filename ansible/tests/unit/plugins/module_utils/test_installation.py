# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
import unittest

from ansible_collections.outfit.outfit.plugins.module_utils import installation


def run_command(arguments, handle_exceptions=True):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=False)
    return done.returncode, done.stdout, done.stderr


class InstallationTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.installation = installation.Installation(os.path.join(self.folder, "home", ".local"))

    def tarball(self, version="1.0", script="#!/bin/sh\necho outfit\n", top=None, extra=()):
        top = top or "outfit-%s-%s" % (version, installation.machine())
        path = os.path.join(self.folder, "outfit.tar.gz")
        with tarfile.open(path, "w:gz") as archive:
            for name, kind, text in [(top + "/bin/outfit", tarfile.REGTYPE, script)] + list(extra):
                member = tarfile.TarInfo(name)
                member.type, member.mode, member.size = kind, 0o755, 0
                if kind == tarfile.REGTYPE:
                    member.size = len(text)
                    archive.addfile(member, io.BytesIO(text.encode()))
                else:
                    member.linkname = text
                    archive.addfile(member)
        return path, installation.digest(path)

    def install(self, **kind):
        path, sha256 = self.tarball(**kind)
        release = self.installation.unpack(path, sha256, run_command)
        self.installation.switch(release)
        return sha256

    def leftovers(self):
        return [name for name in os.listdir(self.installation.releases) if name.startswith(".new")]

    def test_it_is_found_again_by_its_digest(self):
        sha256 = self.install()
        release = self.installation.release(sha256)
        self.assertEqual(os.path.basename(release), "1.0")
        self.assertEqual(self.installation.current(), release)
        self.assertEqual(run_command([self.installation.link])[1], "outfit\n")
        self.assertIsNone(self.installation.release("0" * 64))
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(os.stat(os.path.dirname(self.installation.releases)).st_mode & 0o777, 0o700)
        with open(os.path.join(self.installation.releases, ".made"), encoding="utf-8") as file:
            self.assertIn(os.path.dirname(self.installation.link), file.read().split("\n"))

    def test_another_build_of_a_version_takes_its_place(self):
        first = self.install()
        second = self.install(script="#!/bin/sh\necho newer\n")
        self.assertIsNone(self.installation.release(first))
        self.assertIsNotNone(self.installation.release(second))
        self.assertEqual(run_command([self.installation.link])[1], "newer\n")

    def test_what_is_wrong_changes_nothing(self):
        self.install()
        outside = [("outfit-1.0-x/../../x", tarfile.REGTYPE, "x")]
        end = installation.machine()
        for kind in (
            {"version": "2.0", "script": "#!/bin/sh\nexit 3\n"},
            {"version": "2.0", "extra": outside},
            {"version": "2.0", "extra": [("outfit-2.0-%s/l" % end, tarfile.SYMTYPE, "/etc/passwd")]},
            {"version": "2.0", "extra": [("outfit-2.0-%s/l" % end, tarfile.SYMTYPE, "../../x")]},
            {"version": "2.0", "extra": [("outfit-2.0-%s/l" % end, tarfile.LNKTYPE, "/etc/passwd")]},
            {"version": "2.0", "extra": [("other/x", tarfile.REGTYPE, "x")]},
            {"top": "outfit-2.0-plan9-vax"},
        ):
            path, sha256 = self.tarball(**kind)
            with self.assertRaises(installation.BadTarball, msg=str(kind)):
                self.installation.unpack(path, sha256, run_command)
            self.assertEqual(self.leftovers(), [])
        path, sha256 = self.tarball(version="2.0")
        with self.assertRaises(installation.BadTarball):
            self.installation.unpack(path, "0" * 64, run_command)
        with open(path, "r+b") as file:
            file.truncate(40)
        with self.assertRaises(installation.BadTarball):
            self.installation.unpack(path, installation.digest(path), run_command)
        self.assertEqual(run_command([self.installation.link])[1], "outfit\n")
        self.assertEqual([name for name in os.listdir(self.installation.releases) if name[0] != "."], ["1.0"])

    def test_a_link_of_the_users_own_is_no_release(self):
        os.makedirs(os.path.dirname(self.installation.link))
        os.symlink("/bin/true", self.installation.link)
        self.assertIsNone(self.installation.current())

    def test_a_folder_in_the_way_stays(self):
        os.makedirs(self.installation.link)
        path, sha256 = self.tarball()
        release = self.installation.unpack(path, sha256, run_command)
        with self.assertRaises(installation.BadTarball):
            self.installation.switch(release)


if __name__ == "__main__":
    unittest.main()
