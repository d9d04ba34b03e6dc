# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import unittest

from ansible_collections.outfit.outfit.plugins.module_utils import document as meaning

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NO_CONSENT = {"wanted": False, "line": None, "abilities": []}
CONFLICT = {"path": "/h/.toolrc", "message": "it was changed", "canTake": True, "reason": "edited", "line": "outfit up"}


def options(**given):
    named = dict.fromkeys(
        ["profile", "version", "bundle", "generation", "trust", "parts", "skip", "use", "on_conflict", "answers"]
    )
    named.update(fetch=False, locked=False, offline=False)
    named.update(given)
    return named


class ArgumentsTests(unittest.TestCase):
    def test_present_says_all_that_was_asked_for(self):
        self.assertEqual(
            meaning.present(
                options(
                    profile="github:acme/profiles//web",
                    version="v3",
                    trust=COMMIT,
                    parts=["tools"],
                    skip=["packages", "scripts"],
                    use=["data"],
                    answers={"email": "a@b.c", "dark": True, "size": 12, "none": None},
                    on_conflict="backup",
                    fetch=True,
                    locked=True,
                )
            ),
            ["up", "github:acme/profiles//web@v3", "--json", "--yes", "--trust", COMMIT, "--only", "tools"]
            + ["--skip", "packages", "--skip", "scripts", "--use", "data", "--set", "dark=true", "--set", "email=a@b.c"]
            + ["--set", "size=12", "--fetch", "--locked", "--on-conflict", "backup"],
        )

    def test_a_folder_of_the_home_is_found(self):
        self.assertEqual(meaning.address("~/team"), os.path.expanduser("~/team"))
        self.assertEqual(meaning.address("starter"), "starter")

    def test_a_bundle_takes_the_place_of_the_profile(self):
        self.assertEqual(
            meaning.present(options(bundle="/srv/b", trust="True")),
            ["bundle", "apply", "/srv/b", "--json", "--yes", "--trust"],
        )
        with self.assertRaises(meaning.BadArguments):
            meaning.present(options(bundle="/srv/b", version="v1"))

    def test_versions_are_for_git_addresses_that_have_none(self):
        for profile in ("github:acme/p", "git+https://h/p.git//s", "https://h/p", "git@h.example:acme/p", "ssh://git@h/acme/p"):
            self.assertEqual(meaning.address(profile, "v3"), profile + "@v3")
        for profile in ("github:acme/p@v2", "/srv/team", "~/team", "team", "git+https://h/p//sub@main"):
            with self.assertRaises(meaning.BadArguments):
                meaning.address(profile, "v3")

    def test_nothing_that_is_given_becomes_an_option_of_the_program(self):
        for wrong in ({"profile": "--trust"}, {"profile": "github:a/b", "version": "--upload-pack=x"}):
            with self.assertRaises(meaning.BadArguments):
                meaning.present(options(**wrong))
        arguments = meaning.present(options(profile="p", answers={"--trust": "x"}))
        self.assertNotIn("--trust", arguments)

    def test_consent_is_nothing_a_folder_or_commits(self):
        for given, arguments in (
            (None, []),
            ("", []),
            ("False", []),
            ("no", []),
            ("True", ["--trust"]),
            ("yes", ["--trust"]),
            (COMMIT, ["--trust", COMMIT]),
            (COMMIT + "," + COMMIT, ["--trust", COMMIT + "," + COMMIT]),
        ):
            self.assertEqual(meaning.trust_arguments(given), arguments, given)
        for wrong in ("v3", COMMIT[:12], COMMIT + ",", "true --set a=b"):
            with self.assertRaises(meaning.BadArguments):
                meaning.trust_arguments(wrong)

    def test_packages_are_asked_for_where_they_are_left_to_others(self):
        self.assertIsNone(meaning.packages(options(profile="p", skip=["scripts"])))
        for part in ("packages", "system"):
            asked = meaning.packages(options(profile="p", skip=[part], parts=["tools"]))
            self.assertEqual(asked, ["up", "p", "--json", "--yes", "--only", "packages", "--offline", "--dry-run"])

    def test_going_back_and_taking_out(self):
        self.assertEqual(
            meaning.rolled_back(options(generation=0, on_conflict="take")),
            ["rollback", "0", "--machine", "--json", "--on-conflict", "take"],
        )
        with self.assertRaises(meaning.BadArguments):
            meaning.rolled_back(options(generation=-1))
        self.assertEqual(meaning.absent(options(profile="team")), ["leave", "team", "--json", "--yes"])
        with self.assertRaises(meaning.BadArguments):
            meaning.absent(options(profile="github:a/b", version="v1"))

    def test_a_preview_changes_nothing(self):
        self.assertEqual(meaning.preview(["up"]), ["up", "--dry-run"])
        self.assertEqual(meaning.preview(["up"], True), ["up", "--dry-run", "--diff"])


