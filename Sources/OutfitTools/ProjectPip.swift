import OutfitEngine
import SystemPackage

/// `pip` in a project: uv's, bound to the project's own environment.
///
/// By itself uv looks for an environment and for settings in the folder that it is started in, and runs the Python that
/// it finds there: both may have come with a checkout. So it is told the environment, and whose settings count: the
/// user's, else the machine's.
enum ProjectPip {
  private static let script = "pip.py"

  static func object(store: FilePath) -> Object {
    Object(
      name: "pip", label: "pip of projects",
      recipe: .tree([TreeEntry(script, .file(Array(text.utf8), mode: 0o644))]), store: store)
  }

  /// What stands behind the environment's Python.
  static func arguments(_ object: Object, uv: Object, store: FilePath) -> [String] {
    [
      "-I", Reference.object(object.id, script).resolved(store: store).string,
      Reference.object(uv.id, "bin/uv").resolved(store: store).string,
    ]
  }

  private static let text = #"""
    import os, sys

    uv, *words = sys.argv[1:]
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    settings = [path for path in (config + "/uv/uv.toml", "/etc/uv/uv.toml") if os.path.isfile(path)]
    command = [uv] + (["--config-file", settings[0]] if settings else ["--no-config"])
    verb = next((place for place, word in enumerate(words) if not word.startswith("-")), None)
    if verb is not None:
        command += ["pip", *words[:verb + 1], "--python", sys.prefix, *words[verb + 1:]]
    elif {"-V", "--version"} & set(words):
        command += ["--version"]
    else:
        command += ["pip", *words]
    os.execv(uv, command)

    """#
}
