#!/usr/bin/env python3
"""Packs the Python that runs it as python-build-standalone publishes its own: an `install_only` archive.

    python3 install-only.py FOLDER [--date YYYYMMDD] [--tail install_only_stripped] [--without ssl] [--add TREE]

With `--tail freethreaded-install_only_stripped` it has the names and the settings of a build without the GIL. That it
is not: it stands in for one where only names, places and settings count.

FOLDER becomes a mirror of the release host: the archive below its date, SHA256SUMS beside it, and the index
`python-build-standalone.ndjson`, to which a second run adds. The address of the archive is printed. For tests and
benchmarks, on a machine that can't reach the release host: what is packed is this machine's, and runs here only.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import sys
import sysconfig
import tarfile

SKIPPED = {"__pycache__", "test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "turtledemo"}


def members(stdlib, version, suffix, without, added):
    """Pairs of a name below `python/` and a path or bytes."""
    yield f"bin/python{version}{suffix}", os.path.realpath(sys.executable)
    for folder, folders, names in os.walk(stdlib):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("config-"))
        relative = os.path.relpath(folder, stdlib)
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name == "EXTERNALLY-MANAGED" or not os.path.isfile(path):
                continue
            if any(name.startswith(f"_{module}.") for module in without):
                continue
            inner = os.path.normpath(os.path.join(f"lib/python{version}{suffix}", relative, name))
            if name.startswith("_sysconfigdata_") and name.endswith(".py"):
                yield inner, built_at_install(path, suffix)
            else:
                yield inner, os.path.realpath(path)
    text = f"prefix=/install\nexec_prefix=${{prefix}}\nlibdir=${{exec_prefix}}/lib\nName: Python\nVersion: {version}\n"
    yield f"lib/pkgconfig/python-{version}{suffix}.pc", text.encode()
    for tree in added:
        for folder, folders, names in os.walk(tree):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.islink(path) and os.path.isabs(os.readlink(path)):
                    continue
                yield os.path.relpath(path, tree), path


def built_at_install(path, suffix):
    """The build's own settings, as if it had been built with --prefix=/install by clang."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    prefix = sysconfig.get_config_var("prefix")
    for before in ("'", "=", "-I", "-L"):
        text = text.replace(f"{before}{prefix}", f"{before}/install")
    built = {
        "CC": "clang -pthread",
        "CXX": "clang++ -pthread",
        "AR": "/tools/llvm/bin/llvm-ar",
        "DESTDIRS": "/install /install/lib /install/lib/pkgconfig",
        "PY_CORE_LDFLAGS": "-L/install/lib -Wl,-rpath,/install/lib -Wl,--exclude-libs,ALL",
        "BLDSHARED": "clang -pthread -shared -L/install/lib",
    }
    text += "".join(f"\nbuild_time_vars[{name!r}] = {value!r}" for name, value in built.items()) + "\n"
    if suffix:
        text += f"build_time_vars['Py_GIL_DISABLED'] = 1\nbuild_time_vars['ABIFLAGS'] = '{suffix}'\n"
    return text.encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--date", default="20250723")
    parser.add_argument("--tail", default="install_only_stripped")
    parser.add_argument("--version", default=platform.python_version(), help="that the archive is named by")
    parser.add_argument("--add", action="append", default=[], help="a tree of what else is published, links as they are")
    parser.add_argument("--without", action="append", default=[], help="a module whose extension is left out")
    options = parser.parse_args()
    short = f"{sys.version_info[0]}.{sys.version_info[1]}"
    suffix = "t" if options.tail.startswith("freethreaded") else ""
    triple = {"x86_64": "x86_64", "aarch64": "aarch64"}[platform.machine()] + "-unknown-linux-gnu"
    name = f"cpython-{options.version}+{options.date}-{triple}-{options.tail}.tar.gz"
    target = os.path.join(options.folder, options.date)
    os.makedirs(target, exist_ok=True)
    path = os.path.join(target, name)
    seen = set()
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        for inner, content in members(sysconfig.get_path("stdlib"), short, suffix, options.without, options.add):
            if inner in seen:
                continue
            seen.add(inner)
            info = tarfile.TarInfo(f"python/{inner}")
            info.mtime = 1_753_228_800
            if not isinstance(content, bytes) and os.path.islink(content):
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(content), 0o777
                archive.addfile(info)
                continue
            if isinstance(content, bytes):
                info.mode = 0o644
            else:
                info.mode = 0o755 if os.access(content, os.X_OK) else 0o644
                with open(content, "rb") as file:
                    content = file.read()
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        links = [("bin/python3", f"python{short}{suffix}"), ("bin/python", f"python{short}{suffix}")]
        if suffix:
            # The program looks for its library by the name that it was built with.
            links += [(f"bin/python{short}", f"python{short}t"), (f"lib/python{short}", f"python{short}t")]
        for link, destination in links:
            info = tarfile.TarInfo(f"python/{link}")
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, destination, 0o777
            archive.addfile(info)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    with open(os.path.join(target, "SHA256SUMS"), "a", encoding="utf-8") as sums:
        sums.write(f"{digest}  {name}\n")
    url = "https://github.com/astral-sh/python-build-standalone/releases/download/"
    line = {
        "version": f"{options.version}+{options.date}",
        "date": f"{options.date[:4]}-{options.date[4:6]}-{options.date[6:]}T00:00:00Z",
        "artifacts": [
            {
                "platform": triple,
                "variant": options.tail,
                "url": url + f"{options.date}/{name}".replace("+", "%2B"),
                "archive_format": "tar.gz",
                "sha256": digest,
            }
        ],
    }
    with open(os.path.join(options.folder, "python-build-standalone.ndjson"), "a", encoding="utf-8") as index:
        index.write(json.dumps(line) + "\n")
    print(f"{options.date}/{name} {digest}")


if __name__ == "__main__":
    main()
