# Copyright: the Outfit authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  executable:
    description:
      - Outfit's program on the target.
      - By default the C(outfit) of E(PATH), or of C(~/.local/bin), C(~/.local/share/outfit/bin), C(/opt/outfit/bin) or
        C(/usr/local/bin).
    type: path
requirements:
  - Outfit on the target, which the role P(outfit.outfit.install#role) brings from the controller.
author:
  - The Outfit authors (@outfit)
"""
