import OutfitCore
import Testing

@Suite struct DigestTests {
  private let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func digestsAreThoseOfFIPS180() {
    #expect(Digest(of: "").hex == empty)
    #expect(Digest(of: "abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func digestsAreReadInEitherCase() {
    #expect(Digest("sha256:" + empty.uppercased())?.hex == empty)
    for text in [
      "", "sha256:", String(empty.dropLast()), empty + "0", "g" + empty.dropFirst(), "md5:" + empty,
    ] {
      #expect(Digest(text) == nil)
    }
  }

  @Test func piecesGiveTheDigestOfTheWhole() {
    var running = Digest.Running()
    running.update("a")
    running.update(Array("bc".utf8))
    #expect(running.finish() == Digest(of: "abc"))
    #expect(Digest(of: "abc").short() == "ba7816bf8f01")
  }

  @Test func fieldsAreKeptApart() {
    func digest(_ fields: [String]) -> Digest {
      var running = Digest.Running()
      for field in fields { running.field(field) }
      return running.finish()
    }
    #expect(digest(["ab", "c"]) != digest(["a", "bc"]))
    #expect(digest(["ab"]) != digest(["ab", ""]))
  }
}

@Suite struct PlatformTests {
  @Test(arguments: ["linux-amd64", "linux-arm64", "linux-amd64-musl", "macos-arm64"])
  func aKeyIsWrittenAsItWasRead(_ key: String) {
    #expect(Platform(key: key)?.key == key)
  }

  @Test(arguments: [
    "", "linux", "linux-x86", "windows-amd64", "macos-arm64-musl", "linux-amd64-gnu", "linux-amd64-",
  ])
  func otherNamesAreNoPlatform(_ key: String) {
    #expect(Platform(key: key) == nil)
  }
}

@Suite struct DiagnosticTests {
  @Test func theWorstStatusWins() {
    let ordered: [OutfitCore.ExitStatus] = [.done, .drift, .failed, .consent, .usage, .interrupted]
    #expect(ordered.shuffled().sorted() == ordered)
  }

  @Test func locationsAreOrderedByFileLineAndColumn() {
    let places = [
      SourceLocation(file: "a", line: 2, column: 9), SourceLocation(file: "a", line: 10, column: 1),
      SourceLocation(file: "a", line: 10, column: 2), SourceLocation(file: "b"),
    ]
    #expect(places.shuffled().sorted() == places)
    #expect(places[0].description == "a:2:9")
  }

  @Test(arguments: [
    ("pyhton", "python"), ("toolz", "tools"), ("Interpreter", "interpreters"), ("pythn", "python"),
    ("hoks", "hooks"),
  ]) func theNearestNameIsOffered(_ wrong: String, _ right: String) {
    #expect(nearest(wrong, among: ["python", "tools", "interpreters", "hooks", "node"]) == right)
  }

  @Test func nothingIsOfferedForWhatIsFar() {
    #expect(nearest("zebra", among: ["python", "tools"]) == nil)
    #expect(nearest("", among: ["python"]) == nil)
    #expect(nearest("x", among: []) == nil)
  }
}
