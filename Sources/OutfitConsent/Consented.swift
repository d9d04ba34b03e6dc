import OutfitCore
import OutfitProfile
import SystemPackage

/// A profile that a person has consented to, with what its files held when they did.
///
/// Only consent makes one. Whatever resolves, builds, downloads, starts a program for a profile or writes outside of
/// Outfit's own folders takes it, so that no verb can forget to ask.
public struct Consented: Sendable {
  public private(set) var profile: Profile
  /// What the consented files held, by the path that they are read by.
  private let seen: [FilePath: Seen]
  /// Folders that are consented to as a whole.
  private let folders: Set<FilePath>
  /// By script, the files that it is run with: those of its own folder, and what it names.
  public let scripts: [FilePath: [FilePath]]
  /// What it was told by: the records of consent, and all files and folders that it covers.
  public let inputs: [FilePath]

  /// A file as it was when it was consented to.
  public struct Seen: Hashable, Sendable {
    public var digest: Digest
    public var mode: UInt16
  }

  init(
    _ profile: Profile, seen: [FilePath: Seen] = [:], folders: Set<FilePath> = [],
    scripts: [FilePath: [FilePath]] = [:], records: [FilePath] = []
  ) {
    // Text is much quicker to sort than paths are.
    inputs =
      records
      + (Array(seen.keys) + Array(folders)).map { ($0.string, $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    self.profile = profile
    self.seen = seen
    self.folders = folders
    self.scripts = scripts
  }

  /// What a generation of this scope recorded: all of it was consented to when it was made.
  ///
  /// It asks for nothing that is not in the record, so that it serves going back, taking out and running what is there.
  public static func generation(_ scope: Scope) -> Consented {
    Consented(Profile(scope: scope, name: "", layers: []))
  }

  /// The same with answers to what no layer's `data:` answers, which change texts and nothing that it can do.
  /// - Parameter asking: this profile, with the questions that came up since.
  public func answered(_ answers: [String: String], asking: Profile? = nil) -> Consented {
    var other = self
    if let asking { (other.profile.ask, other.profile.isAttended) = (asking.ask, asking.isAttended) }
    for (key, question) in other.profile.unanswered {
      other.profile.data[key] = Sourced(.text(answers[key] ?? ""), question.source)
    }
    return other
  }

  /// The same with what the person types on top: a tool to run once, a version to have.
  /// - Throws: when the layers are others than those that were consented to.
  public func with(_ profile: Profile) throws -> Consented {
    guard profile.layers == self.profile.layers else {
      throw Failure("the profile's layers changed meanwhile", hint: "nothing was done; run it again")
    }
    var other = self
    other.profile = profile
    return other
  }

  /// What a file held; nil for one that needs no consent.
  public func seen(_ path: FilePath) -> Seen? { seen[path] }

  /// Whether what a file holds was part of what was consented to.
  public func covers(_ path: FilePath) -> Bool { seen[path] != nil || isBelowConsented(path) }

  /// Makes sure that a file holds what was consented to.
  /// - Parameter digest: of what was read just now; nil where nothing is there.
  /// - Throws: status 4, when it is another one, or has come since into a folder that is consented to as a whole.
  public func check(_ path: FilePath, _ digest: Digest?) throws {
    guard let seen = seen[path] else {
      if digest != nil, isBelowConsented(path) { throw Self.changed(path) }
      return
    }
    guard seen.digest == digest else { throw Self.changed(path) }
  }

  private func isBelowConsented(_ path: FilePath) -> Bool {
    guard !folders.isEmpty else { return false }
    var folder = path
    while folder.removeLastComponent(), !folder.isEmpty {
      if folders.contains(folder) { return true }
      if folder == "/" { return false }
    }
    return false
  }

  /// What is said of a file that is another one by now.
  public static func changed(_ path: FilePath) -> Failure {
    Failure(
      "\(path) changed while this ran, and is not what was consented to",
      hint: "nothing was done with it; look at it, and run this again", status: .consent)
  }
}
