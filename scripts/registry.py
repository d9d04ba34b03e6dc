"""A registry of images on the loopback interface, for tests, and beside it the files of a release host.

    python3 scripts/registry.py FOLDER PORT_FILE

FOLDER/images/NAME/TAG is the manifest that NAME:TAG means; any other image has a manifest made from its name.
FOLDER/files is served as it stands. The port is written to PORT_FILE.
"""

import http.server
import json
import os
import sys

FOLDER, PORT_FILE = sys.argv[1:]
INDEX = "application/vnd.oci.image.index.v1+json"


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments):
        super().__init__(*arguments, directory=os.path.join(FOLDER, "files"))

    def do_GET(self):
        parts = self.path.split("/")
        if parts[1:2] != ["v2"] or "manifests" not in parts:
            return super().do_GET()
        name, tag = "/".join(parts[2:-2]), parts[-1]
        path = os.path.join(FOLDER, "images", name, tag)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                body = file.read()
            kind = json.loads(body).get("mediaType", "application/vnd.oci.image.manifest.v1+json")
        else:
            body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "name": f"{name}:{tag}"}).encode()
            kind = INDEX
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(PORT_FILE + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
