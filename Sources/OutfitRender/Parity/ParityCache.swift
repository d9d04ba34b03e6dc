import OutfitCore
import OutfitSystem
import SystemPackage

/// A proof that was made before, and all that it was made from: as long as every input is what it was, the proof is
/// what it would be.
public struct ParityCache: Sendable {
  private let host: Host
  private let file: FilePath
  private let key: Digest

  private static let head = "outfit-parity 4 \(Release.version)"

  /// - Parameters:
  ///   - root: the project's folder.
  ///   - question: what else decides the answer: programs, variables, images.
  public init(host: Host, root: FilePath, question: [String]) {
    self.host = host
    file = host.places.cache.appending("parity").appending(Digest(of: root.string).short(24))
    var running = Digest.Running()
    for part in question { running.field(part) }
    key = running.finish()
  }

  /// The kept proof; nil where there is none, or anything that it stands on has changed.
  public func proof() -> ParityProof? {
    guard let text = try? host.files.text(file), text.hasPrefix("\(Self.head) \(key)\n"),
      let end = text.firstRange(of: "\n\n")
    else { return nil }
    for line in text[..<end.lowerBound].split(separator: "\n").dropFirst() {
      let fields = line.split(separator: "\t", maxSplits: 1)
      guard fields.count == 2, state(FilePath(String(fields[1]))) == fields[0] else { return nil }
    }
    return ParityProof(record: text[end.upperBound...])
  }

  /// Keeps a proof. What can't be kept is made again the next time.
  /// - Parameter inputs: files and folders; a folder stands for the names in it, an absent path for its absence.
  public func keep(_ proof: ParityProof, inputs: [FilePath]) {
    var text = "\(Self.head) \(key)\n"
    for path in Set(inputs).sorted(by: { $0.string < $1.string }) where !path.string.contains("\n") {
      text += "\(state(path))\t\(path)\n"
    }
    text += "\n" + proof.record
    let beside = file.removingLastComponent().appending(".\(file.lastComponent?.string ?? "").new")
    try? host.files.createDirectories(file.removingLastComponent(), mode: 0o700)
    try? host.files.removeTree(beside)
    guard (try? host.files.create(beside, Array(text.utf8), mode: 0o600)) != nil else { return }
    try? host.files.rename(beside, to: file)
  }

  private func state(_ path: FilePath) -> String {
    do {
      guard let status = try host.files.status(path, followLinks: true) else { return "absent" }
      switch status.kind {
      case .directory:
        return "folder:" + Digest(of: try host.files.list(path).joined(separator: "/")).short(32)
      // Images are large: what a build writes has another time.
      case .file where status.size > 4 << 20:
        return "large:\(status.size):\(status.modified):\(status.changed):\(status.device):\(status.inode)"
      case .file: return "file:" + Digest(of: try host.files.read(path)).short(32)
      case .link, .other: return "odd"
      }
    } catch {
      return "unreadable"
    }
  }

  /// Every file and folder at and below a path.
  public static func all(below path: FilePath, files: any Files) -> [FilePath] {
    guard let status = try? files.status(path, followLinks: false), status.kind == .directory,
      let names = try? files.list(path)
    else { return [path] }
    return [path] + names.flatMap { all(below: path.appending($0), files: files) }
  }
}
