import OutfitCore
import OutfitSystem
import SystemPackage

/// What a virtualenv's packages are resolved from: the files, and of what they say all that is not known to be a
/// plain package of the indexes that are asked anyway.
///
/// Another version of a package is no member; another source, index, option or address is.
public struct ResolutionInputs: Hashable, Sendable {
  /// Something that says where packages come from, or what is run to have them.
  public struct Member: Hashable, Sendable {
    public enum Kind: String, Sendable {
      /// A package by its address, or where files of an index come from.
      case address
      /// An index, and what may come from it.
      case index
      /// Anything else that a resolver is told.
      case option
      /// A folder or a file beside the project's own list.
      case path
      /// What builds the project itself.
      case build
    }
    public var kind: Kind
    /// In one line, the same for the same meaning, without a password.
    public var text: String
    /// The first place that says so; it does not tell two members apart.
    public var location: SourceLocation

    public init(_ kind: Kind, _ text: String, at location: SourceLocation) {
      self.kind = kind
      self.text = text
      self.location = location
    }

    public static func == (a: Member, b: Member) -> Bool { a.kind == b.kind && a.text == b.text }

    public func hash(into hasher: inout Hasher) {
      hasher.combine(kind)
      hasher.combine(text)
    }
  }

  /// Every file that was read, absolute, sorted.
  public var files: [FilePath]
  /// Sorted by kind and text.
  public var members: [Member]

  /// - Parameters:
  ///   - from: `from:` of `virtualenv:`, relative to the project.
  ///   - root: the project's folder.
  /// - Throws: `Failure`, status 2, for a file that is not there, lies elsewhere or can't be read.
  public static func read(from: String, root: FilePath, files: any Files) throws -> ResolutionInputs {
    let reading = try ResolutionFiles.read(from: from, at: nil) { name in
      let path = root.pushing(FilePath(name))
      do {
        guard let status = try files.status(path, followLinks: true) else { return nil }
        guard status.kind == .file else {
          throw Failure("\(name) is no file", at: SourceLocation(file: name), status: .usage)
        }
        return try files.read(path)
      } catch let error as FileError {
        throw Failure(
          "can't read \(name): \(error.code)", at: SourceLocation(file: name), status: .usage)
      }
    }
    let names = reading.files.keys.sorted()
    let home = files.resolved(root) ?? root
    let led = names.compactMap { name -> Member? in
      guard let real = files.resolved(root.pushing(FilePath(name))), !real.starts(with: home) else {
        return nil
      }
      return Member(.path, "\(name) is a link to \(real)", at: SourceLocation(file: name, line: 1))
    }
    return ResolutionInputs(
      files: names.map { root.pushing(FilePath($0)) },
      members: (try reading.members + led).sorted {
        ($0.kind.rawValue, $0.text) < ($1.kind.rawValue, $1.text)
      })
  }
}

