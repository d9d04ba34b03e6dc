/// Files that are credentials, or are full of them, by their names: they are never read for a profile, whoever asks.
public enum CredentialPlaces {
  /// Folders of HOME, and what is below them.
  private static let folders: [String] = [
    ".ssh", ".gnupg", ".gpg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".pki", ".secrets",
    ".config/gcloud", ".config/gh", ".config/hub", ".config/glab-cli", ".config/op", ".config/sops",
    ".config/age", ".config/rclone", ".config/doctl", ".config/flyctl", ".config/heroku", ".config/stripe",
    ".config/configstore", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware",
    ".config/keybase", ".config/filezilla", ".config/containers", ".config/helm", ".config/pulumi",
    ".local/share", ".local/state", ".cache", ".mozilla", ".thunderbird", ".terraform.d", ".pulumi",
    ".vault", ".oci", ".fly", ".netlify", ".config/netlify", ".config/outfit", ".config/systemd",
    ".config/pypoetry", ".config/yarn", ".config/huggingface", ".huggingface", ".kaggle", ".m2", ".gradle",
    ".android", ".electrum", ".bitcoin", ".ethereum", ".minikube", ".step", ".putty", ".subversion",
  ]

  /// Names of files, wherever they are.
  private static let names: Set<String> = [
    ".netrc", "_netrc", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".mysql_secret",
    ".git-credentials", "credentials", "credentials.json", "credentials.toml", "credentials.db", ".npmrc",
    ".yarnrc", ".yarnrc.yml", ".pypirc", ".vault-token", ".htpasswd", ".s3cfg", ".boto", ".terraformrc",
    ".smbcredentials", ".fetchmailrc", ".msmtprc", ".mbsyncrc", ".offlineimaprc", ".authinfo",
    ".xauthority", ".iceauthority", ".env", ".envrc", "hosts.yml", "hosts.yaml", "kubeconfig", "auth.json",
    "token.json", "tokens.json", "secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", ".rnd",
    ".esmtprc", ".lesshst", ".viminfo", ".node_repl_history", ".passwd", "passwd", "shadow", ".databrickscfg",
    ".snowsql", ".dbt", ".sentryclirc", ".travis.yml", ".cvspass", "id_rsa", "id_dsa", "id_ecdsa",
    "id_ed25519",
  ]

  private static let endings: [String] = [
    ".pem", ".key", ".p12", ".pfx", ".p8", ".ppk", ".jks", ".keystore", ".kdbx", ".kdb", ".gpg", ".pgp",
    ".asc",
    ".age", ".ovpn", ".rdp", ".keytab", ".kwallet", ".keychain", ".agilekeychain", ".tfstate", ".tfvars",
    "_rsa", "_dsa", "_ecdsa", "_ed25519", "history", "_hist", ".histfile", ".sqlite", ".db", ".bak~",
    ".token",
    ".secret", ".secrets", ".env", ".cookies",
  ]

  /// Whether a path below HOME is never read.
  /// - Parameter path: relative to HOME.
  public static func has(_ path: String) -> Bool {
    let path = path.lowercased()
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last else { return true }
    if folders.contains(where: { path == $0.lowercased() || path.hasPrefix($0.lowercased() + "/") }) {
      return true
    }
    if parts.contains(where: { [".ssh", ".gnupg", ".git", ".password-store", "keyrings"].contains($0) }) {
      return true
    }
    return names.contains(name) || name.hasPrefix(".env.") || name.contains("cookie")
      || name.contains("credential") || name.hasPrefix("id_") && !name.hasSuffix(".pub")
      || endings.contains(where: name.hasSuffix)
  }
}
