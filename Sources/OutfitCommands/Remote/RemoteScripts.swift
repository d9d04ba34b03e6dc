/// What runs on other machines: sh, uname, mktemp and tar are all that they need. There is no single quote in it, which
/// would end a word of the login shell there.
enum RemoteScripts {
  /// Finds Outfit where it is installed for a user, as `$outfit`; empty where there is none.
  private static let find = """
    outfit=; for place in "$HOME/.local/bin/outfit" "${OUTFIT_HOME:-/nonexistent}/data/bin/outfit" \
    "${XDG_DATA_HOME:-$HOME/.local/share}/outfit/bin/outfit" "$(command -v outfit 2>/dev/null)"; do
      if [ -x "$place" ]; then outfit=$place; break; fi
    done

    """

  /// Says what machine it is, and of the list of a bundle, which is its input, what it lacks: `system`, `machine`, `libc`,
  /// `outfit`, and then a digest a line.
  static let look =
    find + """
      echo "system $(uname -s)"; echo "machine $(uname -m)"
      if [ -e /lib64/ld-linux-x86-64.so.2 ] || [ -e /lib/ld-linux-aarch64.so.1 ]; then echo "libc gnu"; fi
      for need in tar mktemp; do command -v "$need" >/dev/null || echo "lacks $need"; done
      echo "home $HOME"
      if [ -n "$outfit" ] && "$outfit" bundle missing - 2>/dev/null; then echo "outfit $outfit"; else cat >/dev/null; fi
      """

  /// Unpacks what comes and sets the machine up from it; the words are those of `outfit bundle apply`.
  static let apply = """
    umask 077; folder=$(mktemp -d) || exit 1
    trap "rm -rf \\"$folder\\"" EXIT; trap "exit 129" HUP TERM
    tar -xf - -C "$folder" || exit 1
    sh "$folder/apply" "$@"
    """

  /// Runs Outfit there with the words.
  static let outfit =
    find + """
      if [ -z "$outfit" ]; then echo "outfit-is-not-there" >&2; exit 127; fi
      "$outfit" "$@"
      """
}
