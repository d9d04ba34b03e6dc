#!/usr/bin/env python3
"""Prints what a build is made of, as an SPDX 2.3 document (https://spdx.github.io/spdx-spec/v2.3/).

    scripts/sbom.py VERSION TREE [TIME]      TREE: as the tarball has it; TIME: seconds since 1970

Swift packages are as SwiftPM resolved them, libraries as dpkg knows them.
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys


def swift_packages():
    with open(".build/workspace-state.json") as file:
        state = json.load(file)["object"]
    for dependency in sorted(state["dependencies"], key=lambda d: d["packageRef"]["identity"]):
        checkout = dependency["state"].get("checkoutState", {})
        yield {
            "name": dependency["packageRef"]["name"],
            "version": checkout.get("version") or checkout.get("revision", "unknown"),
            "location": dependency["packageRef"]["location"],
            "revision": checkout.get("revision"),
        }


def libraries(tree):
    folder = os.path.join(tree, "lib", "outfit")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        owner = subprocess.run(["dpkg", "-S", f"*/{name}"], capture_output=True, text=True).stdout
        package = owner.split(":")[0].strip() if owner else ""
        version = ""
        if package:
            version = subprocess.run(
                ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True).stdout
        yield {"name": package or name, "file": name, "version": version or "unknown"}


def identifier(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def main():
    version, tree = sys.argv[1], sys.argv[2]
    time = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    packages = [{
        "SPDXID": "SPDXRef-outfit", "name": "outfit", "versionInfo": version, "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
    }]
    for one in swift_packages():
        at = f"git+{one['location']}" + (f"@{one['revision']}" if one["revision"] else "")
        packages.append({
            "SPDXID": identifier("swift", one["name"]), "name": one["name"], "versionInfo": one["version"],
            "downloadLocation": at if "://" in at else "NOASSERTION", "filesAnalyzed": False,
        })
    seen = set()
    for one in libraries(tree):
        if one["name"] in seen:
            continue
        seen.add(one["name"])
        packages.append({
            "SPDXID": identifier("library", one["name"]), "name": one["name"], "versionInfo": one["version"],
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        })
    digest = hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"outfit-{version}",
        "documentNamespace": f"urn:sha256:{digest}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: outfit-sbom"],
        },
        "packages": packages,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-outfit"},
        ] + [
            {"spdxElementId": "SPDXRef-outfit", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": package["SPDXID"]}
            for package in packages[1:]
        ],
    }
    print(json.dumps(document, indent=2, sort_keys=True))


main()
