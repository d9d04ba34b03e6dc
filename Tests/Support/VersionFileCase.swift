/// What one version file says, and which interpreter that chooses: the launcher and `outfit` must both read
/// it so.
public struct VersionFileCase: Sendable, CustomStringConvertible {
  /// Its name.
  public var file: String
  public var language: String
  public var text: String
  /// For each wish, `LINE TEXT -> CHOICE`: a version of `offered`, `system`, `none` for a version that is not
  /// offered, or `?` for what is no version.
  public var wishes: [String]

  public init(_ file: String, _ language: String, _ text: String, _ wishes: String...) {
    self.file = file
    self.language = language
    self.text = text
    self.wishes = wishes
  }

  public var description: String { "\(file) \(language) \(String(text.prefix(40)).debugDescription)" }

  /// By language.
  public static let offered = [
    "python": ["3.13.5", "3.12.1", "3.12.10", "3.14.0rc1", "3.13.5t", "3.11.9"],
    "node": ["24.1.0", "25.0.0", "22.9.0", "20.19.0", "21.4.0"],
  ]

  /// The file of the lines that have long-term support. One is made up: what is known is what the file says.
  public static let longTerm = "outfit-lts 1\nkrypton\t24\njod\t22\nnova\t21\niron\t20\nargon\t4\nodd line\n"

