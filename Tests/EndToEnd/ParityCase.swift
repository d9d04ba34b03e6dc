import OutfitCore
import SystemPackage

/// A project that was rendered and then changed: whether dev is still deploy.
struct ParityCase: Sendable {
  enum Step: Sendable {
    /// Put behind what the release of an environment says.
    case release(String, String)
    /// The first place, or the first behind another text.
    case replace(String, String, with: String, behind: String = "")
    case write(String, String)
    case link(String, to: String)
    case remove(String)
    /// The manifest was changed before it.
    case render
  }

  var what: String
  var holds: Bool
  var steps: [Step]

  static func differs(_ what: String, _ steps: Step...) -> ParityCase {
    ParityCase(what: what, holds: false, steps: steps)
  }

  static func same(_ what: String, _ steps: Step...) -> ParityCase {
    ParityCase(what: what, holds: true, steps: steps)
  }

  func change(_ machine: Machine, _ folder: String) async throws {
    for step in steps {
      switch step {
      case .release(let environment, let text):
        let path = "\(folder)/k8s/overlays/\(environment)/release/kustomization.yaml"
        try machine.write(path, (try machine.read(path) ?? "") + text)
      case .replace(let path, let old, let new, let behind):
        let text = try machine.read("\(folder)/\(path)") ?? ""
        guard let start = behind.isEmpty ? text.startIndex : text.firstRange(of: behind)?.lowerBound,
          let place = text[start...].firstRange(of: old)
        else { throw Failure("\(path) has no \(old)") }
        try machine.write("\(folder)/\(path)", text.replacingCharacters(in: place, new))
      case .write(let path, let text): try machine.write("\(folder)/\(path)", text)
      case .link(let path, let target):
        let place = machine.home.pushing(FilePath("\(folder)/\(path)"))
        try machine.files.removeTree(place)
        try machine.files.createLink(place, to: target)
      case .remove(let path):
        try machine.files.removeTree(machine.home.pushing(FilePath("\(folder)/\(path)")))
      case .render:
        _ = try await machine.outfit("trust", at: folder)
        let done = try await machine.outfit("render", at: folder)
        guard done.status == 0 else { throw Failure("render: \(done.errorText)") }
      }
    }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Substring.Index>, _ text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
