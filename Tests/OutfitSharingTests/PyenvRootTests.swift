import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

@Suite struct PyenvRootTests {
  private func root() -> MemoryFiles {
    let files = MemoryFiles.withHome()
    let versions = "/home/ann/.pyenv/versions"
    for name in ["3.9.18", "3.12.1", "pypy3.10-7.3.12", "2.7.18"] {
      files.put(FilePath("\(versions)/\(name)/bin/python"), "ELF", mode: 0o755)
    }
    let shop = "\(versions)/3.12.1/envs/shop"
    files.put(FilePath("\(shop)/pyvenv.cfg"), "home = x\nversion = 3.12.1\n")
    files.put(FilePath("\(shop)/bin/python"), "ELF", mode: 0o755)
    files.putLink(FilePath("\(versions)/shop"), to: shop)
    files.put(FilePath("\(versions)/old/pyvenv.cfg"), "version_info = 3.9.18.final.0\n")
    files.put(FilePath("\(versions)/README"), "not a version")
    files.put("/home/ann/.pyenv/version", "# daily\n3.12.1 # why\nshop\n")
    return files
  }

  private func read(_ files: MemoryFiles) throws -> PyenvRoot {
    let host = Host.test(files: files)
    return try PyenvRoot.read(PyenvRoot.locate(host), host)
  }

  @Test func versionsAndVirtualenvs() throws {
    let pyenv = try read(root())
    #expect(pyenv.versions.map(\.version.description) == ["3.12.1", "3.9.18", "2.7.18"])
    #expect(pyenv.entries.map(\.name).sorted() == ["2.7.18", "3.12.1", "3.9.18", "pypy3.10-7.3.12"])
    #expect(pyenv.virtualenvs.map(\.name) == ["old", "shop"])
    #expect(pyenv.virtualenvs.map(\.works) == [false, true])
    #expect(pyenv.virtualenvs.map { $0.version?.description } == ["3.9.18", "3.12.1"])
    #expect(pyenv.virtualenvs[1].folder == "/home/ann/.pyenv/versions/3.12.1/envs/shop")
    #expect(pyenv.global == ["3.12.1", "shop"])
  }

  @Test func linksAreFollowedToWhereThingsAre() throws {
    let files = root()
    let versions = "/home/ann/.pyenv/versions"
    files.putLink(FilePath("\(versions)/3.12"), to: "3.12.1")
    files.put("/elsewhere/3.13.0/bin/python", "ELF", mode: 0o755)
    files.putLink(FilePath("\(versions)/3.13.0"), to: "/elsewhere/3.13.0")
    files.putLink(FilePath("\(versions)/api"), to: "3.12/envs/shop")
    let pyenv = try read(files)
    let alias = try #require(pyenv.entries.first { $0.name == "3.12" })
    #expect(alias.isAlias)
    let other = try #require(pyenv.entries.first { $0.name == "3.13.0" })
    #expect(!other.isAlias && other.place == "/elsewhere/3.13.0")
    #expect(
      pyenv.virtualenvs.first { $0.name == "api" }?.folder == "/home/ann/.pyenv/versions/3.12.1/envs/shop")
  }

  @Test func defaultPackages() throws {
    let files = root()
    let packages = "/home/ann/.pyenv/versions/3.12.1/lib/python3.12/site-packages"
    files.put(
      FilePath("\(packages)/Black_D-26.1.dist-info/entry_points.txt"),
      "[gui_scripts]\nx = y\n[console_scripts]\nblack = black:main\n\nblackd=blackd:main\n[other]\nz = w\n")
    files.put(
      "/home/ann/.pyenv/default-packages",
      "# tools\nblack.d[jupyter,d] >= 25  # formatter\nrequests==2.31\n-e /tmp/x\nhttps://x.example/y.whl\n\n"
    )
    let found = try read(files).defaultPackages
    #expect(found.map(\.name) == ["black-d", "requests", nil, nil])
    #expect(found.map(\.lineNumber) == [2, 3, 4, 5])
    #expect(found[0].extras == ["jupyter", "d"])
    #expect(found.map(\.specifier) == [">=25", "==2.31", "", ""])
    #expect(found.map(\.programs) == [["black", "blackd"], [], [], []])
  }

  @Test func whereThereIsNone() {
    let failure = #expect(throws: Failure.self) { try self.read(MemoryFiles.withHome()) }
    #expect(failure?.status == .usage)
  }
}
