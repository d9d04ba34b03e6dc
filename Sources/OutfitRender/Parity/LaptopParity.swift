import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What the project's own environment on this machine has.
public struct Laptop: Hashable, Sendable {
  /// `3.13.5`; nil where it is not known.
  public var interpreter: String?
  /// Installed packages by normalized name.
  public var packages: [String: String]

  public init(interpreter: String?, packages: [String: String]) {
    self.interpreter = interpreter
    self.packages = packages
  }

  /// Reads the virtualenv of a project, running nothing of it; nil where there is none.
  public static func read(_ root: FilePath, files: any Files) throws -> Laptop? {
    let folder = root.appending(".venv")
    guard let text = try files.text(folder.appending("pyvenv.cfg")) else { return nil }
    var version: String?
    for line in text.split(separator: "\n") {
      let sides = line.split(separator: "=", maxSplits: 1).map {
        String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      guard sides.count == 2, ["version", "version_info"].contains(sides[0]) else { continue }
      version = sides[1].split(separator: ".").prefix(3).joined(separator: ".")
    }
    var packages: [String: String] = [:]
    let library = folder.appending("lib")
    guard files.exists(library) else { return Laptop(interpreter: version, packages: [:]) }
    for name in try files.list(library) where name.hasPrefix("python") {
      let place = library.appending(name).appending("site-packages")
      guard files.exists(place) else { continue }
      for entry in try files.list(place) {
        if let (name, version) = Packages.named(entry) { packages[name] = version }
      }
    }
    return Laptop(interpreter: version, packages: packages)
  }
}

/// Names and versions of Python packages, installed and pinned.
enum Packages {
  /// `Django-5.2.1.dist-info` (the binary distribution format of PyPA).
  static func named(_ entry: some StringProtocol) -> (name: String, version: String)? {
    guard entry.hasSuffix(".dist-info") else { return nil }
    let pieces = entry.dropLast(10).split(separator: "-", maxSplits: 1)
    return pieces.count == 2 ? (normalized(pieces[0]), String(pieces[1])) : nil
  }

  /// PEP 503.
  static func normalized(_ name: some StringProtocol) -> String {
    var result = ""
    for character in name.lowercased() {
      let isSeparator = "-_.".contains(character)
      if isSeparator, result.last == "-" { continue }
      result.append(isSeparator ? "-" : character)
    }
    return result
  }

  struct Pin: Hashable {
    var version: String
    /// It has a marker, so that it may be missing where that is false.
    var isConditional: Bool
  }

  /// The pins of hashed requirement lines.
  static func pins(_ requirements: String) -> [String: Pin] {
    var pins: [String: Pin] = [:]
    for line in requirements.split(separator: "\n") where !line.hasPrefix(" ") && !line.hasPrefix("#") {
      guard let equals = line.firstRange(of: "==") else { continue }
      let name = line[..<equals.lowerBound].prefix { $0 != "[" && $0 != " " }
      let rest = line[equals.upperBound...]
      let version = rest.prefix { $0 != " " && $0 != ";" && $0 != "\\" }
      pins[normalized(name)] = Pin(version: String(version), isConditional: rest.contains(";"))
    }
    return pins
  }

  /// What differs, as ends of a sentence.
  static func differences(_ found: [String: String], _ pins: [String: Pin]) -> [String] {
    var differences: [String] = []
    for (name, pin) in pins.sorted(by: { $0.key < $1.key }) {
      if let version = found[name] {
        if version != pin.version { differences.append("\(name) \(version), not \(pin.version)") }
      } else if !pin.isConditional {
        differences.append("\(name) \(pin.version) is missing")
      }
    }
    for name in found.keys.sorted() where pins[name] == nil {
      differences.append("\(name) \(found[name] ?? "") is not in the lock")
    }
    return differences
  }
}

/// The laptop against the lock.
struct LaptopParity {
  let stack: Stack
  let laptop: Laptop?

  /// Nothing where there is no environment on this machine: it is no part of what is built and deployed.
  func rows() -> [Parity.Row] {
    guard stack.language == .python, let laptop else { return [] }
    let wanted = stack.interpreter.version.description
    let differences = Packages.differences(laptop.packages, Packages.pins(stack.requirements))
    return [
      Parity.Row(
        "laptop.interpreter", "the laptop's interpreter is the lock's",
        laptop.interpreter == wanted ? .proved : .failed,
        laptop.interpreter == wanted
          ? "Python \(wanted)" : "\(laptop.interpreter ?? "unknown"), not \(wanted)",
        places: laptop.interpreter == wanted ? [] : [".venv"]),
      Parity.Row(
        "laptop.packages", "the laptop's packages are the lock's", differences.isEmpty ? .proved : .failed,
        differences.isEmpty ? "\(laptop.packages.count) packages" : Parity.some(differences),
        places: differences.isEmpty ? [] : [".venv"]),
    ]
  }
}
