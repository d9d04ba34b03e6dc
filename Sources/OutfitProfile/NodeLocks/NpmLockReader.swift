import OutfitCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// package-lock.json and npm-shrinkwrap.json
/// (https://docs.npmjs.com/cli/configuring-npm/package-lock-json), of forms 1 to 3.
package struct NpmLockReader {
  private(set) var lock = NodeLock(.npm)

  private struct Content: Decodable {
    var lockfileVersion: Int?
    var packages: [String: Package]?
    var dependencies: [String: Dependency]?
  }

  private struct Package: Decodable {
    var name: String?
    var version: String?
    var optional: Bool?
    var devOptional: Bool?
    var resolved: String?
    var integrity: String?
    var link: Bool?
    var inBundle: Bool?
    var hasInstallScript: Bool?
  }

  /// Of form 1.
  private struct Dependency: Decodable {
    var version: String?
    var resolved: String?
    var integrity: String?
    var bundled: Bool?
    var dependencies: [String: Dependency]?
  }

  init(_ bytes: [UInt8], file: String) throws(Failure) {
    let content: Content
    do {
      content = try JSONDecoder().decode(Content.self, from: Data(bytes))
    } catch {
      throw NodeLock.unreadable(file, "it is no JSON that npm writes")
    }
    guard let form = content.lockfileVersion, (1...3).contains(form) else {
      throw NodeLock.unreadable(file, "its lockfileVersion is none of 1, 2 and 3")
    }
    lock.form = String(form)
    // Every address is looked at, also one that a second key of the same name would hide.
    let addresses = try Self.addresses(bytes, file: file)
    let lines = Dictionary(addresses.map { ($0.text, $0.line) }, uniquingKeysWith: min)
    var told: Set<String> = []
    if let packages = content.packages {
      for (folder, package) in packages.sorted(by: { $0.key < $1.key }) {
        read(folder, package, lines, &told)
      }
      lock.nested = nested(packages.keys)
    } else {
      lock.nested = []
      read(content.dependencies ?? [:], lines, &told)
    }
    for address in addresses where !told.contains(address.text) {
      lock.add("", from: address.text, line: address.line)
    }
  }

  private mutating func read(
    _ folder: String, _ package: Package, _ lines: [String: Int], _ told: inout Set<String>
  ) {
    guard let place = folder.ranges(of: "node_modules/").last else {
      let isOutside = folder.hasPrefix("../") || folder.hasPrefix("/")
      if isOutside {
        lock.add(package.name ?? folder, from: folder, line: 1)
      } else if !folder.isEmpty {
        lock.members?.append(folder)
      }
      return
    }
    let name = package.name ?? String(folder[place.upperBound...])
    if package.hasInstallScript == true { lock.scripted.insert(name) }
    guard let resolved = package.resolved else { return }
    told.insert(resolved)
    let line = lines[resolved] ?? 1
    if package.link != true { lock.add(name, from: resolved, line: line) }
    let isOfRegistry = resolved.hasPrefix("http://") || resolved.hasPrefix("https://")
    if isOfRegistry, package.integrity?.hasPrefix("sha") != true, package.inBundle != true {
      lock.unverified.append((name, line))
    }
  }

  private mutating func read(
    _ dependencies: [String: Dependency], _ lines: [String: Int], _ told: inout Set<String>
  ) {
    for (name, dependency) in dependencies.sorted(by: { $0.key < $1.key }) {
      if let version = dependency.version, version.contains(":") {
        lock.add(name, from: version, line: 1)
      }
      if let resolved = dependency.resolved {
        told.insert(resolved)
        let line = lines[resolved] ?? 1
        lock.add(name, from: resolved, line: line)
        if dependency.integrity?.hasPrefix("sha") != true, dependency.bundled != true {
          lock.unverified.append((name, line))
        }
      }
      read(dependency.dependencies ?? [:], lines, &told)
    }
  }

  /// What npm says that it installed (`node_modules/.package-lock.json`), where that is all that a lock asks for, and
  /// nothing else: the version of each folder. npm writes it also where it was only told to write a lock, so that the
  /// folders are to be looked at themselves.
  package static func installed(_ lock: [UInt8], _ installed: [UInt8]) -> [String: String]? {
    func packages(_ bytes: [UInt8]) -> [String: Package]? {
      (try? JSONDecoder().decode(Content.self, from: Data(bytes)))?.packages?
        .filter { $0.key.contains("node_modules/") }
    }
    guard let wanted = packages(lock), let there = packages(installed),
      there.keys.allSatisfy({ wanted[$0] != nil })
    else { return nil }
    let isWhole = wanted.allSatisfy { folder, package in
      guard let other = there[folder] else { return package.optional == true || package.devOptional == true }
      return other.version == package.version && other.integrity == package.integrity
        && other.link == package.link && (package.link != true || other.resolved == package.resolved)
    }
    return isWhole ? there.compactMapValues { $0.link == true ? nil : $0.version } : nil
  }

  /// The version that a package.json says.
  package static func version(_ package: [UInt8]) -> String? {
    try? JSONDecoder().decode(Package.self, from: Data(package)).version
  }

  /// Members with packages that could not be shared.
  private func nested(_ folders: some Sequence<String>) -> [String] {
    var found: Set<String> = []
    for folder in folders where !folder.hasPrefix("node_modules/") {
      if let place = folder.firstRange(of: "/node_modules/") {
        found.insert(String(folder[..<place.lowerBound]))
      }
    }
    return found.sorted()
  }

  /// What stands behind `resolved`, wherever it does.
  private static func addresses(
    _ bytes: [UInt8], file: String
  ) throws(Failure) -> [(text: String, line: Int)] {
    var found: [(String, Int)] = []
    let key = Array("\"resolved\"".utf8)
    var line = 1
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case 10: line += 1
      case 92 where index + 1 < bytes.count && bytes[index + 1] == 117:
        throw NodeLock.unreadable(file, line: line, "npm writes no \\u here")
      case 34 where bytes[index...].starts(with: key):
        var place = index + key.count
        while place < bytes.count, [32, 9, 58].contains(bytes[place]) { place += 1 }
        if place < bytes.count, bytes[place] == 34 {
          let text = bytes[(place + 1)...].prefix { $0 != 34 }
          found.append((String(decoding: text, as: UTF8.self), line))
        }
      default: break
      }
      index += 1
    }
    return found
  }
}
