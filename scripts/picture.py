#!/usr/bin/env python3
"""Makes docs/up.svg: the screen of a real `outfit up`, as tmux shows it.

    scripts/picture.py BUILD       BUILD: the folder of the executables

A profile of four tools is put on a new HOME, at 80 columns; two pictures are taken, one at work and one at the end. It needs tmux,
and what the profile's tools come from.
"""
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

COLUMNS, ROWS = 80, 22
CELL, LINE, SIZE = 8.43, 18, 14
COLOURS = {
    30: "#6e7681", 31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd", 37: "#e6edf3",
    90: "#8b949e", 91: "#ffa198", 92: "#7ee787", 93: "#f2cc60", 94: "#a5d6ff", 95: "#e2c5ff", 96: "#b3f0ff", 97: "#ffffff",
}
MANIFEST = """profile: team
interpreters: {python: {versions: [">=3.10"], system: true}}
tools: {black: latest, ruff: latest, httpie: latest, cookiecutter: latest}
dotfiles:
  .gitconfig: {block: gitconfig, position: top}
  .config/team/aliases.sh: {copy: aliases.sh}
"""


def runs(line):
    """The pieces of a line of `tmux capture-pane -e`, each with its style."""
    colour, bold, dim = None, False, False
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if not piece.startswith("\x1b"):
            if piece:
                yield piece, colour, bold, dim
            continue
        for code in [int(c or 0) for c in piece[2:-1].split(";")]:
            if code == 0:
                colour, bold, dim = None, False, False
            elif code == 1:
                bold = True
            elif code == 2:
                dim = True
            elif code == 22:
                bold = dim = False
            elif code == 39:
                colour = None
            elif code in COLOURS:
                colour = COLOURS[code]


def svg(screens):
    lines = []
    for number, screen in enumerate(screens):
        if number:
            lines.append([])
        lines += [list(runs(line)) for line in screen]
    width, height = COLUMNS * CELL + 32, len(lines) * LINE + 52
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" '
        'role="img" aria-label="A terminal: outfit up at work, and what it says at the end">',
        f'<rect width="100%" height="100%" rx="10" fill="#0d1117"/>',
        '<g fill="#30363d"><circle cx="20" cy="18" r="6"/><circle cx="40" cy="18" r="6"/><circle cx="60" cy="18" r="6"/></g>',
        f'<g font-family="ui-monospace,SFMono-Regular,Menlo,DejaVu Sans Mono,monospace" font-size="{SIZE}" fill="#e6edf3" '
        'xml:space="preserve" style="white-space:pre">',
    ]
    for row, pieces in enumerate(lines):
        column, spans = 0, []
        for text, colour, bold, dim in pieces:
            style = "".join([
                f' fill="{colour}"' if colour else "", ' font-weight="600"' if bold else "",
                ' opacity="0.65"' if dim else "",
            ])
            # Each piece has its place, so that the columns stand whatever font there is.
            for match in re.finditer(r"\S+(?: \S+)*", text):
                spans.append(
                    f'<tspan x="{16 + (column + match.start()) * CELL:.1f}" '
                    f'textLength="{len(match.group()) * CELL:.1f}"{style}>{html.escape(match.group())}</tspan>')
            column += len(text)
        if spans:
            out.append(f'<text y="{48 + row * LINE}">{"".join(spans)}</text>')
    return "\n".join(out + ["</g>", "</svg>", ""])


def main():
    build = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not shutil.which("tmux"):
        sys.exit("picture: there is no tmux: apt-get install tmux")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.makedirs(f"{home}/team")
        for name, text in [
            ("outfit.yaml", MANIFEST), ("gitconfig", "[pull]\n\trebase = true\n"), ("aliases.sh", "alias gs='git status'\n"),
        ]:
            with open(f"{home}/team/{name}", "w") as file:
                file.write(text)
        environment = {
            "HOME": home, "PATH": f"{build}:/usr/local/bin:/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "PS1": "$ ", **{k: v for k, v in os.environ.items() if k.lower().endswith("_proxy") or k.startswith(("SSL_", "PIP_", "UV_"))},
        }
        tmux = ["tmux", "-L", f"picture-{os.getpid()}", "-f", "/dev/null"]

        def run(*words):
            return subprocess.run([*tmux, *words], env=environment, check=True, capture_output=True, text=True).stdout

        def screen():
            lines = run("capture-pane", "-e", "-p", "-t", "0").rstrip("\n").split("\n")
            while lines and not re.sub(r"\x1b\[[0-9;]*m", "", lines[-1]).strip():
                lines.pop()
            return lines

        run("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", home, "/bin/bash --norc --noprofile")
        try:
            time.sleep(0.5)
            run("send-keys", "-t", "0", "clear; outfit up team --trust; echo en''d", "Enter")
            best, last, deadline = [], [], time.time() + 240
            while time.time() < deadline:
                time.sleep(0.1)
                last = screen()
                text = "\n".join(last)
                if re.search(r"^end", text, re.M):
                    break
                if " is up" not in text and " of " in text and len(last) >= len(best):
                    best = last
            else:
                sys.exit("picture: `outfit up` did not end")
            last = [line for line in last if not re.sub(r"\x1b\[[0-9;]*m", "", line).startswith(("end", "$ ", "bash-"))]
            prompt = ["\x1b[32m$\x1b[39m outfit up team --trust"]
            drop = lambda lines: [line for line in lines if "clear;" not in line]
            picture = svg([prompt + drop(best), drop(last)])
        finally:
            subprocess.run([*tmux, "kill-server"], env=environment, capture_output=True)
    picture = picture.replace(html.escape(home), "~")
    with open(os.path.join(root, "docs", "up.svg"), "w") as file:
        file.write(picture)
    print("docs/up.svg")


main()
