#!/usr/bin/python
# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: outfit_info
short_description: Read what Outfit has set up for a user
version_added: 0.1.0
description:
  - Reads the document that C(outfit facts) writes. It has the profile, layers with their commits, the lock's digest, the
    generation, tools and interpreters with versions and digests, and how the machine differs from what the profile says.
  - It changes nothing, asks no network, and needs no consent.
extends_documentation_fragment:
  - outfit.outfit.program
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
  platform:
    description: Where Outfit runs.
    platforms: linux, macos
    support: full
  action_group:
    description: Use C(group/outfit.outfit.outfit) in C(module_defaults) to set O(executable) once.
    support: full
    membership: [outfit.outfit.outfit]
seealso:
  - module: outfit.outfit.outfit
"""

EXAMPLES = r"""
- name: Read what the machine has
  outfit.outfit.outfit_info:
  register: outfit

- name: Say which machines differ from their profile
  ansible.builtin.debug:
    msg: "{{ outfit.facts.files | map(attribute='path') | join(', ') }}"
  when: outfit.drift
"""

RETURN = r"""
installed:
  description: Whether there is an Outfit. Where there is none, nothing else is returned.
  returned: always
  type: bool
facts:
  description:
    - The document of C(outfit facts --machine --json), in version 1. Members may be added to it.
    - Its schema is U(https://json-schema.org) C(docs/schemas/facts.schema.json) of Outfit.
  returned: when Outfit is installed
  type: dict
generation:
  description: The generation that the machine has. V(0) is none.
  returned: when Outfit is installed
  type: int
  sample: 8
profile:
  description: The name of the profile that the machine has; none where it has none.
  returned: when Outfit is installed
  type: str
  sample: web-team
drift:
  description: Whether the machine differs from what the profile says.
  returned: when Outfit is installed
  type: bool
needs:
  description: What a person has to give, decide or mend, as M(outfit.outfit.outfit) returns it.
  returned: when Outfit is installed
  type: list
  elements: dict
packages:
  description: System packages that are wanted and not installed, by their package manager.
  returned: when Outfit is installed
  type: dict
  sample: {"apt": ["ripgrep"]}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.outfit.outfit.plugins.module_utils import document as meaning
from ansible_collections.outfit.outfit.plugins.module_utils.program import ARGUMENTS, Program


def main():
    module = AnsibleModule(argument_spec=dict(ARGUMENTS), supports_check_mode=True)
    outfit = Program(module)
    if outfit.path is None:
        if module.params["executable"]:
            outfit.fail_missing()
        module.exit_json(changed=False, installed=False)
    document = outfit.run(["facts", "--machine", "--json"])
    talk = document.pop("talk")
    if document["exit"] != meaning.DONE:
        module.fail_json(msg=meaning.message(document), stderr=talk)
    module.exit_json(
        changed=False,
        installed=True,
        facts=document,
        generation=(document.get("generation") or {}).get("number") or 0,
        profile=(document.get("profile") or {}).get("name"),
        drift=bool(document.get("drift")),
        needs=meaning.needs(document),
        packages=meaning.wanted_packages(document),
    )


if __name__ == "__main__":
    main()
