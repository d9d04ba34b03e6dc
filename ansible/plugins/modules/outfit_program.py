#!/usr/bin/python
# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: outfit_program
short_description: Install Outfit itself from a tarball
version_added: 0.1.0
description:
  - Unpacks a release of Outfit, looks whether it runs here, and switches to it in one rename. What a profile has set up stays.
  - The role P(outfit.outfit.install#role) brings the tarball from the controller, and is what playbooks use.
  - It needs nothing but Python on the target. There is no network in it, and no root.
attributes:
  check_mode:
    description: Says whether it would install, without the tarball.
    support: full
  diff_mode:
    description: Names the versions before and after.
    support: full
  platform:
    description: Where Outfit runs.
    platforms: linux, macos
    support: full
options:
  sha256:
    description: The tarball's digest, in hexadecimal digits.
    type: str
    required: true
  src:
    description: The tarball, on the target. It is not needed where the release is installed already.
    type: path
  prefix:
    description: Where it goes. The program is C(bin/outfit) below it, a link.
    type: path
    default: ~/.local
author:
  - The Outfit authors (@outfit)
seealso:
  - module: outfit.outfit.outfit
"""

EXAMPLES = r"""
- name: Install Outfit from a tarball that is on the target
  outfit.outfit.outfit_program:
    src: /srv/outfit-0.1.0-linux-amd64.tar.gz
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

RETURN = r"""
executable:
  description: The program, a link to the release.
  returned: always
  type: str
  sample: /home/ada/.local/bin/outfit
version:
  description: The release.
  returned: when it is known
  type: str
  sample: 0.1.0
before:
  description: The release that the link led to when the task began.
  returned: when there was one
  type: str
is_unpacked:
  description: Whether the release was on the machine when the task began.
  returned: always
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.outfit.outfit.plugins.module_utils.installation import BadTarball, Installation


def main():
    module = AnsibleModule(
        argument_spec=dict(
            sha256=dict(type="str", required=True),
            src=dict(type="path"),
            prefix=dict(type="path", default="~/.local"),
        ),
        supports_check_mode=True,
    )
    sha256 = module.params["sha256"].strip().lower()
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        module.fail_json(msg="sha256 takes 64 hexadecimal digits, not %s" % module.params["sha256"])
    installation = Installation(module.params["prefix"])
    release = installation.release(sha256)
    before = installation.current()
    result = dict(
        executable=installation.link,
        is_unpacked=release is not None,
        changed=release is None or before != release,
        before=installation.version(before),
        version=installation.version(release),
    )
    if not module.check_mode and result["changed"]:
        if release is None and not module.params["src"]:
            module.fail_json(msg="this release is not on the machine yet, so src has to name its tarball", **result)
        try:
            if release is None:
                release = installation.unpack(module.params["src"], sha256, module.run_command)
            installation.switch(release)
        except (BadTarball, OSError) as error:
            module.fail_json(msg=str(error), **result)
        result["version"] = installation.version(release)
    if module._diff and result["changed"]:
        result["diff"] = [
            {
                "before_header": installation.link,
                "after_header": installation.link,
                "before": "%s\n" % (result["before"] or "nothing"),
                "after": "%s\n" % (result["version"] or "the release with SHA-256 " + sha256),
            }
        ]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
