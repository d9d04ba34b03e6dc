import OutfitEngine
import SystemPackage

/// `pip` in a project: uv's, bound to the project's own environment and indexes.
///
/// By itself uv looks for an environment and for settings in the folder that it is started in, and runs the Python that
/// it finds there: both may have come with a checkout. So it is told the environment, and whose settings count: the
/// user's, else the machine's.
///
/// Packages that one index alone may serve are left out of what uv resolves from the others, and follow by themselves.
enum ProjectPip {
  private static let script = "pip.py"
  private static let places = "indexes.txt"
  private static let bound = "bound.txt"

  /// - Parameter indexes: those of the project; their passwords are looked for when pip runs.
  static func object(indexes: Indexes, store: FilePath) -> Object {
    var entries = [file(script, text)]
    let lines = indexes.lines
    if !lines.isEmpty { entries.append(file(places, lines)) }
    if !indexes.bound.isEmpty {
      entries.append(file(bound, indexes.bound.keys.sorted().map { $0 + "\n" }.joined()))
    }
    return Object(name: "pip", label: "pip of projects", recipe: .tree(entries), store: store)
  }

  private static func file(_ name: String, _ text: String) -> TreeEntry {
    TreeEntry(name, .file(Array(text.utf8), mode: 0o644))
  }

  /// What stands behind the environment's Python.
  static func arguments(_ object: Object, uv: Object, store: FilePath) -> [String] {
    [
      "-I", Reference.object(object.id, script).resolved(store: store).string,
      Reference.object(uv.id, "bin/uv").resolved(store: store).string,
    ]
  }

  private static let text = #"""
    import os, re, subprocess, sys

    uv, *words = sys.argv[1:]
    here = os.path.dirname(os.path.abspath(__file__))
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    settings = [path for path in (config + "/uv/uv.toml", "/etc/uv/uv.toml") if os.path.isfile(path)]
    command = [uv] + (["--config-file", settings[0]] if settings else ["--no-config"])
    verb = next((place for place, word in enumerate(words) if not word.startswith("-")), None)

    indexes, bound, others = {}, {}, {}
    if os.path.isfile(here + "/indexes.txt"):
        for line in open(here + "/indexes.txt", encoding="utf-8"):
            kind, *rest = line.rstrip("\n").split(" ", 3)
            if kind == "index":
                indexes[rest[0]] = rest[1:]
            elif kind == "bound":
                bound[rest[0]] = rest[1]
            else:
                others[kind] = " ".join(rest)


    def given(name):
        def value(match):
            return os.environ.get(match[1], match[0])

        return name + "=" + re.sub(r"\$\{([A-Z0-9_]+)\}", value, indexes[name][1])


    def environment(only=None):
        """Variables of uv under which the project's indexes answer, or one of them alone."""
        variables = dict(os.environ)
        for name in indexes:
            key = re.sub(r"[^A-Z0-9]", "_", name.upper())
            for part in ("USERNAME", "PASSWORD"):
                for prefix in ("OUTFIT_INDEX_", "POETRY_HTTP_BASIC_"):
                    value = os.environ.get(prefix + key + "_" + part)
                    if value is not None:
                        variables["UV_INDEX_" + key + "_" + part] = value
                        break
        if only:
            for name in ("UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"):
                variables.pop(name, None)
            variables["UV_DEFAULT_INDEX"] = given(only)
            return variables
        primary = [given(name) for name in indexes if indexes[name][0] == "primary"]
        supplemental = [given(name) for name in indexes if indexes[name][0] == "supplemental"]
        if primary:
            for name in ("UV_INDEX_URL", "UV_EXTRA_INDEX_URL"):
                variables.pop(name, None)
            *first, variables["UV_DEFAULT_INDEX"] = primary + supplemental
            variables["UV_INDEX"] = " ".join(first)
        elif supplemental:
            variables["UV_INDEX"] = " ".join(supplemental + [os.environ.get("UV_INDEX", "")]).strip()
        for kind, name in (("links", "UV_FIND_LINKS"), ("trusted", "UV_INSECURE_HOST")):
            if kind in others:
                variables[name] = others[kind]
        if "closed" in others:
            # uv takes --no-index as an option alone.
            variables["UV_DEFAULT_INDEX"] = "file:///nonexistent/outfit-no-index"
            variables["UV_INDEX"] = ""
        return variables


