import OutfitCore
import Testing

@testable import OutfitSharing

@Suite struct BundleListTests {
  private static func blob(_ text: String) -> BundleList.Blob {
    BundleList.Blob(digest: Digest(of: text), size: Int64(text.utf8.count))
  }

  private static var list: BundleList {
    var list = BundleList(
      version: "0.1.0", profile: "web team", origin: .git("github:acme/outfit//web@v3"),
      platforms: ["linux-arm64", "linux-amd64"], lock: blob("lock"))
    list.items = [
      .init(kind: .wheel, blob: blob("w"), platforms: ["linux-amd64"], name: "black-25.1.0-py3-none-any.whl"),
      .init(
        kind: .download, blob: blob("p"), platforms: ["linux-amd64", "linux-arm64"], name: "python 3.13.5"),
      .init(
        kind: .npm, blob: blob("n"), platforms: ["linux-arm64"], name: "_cacache/content-v2/sha512/aa/bb"),
    ]
    list.folders.entries = [
      "base/a b\n%.txt": .file(blob("a"), isProgram: false), "base/run": .file(blob("r"), isProgram: true),
      "base/link": .link("../un ter\u{e9}"),
    ]
    var tree = BundleList.Tree()
    tree.entries["outfit.yaml"] = .file(blob("profile: x"), isProgram: false)
    list.commits = [
      .init(
        address: "github:acme/outfit@v3", commit: String(repeating: "0a", count: 20), object: blob("tree"),
        tree: tree)
    ]
    list.programs["linux-amd64"] = tree
    return list
  }

  @Test func isReadAsItWasWritten() throws {
    let list = Self.list
    var read = try BundleList(list.text, file: "b")
    #expect(read.text == list.text)
    read.items.sort { $0.name < $1.name }
    var sorted = list
    sorted.items.sort { $0.name < $1.name }
    #expect(read == sorted)
    // What stands in another order is the same bundle.
    var other = list
    other.items.reverse()
    #expect(other.text == list.text)
    #expect(list.blobs(for: "linux-arm64").count == list.blobs.count - 1)
  }

  @Test(arguments: [
    ("file 0", "cut"), ("profile web%20team", "profile ../x"), ("base/run", "../run"),
    ("base/run", "/etc/run"),
    ("black-25.1.0-py3-none-any.whl", "../black.whl"), ("_cacache/content-v2", "../content"),
    ("outfit-bundle 1", "outfit-bundle 2"), ("outfit-bundle 1", "#!/bin/sh"), ("link ", "pipe "),
    ("0a0a", "0a0g"),
  ])
  func whatIsNotRightIsRefused(_ change: (String, String)) throws {
    let (before, after) = change
    let text = Self.list.text
    let body = text.split(separator: "\n").dropLast().map { $0 + "\n" }.joined()
    let changed = before == "file 0" ? String(body.dropLast(20)) : body.replacing(before, with: after)
    #expect(changed != body)
    // Somebody who changes it can put the right digest below it.
    let whole = before == "file 0" ? changed : changed + "end \(Digest(of: changed))\n"
    let failure = #expect(throws: Failure.self) { try BundleList(whole, file: "b") }
    #expect(failure?.status == .usage)
  }
}
