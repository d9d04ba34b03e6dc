# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's words mean to Outfit, and what Outfit's documents mean to Ansible. Nothing here touches the machine."""

from __future__ import annotations

import os
import re

#: The version of the documents that this reads.
SCHEMA = 1

#: How many abilities a message names; all of them are among the fields.
SHOWN = 4

DONE, FAILED, USAGE, DRIFT, DECISION, INTERRUPTED = 0, 1, 2, 3, 4, 130

COMMITS = re.compile(r"^[0-9a-fA-F]{40}(,[0-9a-fA-F]{40})*$")
GIT_ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:|[^/@\s]+@[^/:\s]+:)")
TRUST_IN_LINE = re.compile(r"--trust[ =]([0-9a-fA-F]{40}(?:,[0-9a-fA-F]{40})*)")


class BadArguments(Exception):
    """Options that can't be meant together, or that mean nothing."""


# --- From options to a command line


def _is_git(profile):
    return GIT_ADDRESS.match(profile) is not None


def address(profile, version=None):
    """The profile as Outfit takes it: a folder, a name of its own, or a git address at a version."""
    if profile.startswith("-"):
        raise BadArguments("profile is %s, which is no folder and no git address" % profile)
    if not version:
        return os.path.expanduser(profile)
    if not _is_git(profile):
        raise BadArguments(
            "version is for git addresses, and %s is none; a folder is taken as it is" % profile
        )
    if "@" in profile.rsplit("/", 1)[-1]:
        raise BadArguments("profile names a version already (%s), so version has nothing to say" % profile)
    if version.startswith("-"):
        raise BadArguments("version is %s, which is no branch, tag or commit" % version)
    return "%s@%s" % (profile, version)


def trust_arguments(trust):
    """Consent: nothing, to a folder as it is now, or to commits."""
    text = "" if trust is None else str(trust).strip()
    if text.lower() in ("", "false", "no", "off"):
        return []
    if text.lower() in ("true", "yes", "on"):
        return ["--trust"]
    if COMMITS.match(text):
        return ["--trust", text]
    raise BadArguments(
        "trust is %s; it takes true, or the commit that you looked at (forty hexadecimal digits; several with commas)"
        % text
    )


def _answer(value):
    # YAML's own truth values, as they are written there.
    return str(value).lower() if isinstance(value, bool) else str(value)


def _conflict_arguments(options):
    policy = options.get("on_conflict")
    return ["--on-conflict", policy] if policy else []


def present(options):
    """The command that has a profile, or a bundle, on a machine."""
    if options.get("bundle"):
        if options.get("version"):
            raise BadArguments("version is for a profile's git address; a bundle is what it is")
        arguments = ["bundle", "apply", options["bundle"]]
    else:
        arguments = ["up", address(options["profile"], options.get("version"))]
    arguments += ["--json", "--yes"]
    arguments += trust_arguments(options.get("trust"))
    for part in options.get("parts") or []:
        arguments += ["--only", part]
    for part in options.get("skip") or []:
        arguments += ["--skip", part]
    for name in options.get("use") or []:
        arguments += ["--use", name]
    for key, value in sorted((options.get("answers") or {}).items()):
        if value is not None:
            arguments += ["--set", "%s=%s" % (key, _answer(value))]
    for flag in ("fetch", "locked", "offline"):
        if options.get(flag):
            arguments.append("--" + flag)
    return arguments + _conflict_arguments(options)


def packages(options):
    """The command that says which system packages are wanted, where they are left to others; nothing otherwise."""
    if not {"packages", "system"}.intersection(options.get("skip") or []):
        return None
    narrow = dict(options, parts=["packages"], skip=[], offline=True)
    return preview(present(narrow))


def absent(options):
    """The command that takes a profile out."""
    if options.get("version"):
        raise BadArguments("state is absent, which takes a profile out in every version")
    name = address(options["profile"])
    return ["leave", name, "--json", "--yes"] + _conflict_arguments(options)


def rolled_back(options):
    """The command that goes back to a generation."""
    generation = options["generation"]
    if generation < 0:
        raise BadArguments("generation is %d; 0 is the time before Outfit" % generation)
    return ["rollback", str(generation), "--machine", "--json"] + _conflict_arguments(options)


COMMANDS = {"present": present, "absent": absent, "rolled_back": rolled_back}


def preview(arguments, with_text=False):
    """The same command, changing nothing."""
    return arguments + ["--dry-run"] + (["--diff"] if with_text else [])


# --- From a document to a result


def _takes(policy):
    return policy in ("take", "backup")


def is_absent(document):
    """What was to be taken out is not here."""
    error = document.get("error") or {}
    return error.get("reason") == "absent"


def is_success(document, policy=None):
    """Whether the machine is what was asked for; files that stay by the user's own wish are as asked."""
    status = document.get("exit")
    if status == DONE:
        return True
    return (
        status == DECISION
        and policy == "keep"
        and not document.get("error")
        and not (document.get("consent") or {}).get("wanted")
        and not any(question.get("needed", True) for question in document.get("questions") or [])
        and not document.get("incomplete")
    )


def _sentence(error):
    """A diagnostic in one sentence, with its place."""
    text = error.get("message") or ""
    place = error.get("file")
    if place:
        numbers = [str(error[key]) for key in ("line", "column") if error.get(key) is not None]
        text = "%s (%s)" % (text, ":".join([place] + numbers))
    return text