class ResultTests(unittest.TestCase):
    def test_what_is_needed_stands_in_words_and_fields(self):
        document = {
            "exit": 4,
            "changed": False,
            "error": {"message": "nobody has consented to what /team can do", "hint": "look at it", "reason": "consent"},
            "consent": {"wanted": True, "line": "outfit up /team --trust", "abilities": [{"text": "writes ~/.x"}]},
            "questions": [
                {"key": "email", "prompt": "Your email?", "line": "outfit up --set email=ANSWER", "needed": True},
                {"key": "use", "prompt": "Which?", "line": "outfit up --use NAME", "needed": False},
            ],
            "conflicts": [CONFLICT],
            "incomplete": [{"message": "no black", "file": "/team/outfit.yaml", "line": 3, "column": 5, "reason": "offline"}],
        }
        result = meaning.result(document)
        self.assertEqual([need["kind"] for need in result["needs"]], ["consent", "question", "conflict", "incomplete"])
        self.assertEqual(result["needs"][0]["trust"], "true")
        self.assertEqual(result["needs"][0]["abilities"], ["writes ~/.x"])
        for words in ("nobody has consented", "it writes ~/.x;", "trust: true", "answers: {email: ...}", "on_conflict", "/team/outfit.yaml:3:5"):
            self.assertIn(words, result["msg"])
        self.assertEqual(result["reason"], "consent")
        self.assertFalse(result["changed"])

    def test_a_git_address_is_trusted_at_its_commit(self):
        consent = {"wanted": True, "line": "outfit up github:a/b --trust " + COMMIT, "abilities": []}
        self.assertEqual(meaning.needs({"consent": consent})[0]["trust"], COMMIT)

    def test_files_that_stay_by_wish_are_no_failure(self):
        document = {"exit": 4, "error": None, "consent": NO_CONSENT, "questions": [], "conflicts": [CONFLICT]}
        self.assertTrue(meaning.is_success(document, "keep"))
        self.assertEqual(meaning.needs(document, "keep"), [])
        for policy in (None, "take", "backup"):
            self.assertFalse(meaning.is_success(document, policy))
        self.assertFalse(meaning.is_success(dict(document, incomplete=[{}]), "keep"))
        self.assertFalse(meaning.is_success(dict(document, questions=[{"key": "a"}]), "keep"))
        self.assertFalse(meaning.is_success(dict(document, consent={"wanted": True}), "keep"))
        self.assertFalse(meaning.is_success(dict(document, error={"reason": "question"}), "keep"))
        self.assertFalse(meaning.is_success(dict(document, exit=1), "keep"))

    def test_what_cant_be_taken_is_told_even_where_taking_is_the_wish(self):
        stuck = dict(CONFLICT, canTake=False)
        self.assertEqual(meaning.needs({"conflicts": [CONFLICT]}, "take"), [])
        self.assertEqual([need["kind"] for need in meaning.needs({"conflicts": [stuck]}, "take")], ["conflict"])

    def test_packages_are_by_their_manager(self):
        effects = [
            {"entry": "packages.apt", "wanted": True, "packages": ["ripgrep", "jq"]},
            {"entry": "packages.dnf", "wanted": False, "packages": ["x"]},
            {"entry": "scripts.fonts", "wanted": True, "packages": []},
        ]
        self.assertEqual(meaning.wanted_packages({"effects": effects}), {"apt": ["ripgrep", "jq"]})

    def test_the_text_is_of_what_changes(self):
        plan = {
            "files": [
                {"path": "/a", "action": "create", "diff": "+a\n"},
                {"path": "/b", "action": "conflict", "diff": "+b\n"},
            ],
            "objects": [{"label": "black 25.1.0"}],
            "commands": [{"name": "black", "action": "add", "label": "black 25.1.0"}],
        }
        texts = [entry["prepared"] for entry in meaning.diff(plan)]
        self.assertEqual(texts, ["+a\n", "+ black 25.1.0\n+ command black (black 25.1.0)\n"])
        self.assertIn("+b\n", [entry["prepared"] for entry in meaning.diff(plan, policy="take")])
        done = {"files": [{"path": "/b", "action": "update"}], "objects": []}
        self.assertEqual(meaning.diff(plan, done, "take"), [{"prepared": "+b\n"}])
        self.assertEqual(meaning.diff(plan, {"files": [{"path": "/b", "action": "conflict"}]}, "take"), [])

    def test_one_line_says_what_was_done(self):
        document = {
            "profile": "web",
            "changed": True,
            "generation": 8,
            "objects": [{}, {}, {}],
            "files": [{"action": "create"}],
            "exit": 0,
            "waiting": [{"label": "apt: jq", "command": "apt-get install jq", "entry": "packages.apt"}],
        }
        said = meaning.result(document)
        self.assertEqual(said["msg"], "web: 3 objects, 1 file, generation 8. For whoever has root: apt-get install jq")
        self.assertEqual(said["needs"][0]["kind"], "root")
        self.assertIn("would change", meaning.message(document, check=True))
        self.assertEqual(meaning.message({"changed": False, "exit": 0}, subject="team"), "team: nothing to do")

    def test_a_failure_without_needs_has_the_hint(self):
        error = {"message": "unknown key `a`", "file": "/t/outfit.yaml", "line": 2, "column": 1, "hint": "did you mean b?"}
        self.assertEqual(
            meaning.message({"error": error, "exit": 2}), "unknown key `a` (/t/outfit.yaml:2:1). did you mean b?"
        )


if __name__ == "__main__":
    unittest.main()
