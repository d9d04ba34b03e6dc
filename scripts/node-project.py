"""Makes a Node project with one package of its own and one for developers, and the registry's files for both.

    python3 scripts/node-project.py PROJECT FILES ADDRESS

The packages are `left` and `right`; their tarballs go below FILES, which is served at ADDRESS, and package-lock.json
names them there with their digests, as npm writes it. They are other bytes each time (a gzip file has its time in it):
a builder whose cache takes them for the last ones is found out.
"""

import base64
import hashlib
import io
import json
import os
import sys
import tarfile

project, files, address = sys.argv[1:]


def publish(name):
    """The entry of package-lock.json for a package that is put below FILES."""
    content = {
        "package.json": json.dumps({"name": name, "version": "1.2.3", "main": "index.js", "bin": {name: "cli.js"}}),
        "index.js": f"module.exports = {json.dumps(name)};\n",
        "cli.js": "#!/usr/bin/env node\nconsole.log(require('.'));\n",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, text in content.items():
            entry = tarfile.TarInfo("package/" + path)
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    path = f"npm/{name}/-/{name}-1.2.3.tgz"
    os.makedirs(os.path.dirname(os.path.join(files, path)), exist_ok=True)
    with open(os.path.join(files, path), "wb") as file:
        file.write(out.getvalue())
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(out.getvalue()).digest()).decode()
    return {"version": "1.2.3", "resolved": f"{address}/{path}", "integrity": integrity, "bin": {name: "cli.js"}}


package = {
    "name": "front",
    "version": "1.0.0",
    "dependencies": {"left": "1.2.3"},
    "devDependencies": {"right": "1.2.3"},
}
lock = {
    "name": "front",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": package,
        "node_modules/left": publish("left"),
        "node_modules/right": {**publish("right"), "dev": True},
    },
}
texts = {
    "package.json": json.dumps(package, indent=2),
    "package-lock.json": json.dumps(lock, indent=2),
    "server.js": "require('http').createServer((_, answer) => answer.end(require('left'))).listen(process.env.PORT);\n",
    "queue.js": "setInterval(() => {}, 1000);\n",
    "test.js": "require('assert').equal(require('left'), 'left');\n",
}
os.makedirs(project, exist_ok=True)
for name, text in texts.items():
    with open(os.path.join(project, name), "w") as file:
        file.write(text if text.endswith("\n") else text + "\n")
