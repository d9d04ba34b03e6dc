import SystemPackage

/// The program that git runs: it finds Outfit also where a graphical client gives it a bare PATH.
struct HookScript {
  /// `pre-commit`, `pre-push`, ...
  var type: String
  /// Where the script stands.
  var path: FilePath
  /// Outfit's shims.
  var bin: FilePath
  /// The user's own hook, which runs first.
  var previous: FilePath?
  /// The hooks that it would run too, since they stand in the repository's own configuration.
  var skipped: [String] = []

  /// How a script of ours is recognised.
  static let mark = "# outfit-hook: "

  /// The hook types that git runs.
  static let types: Set<String> = [
    "commit-msg", "post-checkout", "post-commit", "post-merge", "post-rewrite", "pre-commit",
    "pre-merge-commit", "pre-push", "pre-rebase", "prepare-commit-msg",
  ]

  /// Of these git names no files.
  static let filelessTypes: Set<String> = [
    "post-checkout", "post-commit", "post-merge", "post-rewrite", "pre-rebase",
  ]

  /// Where the user's own hook is kept.
  static func keep(_ path: FilePath) -> FilePath {
    path.removingLastComponent().appending((path.lastComponent?.string ?? "") + ".outfit-previous")
  }

  var text: String {
    let quote = { (path: FilePath) in "'" + path.string.map { $0 == "'" ? "'\\''" : "\($0)" }.joined() + "'" }
    let readsInput = previous != nil && ["pre-push", "post-rewrite"].contains(type)
    var lines = [
      "#!/bin/sh",
      "\(Self.mark)\(type)",
      "# Written by `outfit up` from `hooks:` in outfit.yaml; changes to this file are lost.",
      // Other hook managers keep the hook that they find and run it too: it must not start itself again.
      "[ \"$OUTFIT_HOOK\" = \(quote(path)) ] && exit 0",
      "OUTFIT_HOOK=\(quote(path))",
      "PATH=\(quote(bin)):\"${PATH:-/usr/bin:/bin}\":\"$HOME/.local/bin\"",
      "export OUTFIT_HOOK PATH",
    ]
    if readsInput { lines.append("input=$(cat)") }
    if let previous {
      let skip = skipped.isEmpty ? "" : "SKIP='\(skipped.joined(separator: ","))'${SKIP:+,$SKIP} "
      // pre-commit runs us as the hook that it found, and may itself be what we found.
      lines.append("if [ -z \"$PRE_COMMIT_RUNNING_LEGACY\" ] && [ -x \(quote(previous)) ]; then")
      lines.append(
        readsInput
          ? "  printf '%s\\n' \"$input\" | \(skip)\(quote(previous)) \"$@\" || exit"
          : "  \(skip)\(quote(previous)) \"$@\" || exit")
      lines.append("fi")
    }
    lines += [
      "if ! command -v outfit >/dev/null 2>&1; then",
      "  echo 'outfit is not on this machine, so the hooks of this repository can not run.' >&2",
      "  echo \"Install it, or take away $0.\" >&2",
      "  exit 1",
      "fi",
    ]
    lines.append(
      readsInput
        ? "printf '%s\\n' \"$input\" | outfit hooks run \(type) \"$@\""
        : "exec outfit hooks run \(type) \"$@\"")
    return lines.joined(separator: "\n") + "\n"
  }
}
