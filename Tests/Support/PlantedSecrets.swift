/// Secrets as they stand in people's settings, made anew from a number: kinds that say what they are, and kinds that don't.
public struct PlantedSecret: Sendable {
  public var kind: String
  /// The file below HOME that it stands in.
  public var file: String
  /// One line, or several.
  public var text: String
  /// What must be found nowhere.
  public var value: String

  /// Five of each of the twenty-four kinds.
  public static func all(seed: UInt64) -> [PlantedSecret] {
    var made = Maker(random: SplitMix(seed: seed))
    return (0..<5).flatMap { made.round($0) }
  }

  private struct Maker {
    var random: SplitMix

    private static let small = Array("abcdefghijklmnopqrstuvwxyz")
    private static let digits = Array("0123456789")
    private static let capitals = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    private static let hexadecimal = Array("0123456789abcdef")

    mutating func text(_ count: Int, _ letters: [Character]) -> String {
      String((0..<count).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
    }

    mutating func mixed(_ count: Int) -> String { text(count, Self.small + Self.capitals + Self.digits) }

    /// As people make them up: a word and a number.
    mutating func password() -> String {
      let words = ["sunshine", "correcthorse", "letmein", "dragon", "Tr0ub4dor"]
      return words[Int(random.next() % UInt64(words.count))] + text(4, Self.digits) + "!"
    }

    mutating func round(_ number: Int) -> [PlantedSecret] {
      let shells = [".bashrc", ".zshrc", ".profile", ".bash_aliases", ".config/zsh/tokens.zsh"]
      let shell = shells[number]
      let other = [
        ".config/fish/config.fish", ".tmux.conf", ".vimrc", ".gitconfig", ".config/kitty/kitty.conf",
      ][number]
      var made: [PlantedSecret] = []
      func add(_ kind: String, _ file: String, _ text: String, _ value: String) {
        made.append(PlantedSecret(kind: kind, file: file, text: text, value: value))
      }
      let aws = "AKIA" + text(16, Self.capitals + Self.digits)
      add("AWS key", shell, "export AWS_ACCESS_KEY_ID=\(aws)", aws)
      let awsSecret = mixed(40)
      add("AWS secret", shell, "export AWS_SECRET_ACCESS_KEY='\(awsSecret)'", awsSecret)
      let github = ["ghp_", "gho_", "ghs_", "github_pat_", "ghu_"][number] + mixed(36)
      add("GitHub", other, comment(other, "github \(github)"), github)
      let gitlab = "glpat-" + mixed(20)
      add("GitLab", shell, "alias gl='curl -H \"PRIVATE-TOKEN: \(gitlab)\" https://gitlab.example'", gitlab)
      let slack = "xoxb-" + text(11, Self.digits) + "-" + mixed(24)
      add("Slack", shell, "SLACK=\(slack) # for the bot", slack)
      let npm = "npm_" + mixed(36)
      add("npm", ".npmrc", "//registry.npmjs.org/:_authToken=\(npm)", npm)
      let pypi = "pypi-AgEI" + mixed(60)
      add(
        "PyPI", [".pypirc", shell, shell, ".config/pip/pip.conf", shell][number], "export TWINE=\(pypi)", pypi
      )
      let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi" + mixed(20) + "." + mixed(43)
      add("JWT", other, comment(other, "use \(jwt)"), jwt)
      let inAddress = password()
      add("address", shell, "alias db='psql postgres://ann:\(inAddress)@db.example/shop'", inAddress)
      let netrc = password()
      add(
        "netrc", [".netrc", ".curlrc", ".netrc", ".wgetrc", ".netrc"][number],
        "machine x.example login a password \(netrc)", netrc)
      let pgpass = password()
      add(
        "pgpass", [".pgpass", ".psqlrc", ".pgpass", ".psqlrc", ".pgpass"][number],
        "db.example:5432:shop:ann:\(pgpass)", pgpass)
      let kube = mixed(32)
      add(
        "kube",
        [".kube/config", ".config/lf/a.yaml", ".config/lf/b.yml", ".kube/config", ".config/lf/c.yaml"][
          number], "users:\n- user:\n    token: \(kube)", kube)
      let docker = mixed(28) + "=="
      add(
        "docker",
        [
          ".docker/config.json", ".config/bat/a.json", ".config/bat/b.json", ".config/bat/c.json",
          ".config/bat/d.json",
        ][number], "{\"auths\": {\"r.example\": {\"auth\": \"\(docker)\"}}}", docker)
      let plain = password()
      let assignments = [
        "password=\(plain)", "export DB_PASSWORD=\"\(plain)\"", "typeset -x passphrase='\(plain)'",
        "MY_API_TOKEN=\(plain)", "export clientSecret=\(plain)",
      ]
      add("assignment", shell, assignments[number], plain)
      let entropy = [
        mixed(32), text(40, Self.hexadecimal), mixed(24) + "+/", text(64, Self.hexadecimal), mixed(48),
      ][number]
      add("entropy", other, comment(other, entropy), entropy)
      let age = "AGE-SECRET-KEY-1" + text(58, Self.capitals + Self.digits)
      add(
        "age",
        [
          ".config/ripgrep/a", ".config/git/b", ".config/vim/c.vim", ".config/zsh/d.zsh",
          ".config/tmux/e.conf",
        ][number], age, age)
      let pem = mixed(64)
      let kinds = [
        "OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "EC PRIVATE KEY", "PRIVATE KEY",
      ]
      add(
        "PEM",
        [
          ".ssh/id_ed25519", ".config/git/key", ".gnupg/secring.asc", ".config/alacritty/k.toml", ".screenrc",
        ][number], "-----BEGIN \(kinds[number])-----\n\(pem)\n-----END \(kinds[number])-----", pem)
      let google = mixed(40)
      add(
        "GCP",
        [
          ".config/gcloud/x.json", ".config/bat/gcp.json", ".config/wezterm/gcp.json",
          ".config/rofi/gcp.json", ".config/zed/settings.json",
        ][number],
        "{\"type\": \"service_account\", \"private_key_id\": \"\(google)\", \"client_email\": \"x@y.iam.gserviceaccount.com\"}",
        google)
      let azure = mixed(86) + "=="
      add(
        "Azure", shell, "export AZ='DefaultEndpointsProtocol=https;AccountName=x;AccountKey=\(azure)'", azure)
      let stripe = ["sk_live_", "rk_live_", "whsec_", "sk_test_", "sk_live_"][number] + mixed(24)
      add("Stripe", other, comment(other, stripe), stripe)
      let basic = mixed(20) + "="
      add("header", shell, "alias api='curl -H \"Authorization: Basic \(basic)\" https://api.example'", basic)
      let cookie = text(10, Self.hexadecimal)
      add("cookie", shell, "alias c='curl --cookie \"sid=\(cookie)\" https://a.example'", cookie)
      let option = password()
      let options = [
        "alias m='mysql -uroot -p\(option)'", "alias u='curl -u ann:\(option) https://a.example'",
        "alias s='sshpass -p \(option) ssh a.example'",
        "alias l='docker login -u ann -p \(option) r.example'",
        "alias t='tool --token \(option)'",
      ]
      add("option", shell, options[number], option)
      let hook = "T" + text(8, Self.capitals) + "/B" + text(8, Self.capitals) + "/" + mixed(24)
      add("webhook", shell, "HOOK=https://hooks.slack.com/services/\(hook)", hook)
      return made
    }

    /// A comment, in the language of a file.
    private func comment(_ file: String, _ text: String) -> String {
      (file == ".vimrc" ? "\" " : "# ") + text
    }
  }
}