def _consent_need(consent):
    line = consent.get("line")
    commits = TRUST_IN_LINE.search(line or "")
    trust = commits.group(1) if commits else "true"
    abilities = [ability.get("text") or "" for ability in consent.get("abilities") or []]
    shown = abilities[:SHOWN] + (["%d more" % (len(abilities) - SHOWN)] if len(abilities) > SHOWN else [])
    return {
        "kind": "consent",
        "message": "consent to what the profile can do: it %s; once you have looked at it, set trust: %s"
        % (", ".join(shown), trust),
        "trust": trust,
        "line": line,
        "abilities": abilities,
    }


def _question_need(question):
    key = question.get("key")
    return {
        "kind": "question",
        "message": "%s (answers: {%s: ...})" % (question.get("prompt"), key),
        "key": key,
        "line": question.get("line"),
    }


def _conflict_need(conflict):
    way = (
        "on_conflict decides it: keep, take or backup"
        if conflict.get("canTake")
        else "move it away, or set on_conflict: keep"
    )
    return {
        "kind": "conflict",
        "message": "%s: %s; %s" % (conflict.get("path"), conflict.get("message") or "it is in the way", way),
        "path": conflict.get("path"),
        "reason": conflict.get("reason"),
        "line": conflict.get("line"),
    }


def needs(document, policy=None):
    """What a person has to give, decide or mend before the machine is what was asked for."""
    found = []
    consent = document.get("consent") or {}
    if consent.get("wanted"):
        found.append(_consent_need(consent))
    for question in document.get("questions") or []:
        # What has a default is asked on a terminal alone.
        if question.get("needed", True):
            found.append(_question_need(question))
    for conflict in document.get("conflicts") or []:
        if policy == "keep" or _takes(policy) and conflict.get("canTake"):
            continue
        found.append(_conflict_need(conflict))
    for error in document.get("incomplete") or []:
        found.append(
            {
                "kind": "incomplete",
                "message": _sentence(error),
                "reason": error.get("reason"),
                "hint": error.get("hint"),
            }
        )
    for waiting in document.get("waiting") or []:
        found.append(
            {
                "kind": "root",
                "message": "%s waits for whoever has root" % waiting.get("label"),
                "line": waiting.get("command"),
                "entry": waiting.get("entry"),
            }
        )
    return found


def wanted_packages(document):
    """Names of system packages that are not there yet, by their package manager."""
    wanted = {}
    for effect in document.get("effects") or []:
        entry = effect.get("entry") or ""
        if entry.startswith("packages.") and effect.get("wanted"):
            wanted.setdefault(entry.split(".")[1], []).extend(effect.get("packages") or [])
    return wanted


def is_written(file, policy=None):
    """Whether a file is other than it was; one in conflict is so where Outfit's side is taken."""
    return file.get("action") != "conflict" or _takes(policy)


def diff(plan, done=None, policy=None):
    """What `--diff` shows: the text of each file, and a line for each thing that is built and each command.

    The text is the plan's. Where something was done, only what was done is shown.
    """
    source = plan if done is None else done
    changed = {file.get("path") for file in source.get("files") or [] if is_written(file, policy if done is None else None)}
    shown = []
    for file in plan.get("files") or []:
        if file.get("path") in changed and file.get("diff"):
            shown.append({"prepared": file["diff"]})
    lines = ["+ %s" % item.get("label") for item in source.get("objects") or []]
    signs = {"add": "+", "remove": "-"}
    for command in source.get("commands") or []:
        lines.append(
            "%s command %s (%s)" % (signs.get(command.get("action"), "~"), command.get("name"), command.get("label"))
        )
    lines += ["! %s" % item.get("label") for item in source.get("effects") or []]
    if lines:
        shown.append({"prepared": "".join(line + "\n" for line in lines)})
    return shown


def _count(number, noun):
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")


def message(document, policy=None, check=False, subject=""):
    """One line for people."""
    required = [need for need in needs(document, policy) if need["kind"] != "root"]
    error = document.get("error")
    if error:
        text = _sentence(error)
        if required:
            return "%s. It needs: %s" % (text, "; ".join(need["message"] for need in required))
        hint = error.get("hint")
        return "%s. %s" % (text, hint.replace("\n", "; ")) if hint else text
    name = document.get("profile") or subject or "the machine"
    files = [file for file in document.get("files") or [] if is_written(file, policy if check else None)]
    counts = [
        _count(len(members), noun)
        for members, noun in (
            (document.get("objects") or [], "object"),
            (files, "file"),
            (document.get("commands") or [], "command"),
        )
        if members
    ]
    counts += [effect.get("label") for effect in document.get("effects") or [] if effect.get("wanted")]
    if not document.get("changed"):
        text = "%s: nothing to do" % name
    elif check:
        text = "%s: would change %s" % (name, ", ".join(counts) or "what is not as it should be")
    else:
        text = "%s: %s" % (name, ", ".join(counts) or "mended")
    generation = document.get("generation")
    if generation is not None and not check:
        text += ", generation %d" % generation
    if required:
        text += ". It needs: %s" % "; ".join(need["message"] for need in required)
    waiting = [need["line"] for need in needs(document, policy) if need["kind"] == "root"]
    if waiting:
        text += ". For whoever has root: %s" % " && ".join(waiting)
    return text


MEMBERS = ("files", "objects", "commands", "conflicts", "effects", "incomplete", "kept", "waiting", "mend")


def result(document, policy=None, check=False, subject=""):
    """What a task registers."""
    found = {member: document.get(member) or [] for member in MEMBERS}
    found.update(
        changed=bool(document.get("changed")),
        profile=document.get("profile"),
        generation=document.get("generation"),
        needs=needs(document, policy),
        status=document.get("exit"),
        reason=(document.get("error") or {}).get("reason"),
        msg=message(document, policy, check, subject),
    )
    # The text stands in `diff`.
    found["files"] = [{key: value for key, value in file.items() if key != "diff"} for file in found["files"]]
    return found
