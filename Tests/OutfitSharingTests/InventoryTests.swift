import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitSharing

struct InventoryTests {
  @Test func aToolOfPipxKeepsPluginsPythonAndSuffixAndLosesItsPassword() throws {
    let metadata = """
      {"main_package": {"package": "black", "package_or_url": "black[d]==24.10.0", "package_version": "24.10.0",
        "suffix": "24", "apps": ["black", "blackd"], "include_dependencies": false,
        "pip_args": ["--index-url", "https://ada:hunter2@packages.acme.example/simple", "--no-cache-dir"]},
       "injected_packages": {"six": {"package": "six", "package_or_url": "six>=1", "package_version": "1.17.0"}},
       "python_version": "Python 3.11.7", "pipx_metadata_version": "0.12",
       "source_interpreter": {"__type__": "Path", "__Path__": "/usr/bin/python3"}}
      """
    var inventory = ToolInventory()
    inventory.add(Array(metadata.utf8), environment: "black24")
    let tool = try #require(inventory.tools.first)
    #expect((tool.name, tool.package, tool.extras, tool.python) == ("black24", "black", ["d"], "3.11"))
    #expect(
      tool.value(isExact: true, indexName: "acme") == [
        "version": "24.10.0", "package": "black", "extras": ["d"], "with": ["six==1.17.0"], "python": "3.11",
        "suffix": "24", "index": "acme",
      ])
    #expect(tool.index == "https://packages.acme.example/simple")
    #expect(
      inventory.notes.map(\.message) == [
        "black24: the address of its index held a user or a password, which is not taken over",
        "black24: pip's option --no-cache-dir is not taken over",
      ])
    #expect(inventory.notes.first?.hint?.contains("OUTFIT_INDEX_PACKAGES_ACME_EXAMPLE_USERNAME") == true)
    #expect(!"\(inventory)".contains("hunter2"))
  }

  @Test func whatCameFromAnAddressIsLeftOutAndSaid() {
    var inventory = ToolInventory()
    inventory.add(
      Array(#"{"main_package": {"package": "x", "package_or_url": "git+https://host/x"}}"#.utf8),
      environment: "x")
    inventory.add(Array("{".utf8), environment: "y")
    inventory.add(
      """
      [tool]
      requirements = [{ name = "z", git = "https://host/z" }]
      """, environment: "z", installed: [:])
    #expect(inventory.tools.isEmpty)
    #expect(inventory.notes.count == 3)
  }

  @Test func aReceiptOfUvIsRead() throws {
    let receipt = """
      [tool]
      requirements = [
          { name = "sphinx", extras = ["docs"], specifier = ">=8,<9" }, # the tool
          { name = "Furo" },
      ]
      python = "cpython-3.12.4"
      entrypoints = [
          { name = "sphinx-build", install-path = "/bin/sphinx-build", from = "sphinx" },
          { name = "other", install-path = "/bin/other", from = "furo" },
      ]

      [tool.options]
      index = [{ url = "https://ada:hunter2@acme.example/simple", explicit = false }]
      exclude-newer = "2026-01-01T00:00:00Z"
      """
    var inventory = ToolInventory()
    inventory.add(receipt, environment: "sphinx", installed: ["sphinx": "8.2.1", "furo": "2025.1"])
    let tool = try #require(inventory.tools.first)
    #expect(
      tool.value(isExact: false, indexName: nil) == [
        "version": ">=8,<9", "extras": ["docs"], "with": ["Furo"], "python": "3.12",
        "expose": ["other", "sphinx-build"],
      ])
    #expect(tool.value(isExact: true, indexName: nil)["with"]?.texts == ["Furo==2025.1"])
    #expect(tool.index == "https://acme.example/simple")
    #expect(!"\(inventory)".contains("hunter2"))
  }

  @Test func tomlIsReadAsFarAsReceiptsNeedIt() throws {
    let read = try TomlReader.read(
      "a.b = 'x'\n\"c d\" = [1, true, ]\n[[t]]\nn = \"\\u00e9\\n\"\n[[t]]\nn = \"\"\"\ntwo\nlines\"\"\"\n")
    #expect(read["a"]?["b"]?.string == "x")
    #expect(read["c d"]?.array == [.bare("1"), .bare("true")])
    #expect(read["t"]?.array?.compactMap { $0["n"]?.string } == ["é\n", "two\nlines"])
    for wrong in ["a = ", "a = [1", "= 1", "a = \"x", "[a", "a = 'x' b"] {
      #expect(throws: TomlReader.Malformed.self, "\(wrong)") { try TomlReader.read(wrong) }
    }
  }
}
