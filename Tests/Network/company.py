"""A company's network, for scripts/test-network.sh: nothing else answers in the namespace that it runs in.

    python3 company.py FOLDER

FOLDER has what is served (`pypi`, `python`, `files`, `images`, `npm`, `debian`, `git`), the company's authority (`ca.pem`, `ca.key`), and
`credentials`, a user and a password in each line, as the proxy asks for them. Lines of JSON go to FOLDER/log:

- `proxy`: a request to the proxy, for which host, and whether its credentials were right;
- `direct`: a connection to a server of the company's own, without the proxy;
- `stray`: a connection to anywhere else, or a question to a name server;
- `asked`: each request that a server got, whoever terminated its TLS.

Hosts in FOLDER/down are not reached by the proxy. With FOLDER/public the names of the public servers answer as well: the proxy
terminates TLS for them.
"""

import base64
import hashlib
import html
import http.server
import json
import os
import re
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import urllib.parse

FOLDER = os.path.abspath(sys.argv[1])
PROXY = ("127.0.0.10", 3128)
DIRECT = "127.0.0.11"
INDEX = "application/vnd.oci.image.index.v1+json"
PACKAGES = "application/vnd.pypi.simple.v1+json"
lock = threading.Lock()
contexts = {}


def path(*parts):
    return os.path.join(FOLDER, *parts)


def note(kind, **what):
    with lock, open(path("log"), "a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": kind, **what}) + "\n")


