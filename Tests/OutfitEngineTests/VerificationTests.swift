import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

struct VerificationTests {
  private let files = MemoryFiles.withHome()
  private let folder = FilePath("/home/ann/thing")

  private func contents() throws -> Contents { try Contents.read(folder, files: files) }

  @Test func whatChangedWentAndCameIsFound() throws {
    files.put(folder.pushing("a/one"), "1")
    files.put(folder.pushing("a/two"), "2")
    files.put(folder.pushing("a/__pycache__/x.pyc"), "bytecode")
    try files.createLink(folder.appending("link"), to: "a/one")
    let before = try contents()
    #expect(before.size == 7)
    #expect(Verification.compare(try contents(), with: before).isEmpty)
    files.put(folder.pushing("a/one"), "other")
    try files.remove(folder.pushing("a/two"))
    try files.remove(folder.appending("link"))
    try files.createLink(folder.appending("link"), to: "/etc/passwd")
    files.put(folder.appending("new"), "")
    files.put(folder.pushing("a/__pycache__/y.pyc"), "bytecode")
    #expect(
      Verification.compare(try contents(), with: before) == [
        Discrepancy("a/one", .changed), Discrepancy("link", .changed), Discrepancy("a/two", .missing),
        Discrepancy("new", .added),
      ])
  }

  @Test func contentsAreTheSameAfterTheWayThroughText() throws {
    let odd = Contents(entries: [
      "plain": .file(Digest(of: "a"), isExecutable: false),
      "bin/x y": .file(Digest(of: "b"), isExecutable: true),
      "tab\tline\nback\\n": .link("to\tthere"),
    ])
    #expect(Contents(odd.text)?.entries == odd.entries)
    #expect(Contents(String(odd.text.dropLast(80))) == nil)
    #expect(Contents("") == nil)
  }

  /// PEP 376 wants base64, and there are wheels with hexadecimal digits: what they say is checked all the same.
  @Test func aRecordMayHaveHexadecimalDigits() throws {
    let site = folder.pushing("lib/python3.11/site-packages")
    files.put(site.pushing("furo/one.py"), "one")
    files.put(site.pushing("furo/two.py"), "poison")
    let (one, two) = (Digest(of: "one").hex, Digest(of: "two").hex)
    files.put(
      site.pushing("furo-1.dist-info/RECORD"), "furo/one.py,sha256=\(one),3\nfuro/two.py,sha256=\(two),3\n")
    let found = try Record.discrepancies(in: try contents(), root: folder, files: files)
    #expect(
      found.map(\.description) == [
        "lib/python3.11/site-packages/furo/two.py of furo-1 is not what was installed"
      ])
    files.put(site.pushing("furo-1.dist-info/RECORD"), "furo/one.py,sha256=\(one.dropLast()),3\n")
    #expect(throws: Failure.self) {
      try Record.discrepancies(in: try contents(), root: folder, files: files)
    }
  }

  @Test func aPackagesOwnRecordNamesThePackage() throws {
    let site = folder.pushing("lib/python3.13/site-packages")
    files.put(site.pushing("black/__init__.py"), "poison")
    files.put(
      site.pushing("black-25.1.0.dist-info/RECORD"),
      "black/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nblack/gone.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
    )
    // What is vendored inside a package is that package's alone.
    files.put(site.pushing("black/_vendor/wheel-1.dist-info/RECORD"), "../bin/wheel,sha256=47DEQpj8,0\n")
    let found = try Record.discrepancies(in: try contents(), root: folder, files: files)
    #expect(
      found.map(\.description) == [
        "lib/python3.13/site-packages/black/__init__.py of black-25.1.0 is not what was installed",
        "lib/python3.13/site-packages/black/gone.py of black-25.1.0 is gone",
      ])
  }

  /// Two packages bring one file, as their `tests/__init__.py` is often in the way of the other's.
  @Test func theFileOfTwoPackagesIsThatOfOneOfThem() throws {
    let site = folder.pushing("lib/python3.13/site-packages")
    let empty = "tests/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
    files.put(site.pushing("tests/__init__.py"), "")
    files.put(site.pushing("a-1.dist-info/RECORD"), empty)
    files.put(
      site.pushing("b-1.dist-info/RECORD"),
      empty.replacing("47DEQpj8HBSa", with: "57DEQpj8HBSa").replacing(",0\n", with: ",5\n"))
    #expect(try Record.discrepancies(in: try contents(), root: folder, files: files).isEmpty)
    files.put(site.pushing("tests/__init__.py"), "neither")
    #expect(try Record.discrepancies(in: try contents(), root: folder, files: files).count == 2)
  }
}
