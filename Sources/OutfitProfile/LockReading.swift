import OutfitCore
import OutfitSystem
import SystemPackage

/// A lock as it was read, with the places of what names an address.
struct LockReading {
  /// What a lock says of where something comes from.
  struct Claim {
    enum Subject {
      /// A file of the tool for a platform.
      case download(tool: String, platform: String)
      /// A package of a tool, or of the virtualenv where there is none.
      case direct(tool: String?)
      /// What a registry would have below its address.
      case registry(tool: String, expected: String)
    }
    var subject: Subject
    var address: String
    var location: SourceLocation
  }

  var lock = Lock()
  var claims: [Claim] = []
  let source: SourceText

  /// The lock, after every address in it was found to be one that the profile names.
  ///
  /// What answers an older request than the profile's is made anew before it is used, and is not judged by it. Lines
  /// of a virtualenv whose files have changed are left out where these name the address no longer.
  /// - Parameter resolution: what the virtualenv is resolved from now; nil where that can't be read.
  /// - Throws: `Failure`, status 2, with the line of each address that nothing names.
  func judged(
    for profile: Profile, environment: [String: String], registries: NpmRegistries,
    resolution: () throws -> ResolutionFiles?
  ) throws -> Lock {
    var lock = lock
    var diagnostics: [Diagnostic] = []
    func refuse(_ message: String, _ claim: Claim) {
      diagnostics.append(source.diagnostic(message, at: claim.location, hint: LockReader.remake(source.file)))
    }
    var dropped: Set<String> = []
    var known: Set<String>?
    for claim in claims {
      switch claim.subject {
      case .download(let name, let key):
        guard let section = profile.section(ofPin: name), section.origin == .url,
          lock.tools[name]?.request == section.downloadRequest
        else { continue }
        let expected =
          Platform(key: key).map { section.addresses(for: $0, environment: environment).sorted() } ?? []
        if !expected.contains(claim.address) {
          refuse(
            "this address is not what \(name) has in the manifest"
              + (expected.first.map { ": \($0)" } ?? ", which knows no \(key)"), claim)
        }
      case .direct(let tool?):
        refuse("\(tool) can't have a package from \(withoutUser(claim.address)): no manifest names it", claim)
      case .direct(nil):
        guard profile.virtualenv != nil else { continue }
        if known == nil {
          let files = try? resolution()
          let isCurrent = files.map { $0.digest(for: profile) } == lock.virtualenv?.sourceDigest
          known = try files?.addresses ?? []
          if !isCurrent {
            dropped = Set(claims.map(\.address)).subtracting(known ?? [])
          }
        }
        if known?.contains(claim.address) == true || dropped.contains(claim.address) { continue }
        refuse(
          "\(lock.virtualenv?.from.joined(separator: " and ") ?? "the project") names no package at \(withoutUser(claim.address))",
          claim
        )
      case .registry(let tool, let expected):
        if !registries.have(expected, at: claim.address) {
          refuse(
            "\(tool) can't have a package from \(withoutUser(claim.address)): the registry has it as \(expected)",
            claim)
        }
      }
    }
    guard diagnostics.isEmpty else { throw Failure(diagnostics, status: .usage) }
    if !dropped.isEmpty, var virtualenv = lock.virtualenv {
      func kept(_ lines: String) -> [RequirementLine] {
        RequirementLine.parse(lines).filter {
          guard case .direct(let direct) = $0.content else { return true }
          return dropped.isDisjoint(with: [direct.address, RequirementLine.repository(direct.address)])
        }
      }
      virtualenv.requirements = kept(virtualenv.requirements).compactMap(\.pin).joined()
      virtualenv.development = kept(virtualenv.development).compactMap(\.pin).joined()
      virtualenv.sources = kept(virtualenv.sources).compactMap(\.lockedSource).joined()
      lock.virtualenv = virtualenv
    }
    return lock
  }
}

extension ResolutionFiles {
  /// What the pins of a virtualenv are compared by: the files, what is chosen of them, and what the profile binds to an
  /// index.
  package func digest(for profile: Profile) -> Digest {
    let bound = profile.indexes.filter { !$0.value.value.packages.isEmpty }
    let section = profile.virtualenv?.value ?? VirtualenvSection(from: [])
    let choices = [
      (section.groups.map { $0 + ["groups"] } ?? []) + section.ships.map { "ships \($0)" }, section.extras,
      section.build,
    ]
    let isPlain = section.isEditable && choices.allSatisfy(\.isEmpty)
    guard !bound.isEmpty || !isPlain else { return digest }
    var digest = Digest.Running()
    digest.field(self.digest.hex)
    if !isPlain {
      for choice in choices {
        digest.field(Set(choice.map { normalizedPackageName($0) }).sorted().joined(separator: " "))
      }
      digest.field(section.isEditable ? "true" : "installed")
    }
    for (name, index) in bound.sorted(by: { $0.key < $1.key }) {
      digest.field(name)
      for package in Set(index.value.packages.map { normalizedPackageName($0) }).sorted() {
        digest.field(package)
      }
      digest.field("")
    }
    return digest.finish()
  }
}

extension RequirementLine {
  /// The entry of a lock: an exact version, or a name and an address, with digests, one a line. Nil for all else.
  package var pin: String? {
    let head: String
    switch content {
    case .package(let package):
      guard let version = package.pinned, !version.contains("*") else { return nil }
      head = package.text
    case .direct(let direct):
      let address = direct.address.lowercased()
      guard direct.name != nil, address.hasPrefix("https://") || address.hasPrefix("http://") else {
        return nil
      }
      head = direct.text
    default: return nil
    }
    guard !digests.isEmpty else { return nil }
    return head + digests.map { " \\\n    --hash=sha256:\($0)" }.joined() + "\n"
  }

  /// What a lock has of a repository at a full commit, or of an archive that is built: one line. Nil for all else.
  package var lockedSource: String? {
    guard case .direct(let direct) = content, direct.name != nil else { return nil }
    if direct.address.hasPrefix("git+") {
      let place = direct.address.prefix { $0 != "#" }
      guard let at = place.lastIndex(of: "@") else { return nil }
      let commit = place[place.index(after: at)...].utf8
      let isCommit = commit.count == 40 && commit.allSatisfy { "0123456789abcdef".utf8.contains($0) }
      return isCommit && digests.isEmpty ? direct.text + "\n" : nil
    }
    return pin
  }

  /// The address of a repository without what is wanted of it; any other address as it is.
  package static func repository(_ address: String) -> String {
    guard address.hasPrefix("git+") else { return address }
    var place = String(address.prefix { $0 != "#" && $0 != "?" })
    let start = place.firstRange(of: "://")?.upperBound ?? place.startIndex
    let path = place[start...].firstIndex(of: "/") ?? place.endIndex
    if let at = place[path...].lastIndex(of: "@") { place = String(place[..<at]) }
    if place.hasSuffix("/") { place.removeLast() }
    return place
  }

  /// Why a line of a lock can't be used.
  package var complaint: String {
    switch content {
    case .include, .option: "`\(text)` is an option, and a lock has none"
    case .direct(let direct) where direct.name == nil || !direct.isRemote:
      "`\(text)` is no package with a version"
    case .package, .direct:
      digests.isEmpty ? "`\(text)` has no sha256 digest" : "`\(text)` is no exact version: name==version"
    case .other: "`\(text)` is not name==version with sha256 digests"
    }
  }
}
