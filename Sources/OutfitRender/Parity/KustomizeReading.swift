import OutfitCore
import OutfitSystem
import SystemPackage

/// Which files kustomize reads for an overlay, found as it finds them: from one kustomization to what it names.
struct KustomizeReading {
  let files: any Files
  /// Every file, and every folder that a kustomization was looked for in.
  private(set) var read: Set<FilePath> = []
  /// What is named and can't be followed: an address, a key that is not known.
  private(set) var unknown: [String] = []
  private var seen: Set<FilePath> = []

  init(files: any Files) { self.files = files }

  static let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"]

  /// Keys that name no file.
  private static let plain: Set<String> = [
    "apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "commonLabels", "labels",
    "commonAnnotations", "images", "replicas", "vars", "generatorOptions", "buildMetadata", "sortOptions",
  ]

  /// Keys that list files and folders.
  private static let lists: Set<String> = [
    "resources", "components", "bases", "crds", "configurations", "generators", "transformers", "validators",
  ]

  mutating func folder(_ folder: FilePath) {
    let folder = folder.lexicallyNormalized()
    guard seen.insert(folder).inserted else { return }
    read.insert(folder)
    for name in Self.names {
      let path = folder.appending(name)
      // Where it is not, it may be tomorrow.
      read.insert(path)
      guard let text = try? files.text(path) else { continue }
      guard let document = try? Document.parseOne(text, file: path.string) else {
        unknown.append("\(path) can't be read")
        continue
      }
      kustomization(document, at: path, in: folder)
    }
  }

  private mutating func kustomization(_ document: Document, at path: FilePath, in folder: FilePath) {
    for (key, value) in document.entries.sorted(by: { $0.key < $1.key }) {
      switch key {
      case _ where Self.plain.contains(key): continue
      case _ where Self.lists.contains(key):
        for entry in value.items { reference(entry.text, in: folder, from: path) }
      case "patches", "patchesJson6902", "replacements":
        for entry in value.items where entry["path"] != nil {
          reference(entry["path"]?.text, in: folder, from: path)
        }
      case "patchesStrategicMerge":
        for entry in value.items where entry.text?.contains("\n") != true {
          reference(entry.text, in: folder, from: path)
        }
      case "configMapGenerator", "secretGenerator":
        for entry in value.items {
          let named =
            (entry["files"]?.items ?? []) + (entry["envs"]?.items ?? []) + (entry["env"].map { [$0] } ?? [])
          for file in named {
            let text = file.text ?? ""
            let cut = text.firstIndex(of: "=").map { text[text.index(after: $0)...] } ?? text[...]
            reference(String(cut), in: folder, from: path)
          }
        }
      case "openapi": reference(value["path"]?.text, in: folder, from: path)
      default: unknown.append("\(path) has `\(key)`, and what it reads is not known")
      }
    }
  }

  private mutating func reference(_ text: String?, in folder: FilePath, from path: FilePath) {
    guard let text, !text.isEmpty, !text.contains("\n") else {
      unknown.append("\(path) holds what is not known")
      return
    }
    let place = folder.pushing(FilePath(text)).lexicallyNormalized()
    switch try? files.status(place, followLinks: true)?.kind {
    case .directory: self.folder(place)
    case .file: read.insert(place)
    default:
      read.insert(place)
      unknown.append("\(path) names \(text), which is not on this machine")
    }
  }
}