/// The files that a virtualenv is made from, with those that they include, as every reader of them has it.
package struct ResolutionFiles: Sendable {
  package enum Kind: Sendable { case requirements, project, uvLock }

  package var kind: Kind
  /// The one to begin with, relative to the project.
  package var main: String
  /// Contents by path, relative to the project.
  package var files: [String: [UInt8]] = [:]
  /// Of requirements files.
  package var lines: [String: [RequirementLine]] = [:]

  /// Over the names and contents of all of them.
  ///
  /// The names of a uv.lock and its project are without their folder.
  package var digest: Digest {
    var digest = Digest.Running()
    let named = files.map { name, bytes in
      (kind == .uvLock ? FilePath(name).lastComponent?.string ?? name : name, bytes)
    }
    for (name, bytes) in named.sorted(by: { $0.0 < $1.0 }) {
      digest.field(name)
      digest.field(Digest(of: bytes).hex)
    }
    return digest.finish()
  }

  /// - Parameters:
  ///   - location: of `from:`, where the caller knows it.
  ///   - look: the content of a file of the project; nil where it is not there.
  /// - Throws: what `look` throws; `Failure`, status 2, for what is not there, can't be used or lies elsewhere.
  package static func read(
    from: String, at location: SourceLocation?, look: (String) throws -> [UInt8]?
  ) throws -> ResolutionFiles {
    let main = FilePath(from).lexicallyNormalized()
    let beside = main.removingLastComponent().appending("pyproject.toml").string
    var reading: ResolutionFiles
    var names: [String]
    switch main.lastComponent?.string {
    case "uv.lock":
      reading = ResolutionFiles(kind: .uvLock, main: main.string)
      names = [beside, main.string]
    case "pyproject.toml":
      reading = ResolutionFiles(kind: .project, main: main.string)
      names = [main.string]
    case "poetry.lock":
      throw Failure(
        "poetry.lock can't be read yet", at: location,
        hint: "write a requirements file with `poetry export`, or name pyproject.toml", status: .usage)
    default:
      reading = ResolutionFiles(kind: .requirements, main: main.string)
      names = [main.string]
    }
    var includer: [String: SourceLocation] = [:]
    while let name = names.popLast() {
      guard reading.files[name] == nil else { continue }
      guard let bytes = try look(name) else {
        throw Failure(
          "there is no \(name) in the project", at: includer[name] ?? location,
          hint: includer[name] == nil
            ? "name the file that lists its packages: `virtualenv: {from: ...}`"
            : "take the line out, or make the file", status: .usage)
      }
      reading.files[name] = bytes
      guard reading.kind == .requirements else { continue }
      let lines = RequirementLine.parse(RequirementLine.text(of: bytes))
      reading.lines[name] = lines
      for line in lines {
        guard case .include(let path, _) = line.content else { continue }
        let place = SourceLocation(file: name, line: line.line)
        let included = try Self.included(path, by: name, at: place)
        includer[included] = includer[included] ?? place
        names.append(included)
      }
    }
    return reading
  }

  private static func included(_ path: String, by name: String, at location: SourceLocation) throws -> String
  {
    let isPlain = path.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+@~,=()[] ".contains($0))
    }
    guard isPlain else {
      throw Failure(
        "\(path) can't be followed: a file of the project is included by its plain name", at: location,
        hint: "name it relative to \(name)", status: .usage)
    }
    let target = FilePath(name).removingLastComponent().pushing(FilePath(path)).lexicallyNormalized()
    guard !target.isAbsolute, target.components.first?.kind == .regular else {
      throw Failure(
        "\(path) lies outside the project", at: location, hint: "copy it into the project", status: .usage)
    }
    return target.string
  }

  /// A requirements file in the one spelling that was judged, each line where it stood.
  package static func text(of lines: [RequirementLine]) -> String {
    var text = ""
    var number = 1
    for line in lines {
      if line.line > number {
        text += String(repeating: "\n", count: line.line - number)
        number = line.line
      }
      text += line.text + "\n"
      number += 1
    }
    return text
  }

  /// The names of the packages that are asked for, normalised, without those that are only constrained.
  package var names: Set<String> {
    get throws {
      switch kind {
      case .uvLock: return []
      case .project:
        var names: Set<String> = []
        for (name, bytes) in files {
          var reader = ProjectReader(file: name, document: try Self.toml(bytes, name))
          reader.readProject()
          names.formUnion(reader.names)
        }
        return names
      case .requirements: break
      }
      var names: Set<String> = []
      var seen: Set<String> = []
      var open = [main]
      while let file = open.popLast() {
        guard seen.insert(file).inserted else { continue }
        for line in lines[file] ?? [] {
          switch line.content {
          case .package(let package): names.insert(normalizedPackageName(package.name))
          case .direct(let direct): if let name = direct.name { names.insert(normalizedPackageName(name)) }
          case .include(let path, isConstraint: false):
            open.append(try Self.included(path, by: file, at: SourceLocation(file: file, line: line.line)))
          default: break
          }
        }
      }
      return names
    }
  }

  /// What the digests in requirements files allow.
  package var digests: RequirementDigests { RequirementDigests(lines) }

  /// Every direct address in it, as it is written: what a lock may name.
  package var addresses: Set<String> {
    get throws {
      var addresses: Set<String> = []
      for line in lines.values.joined() {
        if case .direct(let direct) = line.content { addresses.insert(direct.address) }
      }
      if kind != .requirements {
        for (name, bytes) in files {
          var reader = ProjectReader(file: name, document: try Self.toml(bytes, name))
          if kind == .uvLock, FilePath(name).lastComponent?.string == "uv.lock" {
            reader.readLock()
          } else {
            reader.readProject()
          }
          addresses.formUnion(reader.addresses)
        }
      }
      return addresses
    }
  }

  package var members: [ResolutionInputs.Member] {
    get throws {
      var members: [ResolutionInputs.Member] = []
      for (name, lines) in lines {
        for line in lines {
          if let member = line.member(at: SourceLocation(file: name, line: line.line)) {
            members.append(member)
          }
        }
      }
      if kind != .requirements {
        for (name, bytes) in files {
          var reader = ProjectReader(file: name, document: try Self.toml(bytes, name))
          if kind == .uvLock, FilePath(name).lastComponent?.string == "uv.lock" {
            reader.readLock()
          } else {
            reader.readProject()
          }
          members += reader.members
        }
      }
      var first: [ResolutionInputs.Member: ResolutionInputs.Member] = [:]
      for member in members where first[member].map({ member.location < $0.location }) ?? true {
        first[member] = member
      }
      return first.values.sorted { ($0.kind.rawValue, $0.text) < ($1.kind.rawValue, $1.text) }
    }
  }

  private static func toml(_ bytes: [UInt8], _ name: String) throws -> TomlDocument {
    do {
      return try TomlReader.document(bytes)
    } catch {
      throw Failure(
        "this line can't be read as TOML", at: SourceLocation(file: name, line: error.line), status: .usage)
    }
  }
}

extension RequirementLine {
  /// Nil for a plain package, and for a file that is included.
  func member(at location: SourceLocation) -> ResolutionInputs.Member? {
    switch content {
    case .package, .include: return nil
    case .direct(var direct):
      direct.name = direct.name.map { normalizedPackageName($0) }
      return .init(direct.isRemote ? .address : .path, withoutUser(direct.text), at: location)
    case .option(let name, let value):
      let kind: ResolutionInputs.Member.Kind =
        switch name {
        case "--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host": .index
        case "--editable": value.contains("://") ? .address : .path
        default: .option
        }
      return .init(kind, withoutUser(text), at: location)
    case .other: return .init(.option, withoutUser(text), at: location)
    }
  }
}

/// As indexes compare names (PEP 503).
package func normalizedPackageName(_ name: some StringProtocol) -> String {
  var result = ""
  for character in name.lowercased() {
    if "-_.".contains(character) {
      if result.last != "-" { result.append("-") }
    } else {
      result.append(character)
    }
  }
  return result
}

/// An address without its user and password; who is told apart by a password is not.
func withoutUser(_ text: String) -> String {
  var result = ""
  var rest = text[...]
  while let scheme = rest.firstRange(of: "://") {
    result += rest[..<scheme.upperBound]
    rest = rest[scheme.upperBound...]
    let authority = rest.prefix { !$0.isWhitespace && !"/?#\"'<>".contains($0) }
    if let at = authority.lastIndex(of: "@") {
      result += "***"
      rest = rest[at...]
    }
  }
  return result + rest
}
