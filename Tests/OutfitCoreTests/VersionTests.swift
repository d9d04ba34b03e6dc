import OutfitCore
import Testing

@Suite struct VersionTests {
  @Test(arguments: [
    "3.13.5", "3.14.0rc2", "3.13.5t", "1.0.0-beta.1", "3.13.0a1", "25.1.0.post1", "2024.10.1", "3.13.0rc1t",
    "0",
  ]) func aVersionIsWrittenAsItWasRead(_ text: String) throws {
    #expect(try #require(Version(text)).description == text)
  }

  @Test func aLeadingVAndBuildDataAreDropped() {
    #expect(Version("v24.1.0")?.description == "24.1.0")
    #expect(Version("1.2.3+build.5")?.description == "1.2.3")
    #expect(Version("1.0.0-rc.1+build.5")?.description == "1.0.0-rc.1")
  }

  @Test(arguments: [
    "", "v", "t", "abc", "3..1", ".3", "3.x", "3.1 ", "3.1/..", "99999999999999999999", "-1", "3.13é", "vv1",
    "3.", "3.13.",
  ])
  func whatIsNoVersionIsNil(_ text: String) {
    #expect(Version(text) == nil)
  }

  @Test func versionsAreOrderedAsTheirMakersMean() {
    let ordered = [
      "3.9", "3.13.0.dev1", "3.13.0a1", "3.13.0a2", "3.13.0b1", "3.13.0rc1", "3.13.0rc2", "3.13.0", "3.13.0t",
      "3.13.0.post1", "3.13.1", "3.13.10", "4",
    ].compactMap { Version($0) }
    #expect(ordered.count == 13)
    for i in ordered.indices {
      for j in ordered.indices {
        #expect((ordered[i] < ordered[j]) == (i < j), "\(ordered[i]) \(ordered[j])")
      }
    }
    let semantic = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
      .compactMap { Version($0) }
    #expect(semantic.shuffled().sorted() == semantic)
  }

  @Test func equalVersionsAreNeitherBeforeNorAfter() throws {
    let (short, long) = (try #require(Version("3.13")), try #require(Version("3.13.0")))
    #expect(!(short < long) && !(long < short))
    #expect(short.minor == "3.13")
  }
}

@Suite struct VersionRequestTests {
  private let known = ["3.9.1", "3.11.9", "3.13.4", "3.13.5", "3.13.5t", "3.14.0rc2", "25.1.0", "25.12.0"]
    .compactMap { Version($0) }

  @Test(arguments: [
    ("3", "3.13.5"), ("3.13", "3.13.5"), ("3.13.4", "3.13.4"), ("3.13t", "3.13.5t"), ("25.*", "25.12.0"),
    (">=3.11,<3.13", "3.11.9"), ("~=3.11", "3.13.5"), ("~=3.13.1", "3.13.5"), ("==3.13.*", "3.13.5"),
    ("3.14.0rc2", "3.14.0rc2"), (" >= 3.14.0rc1 , < 3.15 ", "3.14.0rc2"), ("latest", "25.12.0"),
    ("*", "25.12.0"),
    ("!=25.12.0", "25.1.0"), ("!=25.*", "3.13.5"), (">=3.11,!=3.13.*,<4", "3.11.9"), ("<=3.13.4", "3.13.4"),
    (">25", "25.12.0"), ("v3.11", "3.11.9"),
  ]) func theNewestThatFitsIsTaken(_ request: String, _ expected: String) throws {
    #expect(try #require(VersionRequest(request)).best(of: known)?.description == expected)
  }

  @Test(arguments: ["3.12", "3.14", ">=26", "3.1", "3.13.50", "==3.13"]) func whatFitsNothingIsNil(
    _ request: String
  ) throws {
    #expect(try #require(VersionRequest(request)).best(of: known) == nil)
  }

  @Test(arguments: [
    "", ",", "3,", ">=", ">=3.*", "three", "^3.1", "3.13 or so", "3 13", "3.*.1", "~=3", "=3",
  ])
  func whatIsNoRequestIsNil(_ text: String) {
    #expect(VersionRequest(text) == nil)
  }

  @Test func theTextOfARequestIsCanonical() {
    #expect(VersionRequest(" >= 3.11 , < 3.14 ")?.text == ">=3.11,<3.14")
    #expect(VersionRequest("25.*")?.text == "25.*")
    #expect(VersionRequest("*")?.text == "latest")
  }

  @Test func onlyThreeNumbersAreExact() {
    #expect(VersionRequest("3.13.5")?.exact?.description == "3.13.5")
    #expect(VersionRequest("==25.1.0")?.exact?.description == "25.1.0")
    for text in ["3.13", "3.13.5.*", ">=3.13.5", "latest", "3.13.5,<4"] {
      #expect(VersionRequest(text)?.exact == nil)
    }
  }
}
