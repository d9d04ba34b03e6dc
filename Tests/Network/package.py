"""Makes a registry of npm with one package: `python3 package.py FOLDER ADDRESS`, where ADDRESS is that of the registry."""

import base64
import hashlib
import io
import json
import sys
import tarfile

folder, address = sys.argv[1:]
out = io.BytesIO()
package = {"name": "left", "version": "1.2.3", "bin": {"left": "cli.js"}}
files = {"package.json": json.dumps(package), "cli.js": "#!/usr/bin/env node\nconsole.log('left')\n"}
with tarfile.open(fileobj=out, mode="w:gz") as tar:
    for name, text in files.items():
        member = tarfile.TarInfo("package/" + name)
        member.size, member.mode = len(text), 0o755
        tar.addfile(member, io.BytesIO(text.encode()))
with open(folder + "/left-1.2.3.tgz", "wb") as file:
    file.write(out.getvalue())
dist = {
    "tarball": f"{address}/left/-/left-1.2.3.tgz",
    "integrity": "sha512-" + base64.b64encode(hashlib.sha512(out.getvalue()).digest()).decode(),
}
versions = {"1.2.3": {**package, "dist": dist}}
with open(folder + "/left.json", "w", encoding="utf-8") as file:
    json.dump({"name": "left", "dist-tags": {"latest": "1.2.3"}, "versions": versions}, file)
