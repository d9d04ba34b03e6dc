import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A machine as a profile: a manifest, and the files that it names.
public struct CapturedProfile: Sendable {
  /// Versions as manifests ask for them, the default first.
  public var interpreters: [Language: [String]] = [:]
  /// By name.
  public var tools: [String: ManifestValue] = [:]
  /// Addresses of package indexes, by name.
  public var indexes: [String: ManifestValue] = [:]
  public var packages: [String: [String]] = [:]
  public private(set) var dotfiles: [CapturedDotfile] = []
  public private(set) var questions: [Identity.Question] = []
  public private(set) var left: [LeftOut] = []
  private var secrets: Set<String> = []

  public init() {}

  /// The longest file that is taken, in bytes.
  public static let longest: Int64 = 256 << 10

  /// A file of HOME as it was read.
  public struct File: Sendable {
    /// Relative to HOME.
    public var target: String
    public var bytes: [UInt8]
    public var mode: UInt16
    public init(target: String, bytes: [UInt8], mode: UInt16) {
      (self.target, self.bytes, self.mode) = (target, bytes, mode)
    }
  }

  public mutating func leave(_ thing: LeftOut) { left.append(thing) }

  /// Takes dotfiles, all of them at once: what one shows of who somebody is, and what one shows to be a secret, counts in
  /// all.
  public mutating func take(_ files: [File], _ identity: Identity) {
    var identity = identity
    var taken: [DotfileCapture] = []
    for file in files {
      guard SecretFinder.find(in: [file.target]).isEmpty else {
        let folder = file.target.split(separator: "/").dropLast().joined(separator: "/")
        left.append(LeftOut("~/\(folder)", "a file in it has a name that looks like a secret"))
        continue
      }
      do {
        taken.append(try DotfileCapture(target: file.target, bytes: file.bytes, mode: file.mode))
      } catch {
        left.append(error.left)
        secrets.formUnion(error.secrets)
      }
    }
    for file in taken {
      secrets.formUnion(file.secrets)
      identity.learn(from: file.text)
    }
    for file in taken {
      let path = "~/\(file.target)"
      if identity.isIn(file.target) {
        left.append(LeftOut(path, "its name says whose it is"))
      } else if let line = Self.line(of: secrets, in: file.text) {
        left.append(
          LeftOut(path, line: line, "a secret of another line stands in it too, so that the file is left out")
        )
      } else {
        do {
          let captured = try file.captured(identity)
          dotfiles.append(captured)
          left += captured.left
        } catch {
          left.append(error.left)
        }
      }
    }
    let used = Set(dotfiles.flatMap(\.keys))
    questions = identity.questions.filter { used.contains($0.key) }
    left.sort { ($0.path, $0.line ?? 0) < ($1.path, $1.line ?? 0) }
  }

  private static func line(of secrets: Set<String>, in text: String) -> Int? {
    for secret in secrets where text.contains(secret) {
      return (text.utf8Lines.firstIndex { $0.contains(secret) } ?? 0) + 1
    }
    return nil
  }

  // MARK: - Files

  /// Where a dotfile lies in the profile: without the dot that would hide it.
  private func place(_ target: String) -> String {
    let plain = target.hasPrefix(".") ? String(target.dropFirst()) : target
    let isTaken = plain != target && dotfiles.contains { $0.target == plain }
    return "dotfiles/" + (isTaken ? target : plain)
  }

  /// The files of the folder, by their names in it.
  /// - Parameter name: of the profile.
  /// - Throws: `Failure` where something that must not be given away is in one of them.
  public func files(name: String) throws -> [(path: String, bytes: [UInt8], mode: UInt16)] {
    var files: [(path: String, bytes: [UInt8], mode: UInt16)] = [
      ("outfit.yaml", Array(try manifest(name: name).utf8), 0o644)
    ]
    for dotfile in dotfiles {
      files.append((place(dotfile.target), dotfile.bytes, dotfile.mode & 0o100 != 0 ? 0o755 : 0o644))
    }
    for (path, bytes, _) in files {
      let text = String(decoding: bytes, as: UTF8.self)
      if secrets.contains(where: text.contains) {
        throw Failure(
          "nothing was written: a secret of this machine would stand in \(path)",
          hint: "leave the file out that it comes from: `outfit capture --help` says how")
      }
    }
    return files
  }

  private func manifest(name: String) throws -> String {
    let head = """
      # Written by `outfit capture FOLDER` from a machine. Look it over, change what you like, and put it under git.
      profile: \(name)
      description: Captured from a machine

      """
    var edit = try ManifestEdit(head, file: "outfit.yaml")
    for (language, versions) in interpreters.sorted(by: { $0.key < $1.key }) where !versions.isEmpty {
      var value: [ManifestValue.Entry] = [.init("versions", .list(versions))]
      // The system's own serves where it is the very version.
      value.append(.init("system", "true"))
      try edit.set(["interpreters", language.rawValue], to: .mapping(value))
    }
    for (name, tool) in tools.sorted(by: { $0.key < $1.key }) { try edit.set(["tools", name], to: tool) }
    for (name, index) in indexes.sorted(by: { $0.key < $1.key }) {
      try edit.set(["indexes", name], to: index)
    }
    for question in questions {
      var value: [ManifestValue.Entry] = [.init("prompt", .text(question.prompt))]
      if let setting = question.gitSetting { value.append(.init("git", .text(setting))) }
      value.append(.init("default", ""))
      try edit.set(["ask", question.key], to: .mapping(value))
    }
    for dotfile in dotfiles.sorted(by: { $0.target < $1.target }) {
      var value: [ManifestValue.Entry] = [
        .init(dotfile.isTemplate ? "template" : "copy", .text(place(dotfile.target)))
      ]
      let usual: UInt16 = dotfile.isTemplate || dotfile.mode & 0o100 == 0 ? 0o644 : 0o755
      if dotfile.mode != usual {
        let text = String(dotfile.mode, radix: 8)
        value.append(.init("mode", .text(String(repeating: "0", count: max(0, 4 - text.count)) + text)))
      }
      try edit.set(["dotfiles", dotfile.target], to: .mapping(value))
    }
    for (manager, names) in packages.sorted(by: { $0.key < $1.key }) {
      try edit.set(["packages", manager], to: .list(names))
    }
    return edit.result
  }
}