def lines(name):
    if not os.path.exists(path(name)):
        return []
    with open(path(name), encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


def context(host):
    """TLS with a certificate for this host, of the company's authority."""
    with lock:
        if host not in contexts:
            folder = path("certificates")
            os.makedirs(folder, exist_ok=True)
            file = os.path.join(folder, host + ".pem")
            subprocess.run(
                ["openssl", "req", "-x509", "-new", "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-key", path("server.key")]
                + ["-subj", f"/CN={host[:60]}", "-addext", f"subjectAltName=DNS:{host}", "-days", "30", "-out", file]
                + ["-addext", "basicConstraints=critical,CA:FALSE"],
                check=True,
                capture_output=True,
            )
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(file, path("server.key"))
            contexts[host] = made
        return contexts[host]


class Site(http.server.BaseHTTPRequestHandler):
    """All servers, told apart by the name that was asked for."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    host = ""
    scheme = "https"

    def log_message(self, *_):
        pass

    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        note("asked", host=self.host, method=self.command, path=target.path)
        self.answer(self.host, urllib.parse.unquote(target.path), target.query)

    do_HEAD = do_POST = do_GET

    def answer(self, host, place, query):
        name = host.split(":")[0]
        if "git" == name.split(".")[0]:
            return self.git(place, query)
        if name in ("pypi.acme.example", "pypi.org", "files.pythonhosted.org"):
            return self.packages(name, place)
        if name in ("images.acme.example", "registry-1.docker.io", "auth.acme.example", "auth.docker.io"):
            return self.image(name, place)
        if name == "mirror.acme.example" and place.startswith("/outfit/python/"):
            return self.file(path("python"), place[len("/outfit/python/") :])
        if name == "mirror.acme.example" and place.startswith("/debian"):
            return self.file(path("debian"), place[len("/debian") :].lstrip("/"))
        if name == "npm.acme.example":
            return self.npm(place)
        if name == "files.acme.example":
            return self.file(path("files"), place[1:])
        releases = "/astral-sh/python-build-standalone/releases/download/"
        if name == "github.com" and place.startswith(releases):
            address = "https://release-assets.githubusercontent.com/" + self.path[len(releases) :]
            return self.send(302, b"", "text/plain", [("Location", address)])
        if name == "release-assets.githubusercontent.com":
            return self.file(path("python"), place[1:])
        if name == "releases.astral.sh":
            return self.file(path("python"), os.path.basename(place))
        self.send(404, b"there is nothing here\n")

    def send(self, status, body, kind="text/plain", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def file(self, folder, place, kind="application/octet-stream"):
        file = os.path.join(folder, place)
        if ".." in place or not os.path.isfile(file):
            return self.send(404, b"there is no such file\n")
        with open(file, "rb") as opened:
            body = opened.read()
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        tag = ("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        if not asked or not any(asked.groups()):
            return self.send(200, body, kind, [("Accept-Ranges", "bytes"), tag])
        first, last = asked.groups()
        start = int(first) if first else max(0, len(body) - int(last))
        end = min(int(last), len(body) - 1) if first and last else len(body) - 1
        if start >= len(body):
            return self.send(416, b"", kind, [("Content-Range", f"bytes */{len(body)}")])
        place = ("Content-Range", f"bytes {start}-{end}/{len(body)}")
        self.send(206, body[start : end + 1], kind, [place, ("Accept-Ranges", "bytes"), tag])

    def packages(self, name, place):
        files = sorted(os.listdir(path("pypi")))
        if place.startswith("/packages/"):
            return self.file(path("pypi"), place[len("/packages/") :])
        asked = re.fullmatch(r"/simple/([^/]+)/?", place)
        if not asked:
            return self.send(404, b"no such page\n")
        wanted = re.sub(r"[-_.]+", "_", asked[1]).lower()
        found = [file for file in files if file.split("-")[0].lower() == wanted]
        if not found:
            return self.send(404, b"no such project\n")
        base = "https://files.pythonhosted.org" if name == "pypi.org" else f"{self.scheme}://{self.host}"

        def digest(file):
            with open(path("pypi", file), "rb") as opened:
                return hashlib.sha256(opened.read()).hexdigest()

        if PACKAGES in self.headers.get("Accept", ""):
            entries = [
                {
                    "filename": file,
                    "url": f"{base}/packages/{file}",
                    "hashes": {"sha256": digest(file)},
                    "upload-time": "2026-01-01T00:00:00Z",
                }
                for file in found
            ]
            page = {"meta": {"api-version": "1.1"}, "name": asked[1], "files": entries}
            return self.send(200, json.dumps(page).encode(), PACKAGES)
        links = "".join(f'<a href="{base}/packages/{f}#sha256={digest(f)}">{html.escape(f)}</a><br>\n' for f in found)
        self.send(200, f"<!DOCTYPE html><html><body>\n{links}</body></html>".encode(), "text/html")

    def image(self, name, place):
        """A registry that gives a token to anybody, as the public one does."""
        tokens = "auth.docker.io" if name.endswith("docker.io") else "auth.acme.example"
        if name == tokens:
            return self.send(200, json.dumps({"token": "for-anybody"}).encode(), "application/json")
        if self.headers.get("Authorization") != "Bearer for-anybody":
            challenge = f'Bearer realm="https://{tokens}/token",service="registry"'
            return self.send(401, b"{}", "application/json", [("WWW-Authenticate", challenge)])
        parts = place.split("/")
        if "manifests" not in parts:
            return self.send(200, b"{}", "application/json")
        image = f"{'/'.join(parts[2:-2])}:{parts[-1]}"
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "name": image}).encode()
        self.send(200, body, INDEX)

    def npm(self, place):
        if place.endswith(".tgz"):
            return self.file(path("npm"), os.path.basename(place))
        file = path("npm", place.strip("/").replace("/", "%2f") + ".json")
        if not os.path.isfile(file):
            return self.send(404, b"{}", "application/json")
        with open(file, "rb") as opened:
            self.send(200, opened.read(), "application/json")

    def git(self, place, query):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": path("git"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": place,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=variables, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        kind = next((value for name, value in headers if name == "Content-Type"), "text/plain")
        self.send(status, content, kind)


class Proxy(Site):
    """Asks for a password first; what goes through it by TLS it reads."""

    def is_known(self):
        expected = ["Basic " + base64.b64encode(line.encode()).decode() for line in lines("credentials")]
        good = self.headers.get("Proxy-Authorization") in expected
        note("proxy", host=self.path, method=self.command, known=good, client=self.headers.get("User-Agent", ""))
        if not good:
            self.close_connection = True
            self.send(407, b"who are you?\n", "text/plain", [("Proxy-Authenticate", 'Basic realm="acme"')])
        return good

    def is_served(self, name):
        if name not in lines("down") and (name.endswith(".acme.example") or os.path.exists(path("public"))):
            return True
        self.close_connection = True
        self.send(502 if name in lines("down") else 403, b"not from here\n")
        return False

    def do_CONNECT(self):
        name = self.path.rsplit(":", 1)[0]
        if not self.is_known() or not self.is_served(name):
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.close_connection = True
        try:
            self.connection = context(name).wrap_socket(self.connection, server_side=True)
        except OSError as error:
            note("distrust", host=name, why=str(error))
            return
        inner = type("Inner", (Site,), {"host": name})
        inner(self.connection, self.client_address, self.server)

    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        if not self.is_known() or not self.is_served(target.hostname or ""):
            return
        self.scheme, self.host = "http", target.netloc
        note("asked", host=target.netloc, method=self.command, path=target.path)
        self.answer(target.netloc, urllib.parse.unquote(target.path), target.query)

    do_HEAD = do_POST = do_GET


class Outside(socketserver.BaseRequestHandler):
    """Every other address: the company's own server, or nothing that may be asked."""

    def handle(self):
        place = self.request.getsockname()
        if place[0] != DIRECT or place[1] != 443:
            return note("stray", to=f"{place[0]}:{place[1]}")
        names = []
        start = context("git.acme.example")
        start.sni_callback = lambda tls, name, _: names.append(name)
        try:
            connection = start.wrap_socket(self.request, server_side=True)
        except OSError as error:
            return note("distrust", host="git.acme.example", why=str(error))
        host = (names + ["git.acme.example"])[0]
        note("direct", host=host)
        inner = type("Inner", (Site,), {"host": host})
        inner(connection, self.client_address, self.server)


def name_server():
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.53", 53))
    while True:
        question, client = opened.recvfrom(4096)
        labels, at = [], 12
        while at < len(question) and question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode(errors="replace"))
            at += 1 + question[at]
        note("stray", to="name " + ".".join(labels))
        # There is no such name.
        opened.sendto(question[:2] + b"\x81\x83" + question[4:6] + bytes(6) + question[12:], client)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def main():
    servers = [Server(PROXY, Proxy)]
    for port in (22, 53, 80, 443, 3128, 8080, 8443, 9418):
        if port != PROXY[1]:
            servers.append(Server(("", port), Outside))
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=name_server, daemon=True).start()
    note("ready")
    threading.Event().wait()


main()
