import Foundation
import OutfitCore
import Testing

@testable import OutfitProfile

/// Locks of other managers are read as these managers read them: beside each lock, which its own manager made, stands what
/// that manager exports for a choice of groups and extras.
@Suite struct ExportedLocksTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/exports")

  private func bytes(_ path: String) -> [UInt8]? {
    (try? Data(contentsOf: Self.folder.appending(path: path))).map { Array($0) }
  }

  /// What is installed on a machine: pins with their digests.
  private func pins(_ lines: [RequirementLine], _ python: Version, _ platform: Platform) -> Set<String> {
    Set(
      lines.compactMap { line in
        guard case .package(let package) = line.content, let version = package.pinned,
          (package.marker.flatMap { Marker($0) } ?? .always).holds(python: python, on: platform)
        else { return nil }
        return "\(normalizedPackageName(package.name))==\(version) \(line.digests.sorted())"
      })
  }

  private func compare(
    _ lock: String, _ choice: ProjectChoice, _ export: String, pythons: ClosedRange<Int> = 9...14
  ) throws {
    let manager = try #require(lock.split(separator: "/").first)
    let name = String(lock.dropFirst(manager.count + 1))
    let reading = try ResolutionFiles.read(VirtualenvSection(from: [name]), at: nil) {
      bytes("\(manager)/\($0)")
    }
    let packages = try #require(try reading.locked(choice)).packages
    let mine = packages.flatMap { package -> [RequirementLine] in
      let hashes = package.digests.map { " --hash=sha256:\($0)" }.joined()
      return RequirementLine.parse((package.requirement ?? "") + hashes)
    }
    let text = String(decoding: try #require(bytes("\(manager)/\(export)")), as: UTF8.self)
    let theirs = RequirementLine.parse(text)
    #expect(theirs.count > 8)
    for minor in pythons {
      for platform in Platform.common {
        let python = Version([3, minor])
        let (one, other) = (pins(mine, python, platform), pins(theirs, python, platform))
        #expect(
          one == other,
          "Python 3.\(minor), \(platform): \(one.subtracting(other)) instead of \(other.subtracting(one))")
        #expect(one.count > 6)
      }
    }
    // What only Windows wants is in both or in none.
    func onWindows(_ lines: [RequirementLine]) -> Set<String> {
      Set(lines.filter { $0.text.contains("win32") || $0.text.contains("Windows") }.compactMap(\.name))
    }
    #expect(onWindows(mine) == onWindows(theirs))
  }

  @Test func poetry() throws {
    let lock = "poetry/poetry.lock"
    try compare(lock, ProjectChoice(groups: []), "main.txt")
    try compare(lock, ProjectChoice(groups: ["test"], extras: ["cli"]), "with-test-and-cli.txt")
    try compare(lock, ProjectChoice(groups: ["test", "docs"]), "with-test-and-docs.txt")
  }

  @Test func pdm() throws {
    let lock = "pdm/pdm.lock"
    try compare(lock, ProjectChoice(groups: []), "main.txt")
    try compare(lock, ProjectChoice(groups: ["docs"], extras: ["cli"]), "with-cli-and-docs.txt")
    try compare(lock, ProjectChoice(groups: ["test", "docs"], extras: ["cli"]), "all.txt")
  }

  /// It is for the Python that it was made on.
  @Test func pipenv() throws {
    let lock = "pipenv/Pipfile.lock"
    try compare(lock, ProjectChoice(groups: []), "main.txt", pythons: 12...12)
    try compare(lock, ProjectChoice(groups: ["develop"]), "with-dev.txt", pythons: 12...12)
    try compare(lock, ProjectChoice(groups: ["docs"]), "with-docs.txt", pythons: 12...12)
  }
}

extension RequirementLine {
  /// Normalised, of a package with a version.
  fileprivate var name: String? {
    guard case .package(let package) = content, package.pinned != nil else { return nil }
    return normalizedPackageName(package.name)
  }
}
