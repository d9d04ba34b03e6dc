import OutfitEngine
import SystemPackage

/// Packages that a user put into a project's environment by hand: they come along when the environment is made anew.
public enum HandAdded {
  /// The file in an environment that lists the packages that its pins brought, by normalized name (PEP 503).
  public static let pins = "outfit-pins.txt"
  /// The file in an environment that lists what came along: a `+` or a `-`, a blank, name and version.
  public static let kept = "outfit-kept.txt"

  /// The step that ends the making of an environment. It copies, from the one that stands at `place`, the files of
  /// every package that neither environment's pins know; between two minor versions of Python it only lists them.
  static func step(_ interpreter: Reference, place: FilePath) -> Step {
    Step(
      interpreter, ["-I", "-S", .scratch(script), .output("")],
      surroundings: ["OUTFIT_VENV": .text(place.string)], standIn: "keep")
  }

  static let script = "keep.py"

  /// Every failure of it leaves the new environment with its pins alone, which is what was asked for first.
  static let text = #"""
    import base64, csv, hashlib, os, re, shutil, sys

    new = sys.argv[1]
    old = os.path.realpath(os.environ["OUTFIT_VENV"])


    def packages(root):
        found = {}
        lib = os.path.join(root, "lib")
        for version in sorted(os.listdir(lib) if os.path.isdir(lib) else []):
            site = os.path.join(lib, version, "site-packages")
            for name in sorted(os.listdir(site) if os.path.isdir(site) else []):
                match = re.fullmatch(r"(.+)-([^-]+)\.dist-info", name)
                if match and os.path.isfile(os.path.join(site, name, "RECORD")):
                    key = re.sub(r"[-_.]+", "-", match[1]).lower()
                    found[key] = (site, name, match[1] + " " + match[2])
        return found


    def keep(site, info, target):
        rows = []
        for row in csv.reader(open(os.path.join(site, info, "RECORD"), newline="", encoding="utf-8")):
            if not row or row[0].endswith(".pyc"):
                continue
            source = os.path.normpath(os.path.join(site, row[0]))
            copy = os.path.normpath(os.path.join(target, row[0]))
            inside = source.startswith(old + os.sep) and copy.startswith(new + os.sep)
            if not inside or not os.path.isfile(source) or row[0].startswith(os.sep):
                continue
            if os.path.exists(copy):
                raise OSError(copy + " belongs to another package")
            rows.append((row[0], source, copy))
        lines = []
        for name, source, copy in rows:
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copy2(source, copy)
            os.chmod(copy, os.stat(copy).st_mode | 0o200)
            if name == info + "/RECORD":
                lines.append([name, "", ""])
                continue
            data = open(copy, "rb").read()
            first, _, rest = data.partition(b"\n")
            for root in {old, os.environ["OUTFIT_VENV"]}:
                if first.startswith(b"#!") and os.fsencode(root) + b"/bin/" in first:
                    first = first.replace(os.fsencode(root) + b"/bin/", os.fsencode(new) + b"/bin/")
                    data = first + b"\n" + rest
                    open(copy, "wb").write(data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append([name, "sha256=" + digest, str(len(data))])
        with open(os.path.join(target, info, "RECORD"), "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)


    pinned = packages(new)
    kept = []
    try:
        with open(os.path.join(old, "outfit-pins.txt"), encoding="utf-8") as file:
            before = set(file.read().split())
        sites = {site for site, _, _ in pinned.values()}
        for version in sorted(os.listdir(os.path.join(new, "lib"))):
            sites.add(os.path.join(new, "lib", version, "site-packages"))
        for key, (site, info, label) in sorted(packages(old).items()) if old != new else []:
            if key in before or key in pinned:
                continue
            target = os.path.join(new, os.path.relpath(site, old))
            try:
                if target not in sites:
                    raise OSError("another Python")
                keep(site, info, target)
                kept.append("+ " + label)
            except (OSError, ValueError, csv.Error):
                shutil.rmtree(os.path.join(target, info), ignore_errors=True)
                kept.append("- " + label)
    except OSError:
        pass
    for name, lines in (("outfit-pins.txt", sorted(pinned)), ("outfit-kept.txt", kept)):
        with open(os.path.join(new, name), "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    """#
}
