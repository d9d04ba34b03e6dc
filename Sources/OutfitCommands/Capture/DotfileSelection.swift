import OutfitCore
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Which dotfiles go into a profile: what is known and there, chosen by a person.
final class DotfileSelection {
  private let session: Session
  private var host: Host { session.host }
  private let home: FilePath
  /// Where it really is.
  private let realHome: FilePath
  private(set) var left: [LeftOut] = []

  /// Files below one folder, and how deep.
  private static let most = 500
  private static let depth = 8

  init(_ session: Session) {
    self.session = session
    home = session.host.user.home
    realHome = session.host.files.resolved(home) ?? home
  }

  /// What can be offered: relative to HOME.
  private var offered: [String] {
    DotfilePlaces.known.filter { host.files.exists(home.pushing(FilePath($0))) }
  }

  /// - Parameter line: what takes all of them.
  /// - Throws: status 4 where nobody says which; status 2 for one that is none.
  func choose(all: Bool, named: [String], line: String) throws -> [CapturedProfile.File] {
    var paths = try named.map(relative)
    if all { paths += offered }
    if !all, named.isEmpty { paths = try ask(line) }
    var files: [CapturedProfile.File] = []
    var seen: Set<String> = []
    for path in paths {
      let plain = path.hasSuffix("/") ? String(path.dropLast()) : path
      var room = Self.most
      read(plain, depth: 0, &room) { file in
        if seen.insert(file.target).inserted { files.append(file) }
      }
    }
    return files
  }

  private func ask(_ line: String) throws -> [String] {
    let offered = offered
    guard !offered.isEmpty else { return [] }
    guard host.terminal.isInteractive else {
      throw Failure(
        [
          Diagnostic(
            .error, "nobody says which dotfiles are to go along", excerpt: offered.joined(separator: "\n"),
            hint: "all of these: `\(line)`\none: --dotfile ~/\(offered[0])\nnone: --skip dotfiles",
            reason: .question)
        ], status: .consent)
    }
    for (index, path) in offered.enumerated() {
      let number = String(index + 1)
      session.talk(String(repeating: " ", count: max(0, 4 - number.count)) + number + "  ~/\(path)")
    }
    while true {
      guard let answer = host.terminal.ask("Which? Numbers such as 1-4,7; all; none [all]: ") else {
        throw Failure("nobody said which dotfiles are to go along", status: .consent, reason: .question)
      }
      if let chosen = Self.chosen(answer, of: offered) { return chosen }
      session.talk("That is no list of numbers from 1 to \(offered.count).")
    }
  }

  /// - Returns: nil for an answer that is none.
  static func chosen(_ answer: String, of offered: [String]) -> [String]? {
    let answer = answer.lowercased().filter { !$0.isWhitespace }
    if answer.isEmpty || answer == "all" { return offered }
    if answer == "none" { return [] }
    var indices: Set<Int> = []
    for part in answer.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 1,
        last >= first,
        last <= offered.count
      else { return nil }
      indices.formUnion(first...last)
    }
    return indices.sorted().map { offered[$0 - 1] }
  }

  /// What a person typed, relative to HOME.
  private func relative(_ typed: String) throws -> String {
    var path = session.absolute(typed)
    if !host.files.exists(path), !typed.hasPrefix("/") {
      path = home.pushing(FilePath(typed)).lexicallyNormalized()
    }
    var rest = path
    guard rest.removePrefix(home), !rest.isEmpty else {
      throw Failure(
        "\(typed) is not below \(session.short(home))",
        hint: "a dotfile is a file of your home folder: --dotfile ~/.zshrc", status: .usage)
    }
    guard host.files.exists(path) else {
      throw Failure(
        "there is no \(session.short(path))", hint: "`ls -A ~` shows what there is", status: .usage)
    }
    guard !CredentialPlaces.has(rest.string) else {
      throw Failure(
        "\(session.short(path)) holds credentials, and is never read for a profile",
        hint: "leave it out; what belongs to each person, each person brings along", status: .usage)
    }
    return rest.string
  }

  private func read(
    _ target: String, depth: Int, _ room: inout Int, _ take: (CapturedProfile.File) -> Void
  ) {
    let path = home.pushing(FilePath(target))
    let shown = "~/\(target)"
    guard !CredentialPlaces.has(target) else {
      return left.append(LeftOut(shown, "its name is that of credentials, so that it was not read"))
    }
    // What a link leads to is judged by its own name.
    guard let real = host.files.resolved(path), let status = try? host.files.status(real, followLinks: false)
    else {
      return left.append(LeftOut(shown, "it is a link that leads nowhere"))
    }
    var inside = real
    guard inside.removePrefix(realHome) else {
      return left.append(LeftOut(shown, "it is a link that leads out of the home folder"))
    }
    guard !CredentialPlaces.has(inside.string) else {
      return left.append(LeftOut(shown, "it is a link to credentials, so that it was not read"))
    }
    switch status.kind {
    case .directory:
      guard depth < Self.depth else { return left.append(LeftOut(shown, "it lies too deep")) }
      for name in ((try? host.files.list(path)) ?? []).sorted() {
        guard room > 0 else {
          return left.append(
            LeftOut(shown, "it has more than \(Self.most) files, of which the others are left out"))
        }
        read("\(target)/\(name)", depth: depth + 1, &room, take)
      }
    case .file:
      room -= 1
      guard status.size <= CapturedProfile.longest else {
        return left.append(LeftOut(shown, "it is larger than settings are"))
      }
      do {
        take(.init(target: target, bytes: try host.files.read(real), mode: status.mode & 0o777))
      } catch { left.append(LeftOut(shown, error.reason)) }
    case .link, .other: left.append(LeftOut(shown, "it is no ordinary file"))
    }
  }
}