    def normalized(name):
        return re.sub(r"[-_.]+", "-", name).lower()


    def run(arguments, only=None):
        return subprocess.call(command + ["pip", *arguments], env=environment(only))


    def lacking():
        """Requirements of installed packages that do not hold."""
        told = subprocess.run(
            command + ["pip", "check", "--python", sys.prefix], env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return set(re.findall(r"requires `([^`]+)`, but", told.stdout.decode("utf-8", "replace")))


    def name_of(requirement):
        match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[|[<>=!~;@#(,]|$|\s)", requirement)
        return normalized(match[1]) if match else ""


    def named(rest):
        """What of bound packages is asked for in words and in the files that they name."""
        found = []
        last = ""
        for word in rest:
            if last in ("-r", "--requirement", "--requirements"):
                found += in_file(word)
            elif word.startswith("-r") and len(word) > 2:
                found += in_file(word[2:].lstrip("="))
            elif word.startswith("--requirement") and "=" in word:
                found += in_file(word.split("=", 1)[1])
            elif not word.startswith("-") and not (last in valued) and name_of(word) in bound:
                found.append(word)
            last = word
        return found


    def in_file(path):
        found = []
        try:
            lines = open(path, encoding="utf-8-sig").read().replace("\\\n", " ").splitlines()
        except (OSError, ValueError):
            return found
        for line in lines:
            line = re.sub(r"(^|\s)#.*", "", line).strip()
            nested = re.match(r"(?:-r|--requirement)[ =]*(\S+)", line)
            if nested:
                found += in_file(os.path.join(os.path.dirname(path), nested[1]))
            elif name_of(line) in bound:
                found.append(line.split(" --")[0].strip())
        return found


    valued = (
        "-P", "--upgrade-package", "--reinstall-package", "--refresh-package", "--no-binary", "--only-binary",
        "--no-build-package", "--no-binary-package", "--no-build-isolation-package", "-c", "--constraint",
        "--override", "-b", "--build-constraint", "--group", "--extra", "--prerelease", "--resolution", "--link-mode")
    passed = (
        "-U", "--upgrade", "--pre", "-q", "--quiet", "-v", "--verbose", "--reinstall", "--force-reinstall",
        "--dry-run", "--offline", "-n", "--no-cache", "--refresh")


    def install(rest):
        """First what the other indexes serve, with bound packages left out; then those, each from its own."""
        leaving = ["--excludes", here + "/bound.txt"]
        target = ["install", "--python", sys.prefix]
        flags = [word for word in rest if word in passed]
        before = lacking()
        status = run(target + leaving + rest)
        wanted = [] if status else named(rest)
        plain = []
        tried = set()
        for _ in range(20):
            for index in sorted({bound[name_of(one)] for one in wanted}):
                mine = [one for one in wanted if bound[name_of(one)] == index]
                status = status or run(target + flags + ["--no-deps", *mine], index)
            if plain and not status:
                status = run(target + leaving + flags + plain)
            if status or "--no-deps" in rest or "--dry-run" in rest:
                break
            left = lacking() - before - tried
            if not left:
                break
            tried |= left
            wanted = [one for one in left if name_of(one) in bound]
            plain = [one for one in left if name_of(one) not in bound]
        return status


    if verb is not None:
        if bound and words[verb] == "install":
            sys.exit(install(words[:verb] + words[verb + 1:]))
        if bound and words[verb] in ("compile", "sync"):
            sys.exit("pip: indexes of this project are bound to packages, which `" + words[verb]
                     + "` can't heed; `outfit lock` and `outfit up` do")
        hidden = []
        if words[verb] == "list":
            hidden = [part for name in bound for part in ("--exclude", name)] if (
                "-o" in words or "--outdated" in words) else []
        command += ["pip", *words[:verb + 1], "--python", sys.prefix, *hidden, *words[verb + 1:]]
    elif {"-V", "--version"} & set(words):
        command += ["--version"]
    else:
        command += ["pip", *words]
    os.execve(uv, command, environment() if indexes or others else dict(os.environ))

    """#
}