  public static let all: [VersionFileCase] = [
    // pyenv: the first word of each line.
    .init(".python-version", "python", "3.12.1\n", "1 3.12.1 -> 3.12.1"),
    .init(".python-version", "python", "3.12", "1 3.12 -> 3.12.10"),
    .init(".python-version", "python", "3\n", "1 3 -> 3.13.5"),
    .init(".python-version", "python", "# ours\r\n\r\n  3.12.1  # why\r\n", "3 3.12.1 -> 3.12.1"),
    .init(".python-version", "python", "3.12.1 3.13\n", "1 3.12.1 -> 3.12.1"),
    .init(
      ".python-version", "python", "3.13\n3.11\n3.9\n", "1 3.13 -> 3.13.5", "2 3.11 -> 3.11.9",
      "3 3.9 -> none"),
    .init(".python-version", "python", "python-3.12.1", "1 python-3.12.1 -> 3.12.1"),
    .init(".python-version", "python", "system\n3.12\n", "1 system -> system", "2 3.12 -> 3.12.10"),
    .init(".python-version", "python", "3.12-dev\n", "1 3.12-dev -> none"),
    .init(".python-version", "python", "3.13t\n", "1 3.13t -> 3.13.5t"),
    .init(".python-version", "python", "3.14.0rc1\n", "1 3.14.0rc1 -> 3.14.0rc1"),
    .init(".python-version", "python", "3.14\n", "1 3.14 -> none"),
    .init(".python-version", "python", "shop\n3.12\n", "1 shop -> ?", "2 3.12 -> 3.12.10"),
    .init(".python-version", "python", "3.12-shop\n", "1 3.12-shop -> ?"),
    .init(".python-version", "python", "3.11.9/envs/shop\n", "1 3.11.9/envs/shop -> ?"),
    .init(".python-version", "python", "pypy3.10-7.3.12\n", "1 pypy3.10-7.3.12 -> ?"),
    .init(".python-version", "python", "\n# nothing\n"),
    // uv: a line is a request.
    .init(".python-version", "python", "cpython@3.12\n", "1 cpython@3.12 -> 3.12.10"),
    .init(".python-version", "python", "cpython-3.12\n", "1 cpython-3.12 -> 3.12.10"),
    .init(".python-version", "python", "cpython3.12\n", "1 cpython3.12 -> 3.12.10"),
    .init(
      ".python-version", "python", "cpython-3.12.1-linux-x86_64-gnu\n",
      "1 cpython-3.12.1-linux-x86_64-gnu -> 3.12.1"),
    .init(".python-version", "python", "cpython\n", "1 cpython -> 3.13.5"),
    .init(".python-version", "python", "cp312\n", "1 cp312 -> 3.12.10"),
    .init(".python-version", "python", "312\n", "1 312 -> 3.12.10"),
    .init(".python-version", "python", "3.13+freethreaded\n", "1 3.13+freethreaded -> 3.13.5t"),
    .init(".python-version", "python", ">=3.11,<3.14\n", "1 >=3.11,<3.14 -> 3.13.5"),
    .init(".python-version", "python", ">= 3.11, < 3.13  # both\n", "1 >=3.11,<3.13 -> 3.12.10"),
    .init(".python-version", "python", "~=3.12.1\n", "1 ~=3.12.1 -> 3.12.10"),
    .init(".python-version", "python", "==3.12.*\n", "1 ==3.12.* -> 3.12.10"),
    .init(".python-version", "python", "===3.12.1\n", "1 ===3.12.1 -> 3.12.1"),
    .init(".python-version", "python", "!=3.13.5\n", "1 !=3.13.5 -> 3.12.10"),
    .init(".python-version", "python", "!=3.13.*\n", "1 !=3.13.* -> 3.12.10"),
    .init(
      ".python-version", "python", ">=3.11,!=3.13.*,!=3.12.10\n", "1 >=3.11,!=3.13.*,!=3.12.10 -> 3.12.1"),
    .init(".python-version", "python", "3.12.x\n", "1 3.12.x -> 3.12.10"),
    .init(".python-version", "python", "pypy@3.10\n", "1 pypy@3.10 -> ?"),
    .init(".python-versions", "python", "3.12.1\n3.13\n", "1 3.12.1 -> 3.12.1", "2 3.13 -> 3.13.5"),
    .init(".python-version", "python", "latest\n", "1 latest -> 3.13.5"),
    // asdf and mise.
    .init(
      ".tool-versions", "python", "nodejs 22.9.0\npython\t3.12.1 3.13 # both\npython 3.11\n",
      "2 3.12.1 -> 3.12.1",
      "2 3.13 -> 3.13.5"),
    .init(".tool-versions", "node", "python 3.12\nnodejs 22.9.0\n", "2 22.9.0 -> 22.9.0"),
    .init(".tool-versions", "node", "node 20\r\n", "1 20 -> 20.19.0"),
    .init(".tool-versions", "node", "nodejs lts\n", "1 lts -> 24.1.0"),
    .init(".tool-versions", "python", "ruby 3.3\npythonic 3.12\npython\n"),
    .init(".tool-versions", "python", "python system\n", "1 system -> system"),
    .init(".tool-versions", "python", "python latest:3.12\n", "1 latest:3.12 -> 3.12.10"),
    .init(".tool-versions", "python", "python prefix:3.12\n", "1 prefix:3.12 -> 3.12.10"),
    .init(
      ".tool-versions", "python", "python ref:main path:/tmp/evil\n", "1 ref:main -> ?",
      "1 path:/tmp/evil -> ?"),
    // Node's own.
    .init(".node-version", "node", "v22.9.0\n", "1 v22.9.0 -> 22.9.0"),
    .init(".node-version", "node", "22\n", "1 22 -> 22.9.0"),
    .init(".node-version", "node", "node-22.9.0\n", "1 node-22.9.0 -> 22.9.0"),
    .init(".nvmrc", "node", "lts/*\n", "1 lts/* -> 24.1.0"),
    .init(".nvmrc", "node", "lts/jod\n", "1 lts/jod -> 22.9.0"),
    .init(".nvmrc", "node", "lts/Iron # the old one\n", "1 lts/Iron -> 20.19.0"),
    .init(".nvmrc", "node", "lts/argon\n", "1 lts/argon -> none"),
    .init(".nvmrc", "node", "lts/-1\n", "1 lts/-1 -> ?"),
    .init(".nvmrc", "node", "lts/nova\n", "1 lts/nova -> 21.4.0"),
    .init(".node-version", "node", "lts-NOVA\n", "1 lts-NOVA -> 21.4.0"),
    .init(".nvmrc", "node", "lts/nosuch\n", "1 lts/nosuch -> none"),
    .init(".nvmrc", "node", "lts/no-such\n", "1 lts/no-such -> ?"),
    .init(".nvmrc", "node", "lts/../jod\n", "1 lts/../jod -> ?"),
    .init(".nvmrc", "node", "lts/\n", "1 lts/ -> ?"),
    .init(".nvmrc", "node", "ltsjod\n", "1 ltsjod -> ?"),
    .init(".nvmrc", "node", "node\n", "1 node -> 25.0.0"),
    .init(".nvmrc", "node", "stable\n", "1 stable -> 25.0.0"),
    .init(".nvmrc", "node", "system\n", "1 system -> system"),
    .init(".nvmrc", "node", "22.x\n", "1 22.x -> 22.9.0"),
    .init(".nvmrc", "node", "22.*\n", "1 22.* -> 22.9.0"),
    .init(".nvmrc", "node", "iojs\n", "1 iojs -> ?"),
    // Nobody's.
    .init(".python-version", "python", "../../../tmp/evil\n", "1 ../../../tmp/evil -> ?"),
    .init(".python-version", "python", "/tmp/evil\n", "1 /tmp/evil -> ?"),
    .init(".python-version", "python", "3.13/../../evil\n", "1 3.13/../../evil -> ?"),
    .init(".python-version", "python", "$(touch evil)\n", "1 $(touch -> ?"),
    .init(".python-version", "python", "3..13\n", "1 3..13 -> ?"),
    .init(".python-version", "python", "3.13.\n", "1 3.13. -> ?"),
    .init(".python-version", "python", "3.13,\n", "1 3.13, -> ?"),
    .init(".python-version", "python", ">=\n", "1 >= -> ?"),
    .init(".python-version", "python", "99999999999999\n", "1 99999999999999 -> ?"),
    .init(".python-version", "python", "1.2.3.4.5.6\n", "1 1.2.3.4.5.6 -> ?"),
    .init(".python-version", "python", "\u{feff}3.13\r\n3.11\r\n", "1 3.13 -> 3.13.5", "2 3.11 -> 3.11.9"),
    .init(".tool-versions", "python", "\u{feff}python 3.13\r\n", "1 3.13 -> 3.13.5"),
    .init(".python-version", "python", "3.13\n\u{feff}3.11\n", "1 3.13 -> 3.13.5", "2 \u{feff}3.11 -> ?"),
    .init(".python-version", "python", "python-\n", "1 python- -> ?"),
    .init(".python-version", "python", "v\n", "1 v -> ?"),
    .init(".python-version", "python", "~=3\n", "1 ~=3 -> ?"),
    .init(".node-version", "node", "../evil\n", "1 ../evil -> ?"),
  ]
}
