import OutfitProfile
import OutfitSystem
import SystemPackage

/// The files of the home folder that may be there once a profile is up, though they are not yet: those that its entries
/// make, and those that Outfit makes itself, so that a shell finds its commands. What is for files that are there alone
/// (`if-present`) gets into them as well, and so is asked about like all the rest.
struct ComingFiles {
  private let made: Set<String>
  private let host: Host

  init(_ profile: Profile, host: Host) {
    self.host = host
    var made: Set<String> = []
    for content in profile.contents {
      for (target, dotfile) in content.own.dotfiles
      where !dotfile.value.onlyIfPresent && dotfile.value.kind != .absent && !dotfile.value.isOutsideHome {
        made.insert(String(target.hasSuffix("/") ? target.dropLast() : target[...]))
      }
    }
    self.made = made
  }

  /// - Parameter target: from HOME.
  func mayCome(_ target: String) -> Bool {
    var above = target[...]
    while true {
      if made.contains(String(above)) { return true }
      guard let slash = above.lastIndex(of: "/") else { break }
      above = above[..<slash]
    }
    if made.contains("") { return true }
    let path = host.user.home.pushing(FilePath(target))
    let home = host.user.home
    let zsh = folder("ZDOTDIR") ?? home
    let fish = (folder("XDG_CONFIG_HOME") ?? home.appending(".config")).appending("fish")
    if [".bashrc", ".bash_profile", ".bash_login", ".profile"].contains(where: { path == home.appending($0) })
    {
      return true
    }
    if [".zprofile", ".zshrc"].contains(where: { path == zsh.appending($0) }) {
      return mayUse("zsh", settings: zsh.appending(".zshrc"))
    }
    return path == fish.pushing("conf.d/outfit.fish") && mayUse("fish", settings: fish)
  }

  private func folder(_ variable: String) -> FilePath? {
    host.environment[variable].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
  }

  /// Whether it may be one of this user's shells: the login shell, or one with settings, the profile's too.
  private func mayUse(_ shell: String, settings: FilePath) -> Bool {
    let login = host.environment["SHELL"].flatMap { FilePath($0).lastComponent?.string }
    return login == nil || login == shell || host.files.exists(settings)
      || made.contains { host.user.home.pushing(FilePath($0)).starts(with: settings) }
  }
}
