import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitTools

struct RequirementTests {
  @Test(arguments: [
    ("25.*", "==25.*"), ("25", "==25.*"), ("25.1", "==25.1.*"), ("25.1.0", "==25.1.0"),
    ("v25.1.0", "==25.1.0"), ("24.1a1", "==24.1a1"), (">=3.1, <4", ">=3.1,<4"), ("~=8.1", "~=8.1"),
    ("==8.*", "==8.*"), ("latest", ""), ("*", ""),
  ])
  func specifier(request: String, specifier: String) throws {
    #expect(Requirement.specifier(try #require(VersionRequest(request))) == specifier)
  }

  @Test(arguments: [
    ("3.*", "3.*"), ("3", "3"), (">=3.1,<4", ">=3.1 <4"), ("~=8.1", ">=8.1 <9"),
    ("~=8.1.2", ">=8.1.2 <8.2"), ("==3.1.0", "3.1.0"), ("latest", "latest"), ("!=3.1.0", nil),
  ])
  func range(request: String, range: String?) throws {
    #expect(Requirement.range(try #require(VersionRequest(request))) == range)
  }

  @Test func canonicalLineHoldsAllThatDecidesThePins() throws {
    var tool = ToolSection(
      version: try #require(VersionRequest("25.*")), with: ["furo", "a-plugin>=2"], extras: ["jupyter", "d"],
      python: VersionRequest("3.13"), index: "acme")
    #expect(
      Requirement.canonical("black", tool)
        == "black[d,jupyter]==25.*, a-plugin>=2, furo; python 3.13; index acme")
    let line = Requirement.canonical("black", tool)
    tool.expose = ["black"]
    tool.suffix = "25"
    #expect(Requirement.canonical("black", tool) == line)
    tool.package = "black-fork"
    #expect(Requirement.canonical("black", tool) != line)
  }

  @Test func readsHashedLines() {
    let set = RequirementSet(blackPins)
    #expect(set.entries.map(\.name) == ["black", "click", "colorama"])
    #expect(set.entries.map(\.version) == ["25.12.0", "8.5.1", "0.4.6"])
    let own = set.entries(of: "Black")
    #expect(RequirementSet.text(own).contains(digestB))
    #expect(!RequirementSet.text(own).contains("click"))
    #expect(RequirementSet.text(set.entries) == blackPins)
  }

  @Test func namesCompareAsIndexesCompareThem() {
    #expect(Requirement.normalized("Foo_.-Bar") == "foo-bar")
    #expect(Requirement.name(of: "myst_parser[linkify]>=2; python_version > '3'") == "myst-parser")
  }
}
