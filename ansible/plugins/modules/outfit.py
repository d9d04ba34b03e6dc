#!/usr/bin/python
# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: outfit
short_description: Have a profile of Outfit on a machine, take it out, or go back
version_added: 0.1.0
description:
  - Makes the machine of one user what a profile says, with its interpreters, tools, dotfiles and scripts, in one transaction.
  - Acts on the user that the task runs as, and needs no root. For other users of a machine, use C(become_user).
  - A task that was killed is undone or finished by the next one.
extends_documentation_fragment:
  - outfit.outfit.program
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Has the text of each file that changes, and a line for each thing that is built. Of a secret it says that it is one.
    support: full
  platform:
    description: Where Outfit runs.
    platforms: linux, macos
    support: full
  action_group:
    description: Use C(group/outfit.outfit.outfit) in C(module_defaults) to set O(executable) once.
    support: full
    membership: [outfit.outfit.outfit]
options:
  profile:
    description:
      - An absolute folder on the target, a git address (C(github:OWNER/REPO//FOLDER), C(git+https://...)), or a profile that
        comes with Outfit.
      - With O(state=absent), the profile's name is enough.
    type: str
  version:
    description: The branch, tag or commit of a git address, which has none itself then.
    type: str
  bundle:
    description: A bundle on the target, one file with a profile and all that it needs, for machines without a network.
    type: path
  state:
    description:
      - With V(present), the machine has the profile. Another profile that it has goes.
      - With V(absent), all that came from the profile goes, and what it replaced comes back. What the user edited since
        stays, and so does the user's own layer.
      - With V(rolled_back), the machine has what it had at O(generation), byte for byte.
    type: str
    choices: [present, absent, rolled_back]
    default: present
  generation:
    description:
      - What O(state=rolled_back) goes back to. V(0) is the time before Outfit.
      - The result of an earlier task has it as RV(generation_before).
    type: int
  trust:
    description:
      - Consent to what the profile can do.
      - V(true) consents to a folder, or to a bundle, as it is now. A git address takes the commit that you looked at
        (forty hexadecimal digits; several with commas).
      - Without it nothing is built, written or run, and the task fails with the abilities in RV(needs).
    type: str
  parts:
    description: Only these parts of the profile; what is not meant stays as it is.
    type: list
    elements: str
    choices: &parts
      - interpreters
      - tools
      - virtualenv
      - node_modules
      - hooks
      - shell
      - dotfiles
      - packages
      - scripts
      - system
  skip:
    description:
      - All but these parts.
      - With V(packages), system packages are left to Ansible's own modules, and RV(packages) has the names that are wanted.
    type: list
    elements: str
    choices: *parts
  use:
    description: Pieces (C(bundles)) that the profile offers and that are wanted, now and later.
    type: list
    elements: str
  on_conflict:
    description:
      - What happens to files that the user changed. V(keep) leaves them, V(take) overwrites them, V(backup) does so beside
        a copy. All of them can be rolled back.
      - Without it, everything else is done, those files stay, and the task fails with the conflicts in RV(needs).
    type: str
    choices: [keep, take, backup]
  answers:
    description: Answers to what the profile asks, by their keys. They are kept on the machine.
    type: dict
  fetch:
    description: Let git fetch what the profile's C(extends) names, addresses that nobody typed.
    type: bool
    default: false
  locked:
    description: Take the profile's outfit.lock as it is, and fail where it does not cover the profile.
    type: bool
    default: false
  offline:
    description: Use what is on the machine, and never ask the network.
    type: bool
    default: false
seealso:
  - module: outfit.outfit.outfit_info
"""

EXAMPLES = r"""
- name: Have the team's profile, at a commit that was looked at
  outfit.outfit.outfit:
    profile: github:acme/profiles//web
    version: v3
    trust: 0123456789abcdef0123456789abcdef01234567
    answers:
      email: "{{ user_email }}"

- name: Have it, with system packages by Ansible
  outfit.outfit.outfit:
    profile: github:acme/profiles//web
    trust: 0123456789abcdef0123456789abcdef01234567
    skip: [packages]
  register: outfit

- name: Install what it wants
  ansible.builtin.apt:
    name: "{{ outfit.packages.apt }}"
  become: true
  when: outfit.packages.apt is defined

- name: Have it on a machine without a network
  outfit.outfit.outfit:
    bundle: /srv/web-team.outfit
    trust: true

- name: Have it, or what was there before
  block:
    - name: Have the new version
      outfit.outfit.outfit:
        profile: github:acme/profiles//web
        version: v4
        trust: 89abcdef0123456789abcdef0123456789abcdef
      register: outfit
    - name: Look whether it works
      ansible.builtin.command: outfit exec -- black --version
      changed_when: false
  rescue:
    - name: Go back
      outfit.outfit.outfit:
        state: rolled_back
        generation: "{{ outfit.generation_before }}"

- name: Take it out
  outfit.outfit.outfit:
    profile: web-team
    state: absent
"""

RETURN = r"""
profile:
  description: The name of the profile that the machine has now, or would have.
  returned: when there is one
  type: str
  sample: web-team
generation:
  description: The generation that the machine has now. V(0) is the time before Outfit.
  returned: always
  type: int
  sample: 8
generation_before:
  description: The generation that it had when the task began, for O(state=rolled_back).
  returned: always
  type: int
  sample: 7
needs:
  description: What a person has to give, decide or mend. Each is also in RV(msg), in words.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: V(consent), V(question), V(conflict), V(incomplete), or V(root) for what waits for whoever has root.
      type: str
    message:
      description: What it is, and which option gives it.
      type: str
    trust:
      description: Of V(consent), the value of O(trust) that gives it.
      type: str
    abilities:
      description: Of V(consent), what the profile can do and could not do before.
      type: list
      elements: str
    key:
      description: Of V(question), its key in O(answers).
      type: str
    path:
      description: Of V(conflict), the file.
      type: str
    line:
      description: The command that gives it on the machine itself.
      type: str
packages:
  description: System packages that are wanted and not installed, by their package manager.
  returned: always
  type: dict
  sample: {"apt": ["ripgrep"]}
files:
  description: The files that changed, or would, each with its path, its action, its states, and the line of the layer that has it.
  returned: always
  type: list
  elements: dict
objects:
  description: What was built, or would be.
  returned: always
  type: list
  elements: dict
commands:
  description: The commands that came, went or changed.
  returned: always
  type: list
  elements: dict
conflicts:
  description: Files that the user changed, and that the profile has otherwise.
  returned: always
  type: list
  elements: dict
kept:
  description: The paths of files that stayed as the user has them.
  returned: always
  type: list
  elements: str
effects:
  description: Scripts and system packages that ran, or would.
  returned: always
  type: list
  elements: dict
incomplete:
  description: What could not be had, with the reason of each.
  returned: always
  type: list
  elements: dict
waiting:
  description: What waits for whoever has root, with the command of each.
  returned: always
  type: list
  elements: dict
mend:
  description: Files of Outfit's own that were made again.
  returned: always
  type: list
  elements: str
status:
  description: Outfit's exit status.
  returned: always
  type: int
reason:
  description: One word for why there is no result.
  returned: on failure
  type: str
  sample: consent
msg:
  description: One line for people.
  returned: always
  type: str
  sample: "web-team: 3 objects, 12 files, generation 8"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.outfit.outfit.plugins.module_utils import document as meaning
from ansible_collections.outfit.outfit.plugins.module_utils.program import ARGUMENTS, Program

PARTS = [
    "interpreters",
    "tools",
    "virtualenv",
    "node_modules",
    "hooks",
    "shell",
    "dotfiles",
    "packages",
    "scripts",
    "system",
]


def generation(outfit):
    """The generation that the machine has; 0 is none."""
    known = outfit.run(["generations", "--machine", "--json"]).get("generations") or []
    return known[-1]["number"] if known else 0


def with_needs(outfit, document, arguments):
    """A failure for want of a person, with all that is wanted of one."""
    if document.get("exit") != meaning.DECISION or document.get("kind") != "error":
        return document
    plan = outfit.run(meaning.preview(arguments))
    return dict(plan, error=document["error"], changed=False, files=[], objects=[], commands=[], effects=[], exit=document["exit"])


def fail_on_usage(module, outfit, document):
    """Ends the task where this Outfit has no such verb."""
    if document.get("exit") == meaning.USAGE and module.params["bundle"] and not outfit.has("bundle"):
        module.fail_json(
            msg="%s (%s) has no bundles; install a newer one with the role outfit.outfit.install"
            % (outfit.path, outfit.version())
        )


def run(module):
    options = module.params
    state, policy = options["state"], options["on_conflict"]
    try:
        arguments = meaning.COMMANDS[state](options)
        asking = meaning.packages(options) if state == "present" else None
    except meaning.BadArguments as error:
        module.fail_json(msg=str(error))
    outfit = Program(module)
    before = generation(outfit)
    plan = None
    if module.check_mode or module._diff:
        plan = outfit.run(meaning.preview(arguments, with_text=module._diff))
    done = plan if module.check_mode else outfit.run(arguments)
    fail_on_usage(module, outfit, done)
    if state == "absent" and meaning.is_absent(done):
        done = {"exit": meaning.DONE, "changed": False}
    subject = options["profile"] or options["bundle"] or ""
    shown = with_needs(outfit, done, arguments)
    result = meaning.result(shown, policy, module.check_mode, "" if state == "rolled_back" else subject)
    result["generation_before"] = before
    result["packages"] = meaning.wanted_packages(outfit.run(asking) if asking else shown)
    if result["generation"] is None:
        result["generation"] = before if module.check_mode else generation(outfit)
    if module._diff and result["changed"]:
        result["diff"] = meaning.diff(plan, None if module.check_mode else done, policy)
    if meaning.is_success(shown, policy):
        module.exit_json(**result)
    module.fail_json(**result)


def main():
    run(
        AnsibleModule(
            argument_spec=dict(
                profile=dict(type="str"),
                version=dict(type="str"),
                bundle=dict(type="path"),
                state=dict(type="str", choices=["present", "absent", "rolled_back"], default="present"),
                generation=dict(type="int"),
                trust=dict(type="str"),
                parts=dict(type="list", elements="str", choices=PARTS),
                skip=dict(type="list", elements="str", choices=PARTS),
                use=dict(type="list", elements="str"),
                on_conflict=dict(type="str", choices=["keep", "take", "backup"]),
                answers=dict(type="dict"),
                fetch=dict(type="bool", default=False),
                locked=dict(type="bool", default=False),
                offline=dict(type="bool", default=False),
                **ARGUMENTS,
            ),
            mutually_exclusive=[("profile", "bundle")],
            required_if=[
                ("state", "present", ("profile", "bundle"), True),
                ("state", "absent", ("profile",)),
                ("state", "rolled_back", ("generation",)),
            ],
            supports_check_mode=True,
        )
    )


if __name__ == "__main__":
    main()
