import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitDispatch

@Suite struct DispatcherTests {
  @Test func theNearestProjectComesBeforeTheMachine() throws {
    let world = try World()
    try world.machine("c black /store/black-26/bin/black", "c http /store/http/bin/http --fixed")
    try world.project("shop", "c black /store/black-25/bin/black")
    try world.project("shop/api", "c ruff /store/ruff/bin/ruff")
    #expect(world.answer("black", in: "shop/src/deep") == "/store/black-25/bin/black")
    #expect(world.answer("black", in: "shop/api") == "/store/black-25/bin/black")
    #expect(world.answer("ruff", in: "shop/api/x") == "/store/ruff/bin/ruff")
    #expect(world.answer("black", in: "shopping") == "/store/black-26/bin/black")
    #expect(world.answer("http", in: "shop") == "/store/http/bin/http --fixed")
    #expect(world.answer("black", in: "") == "/store/black-26/bin/black")
  }

  @Test func aFolderThatIsGoneHasTheMachinesCommands() throws {
    let world = try World()
    try world.machine("c black /store/black")
    guard case .run(let match) = world.dispatcher.resolve(Array("black".utf8), in: nil) else {
      Issue.record("nothing to run")
      return
    }
    #expect(match.origin == .machine)
  }

  @Test func aTableServesOnlyTheRootThatItNames() throws {
    let world = try World()
    let name = String(
      decoding: TablePlace.name(ofRoot: Array(world.path("other").string.utf8)), as: UTF8.self)
    try world.write("data/tables/\(name)", "outfit-table 1\nroot /elsewhere\nc\tblack\t/evil\n")
    #expect(world.answer("black", in: "other").hasPrefix("127 black is not here"))
  }

  @Test func theHashIsFnv1a() {
    #expect(TablePlace.name(ofRoot: Array("".utf8)) == Array("cbf29ce484222325".utf8))
    #expect(TablePlace.name(ofRoot: Array("a".utf8)) == Array("af63dc4c8601ec8c".utf8))
    #expect(TablePlace.name(ofRoot: Array("foobar".utf8)) == Array("85944171f73967e8".utf8))
    let places = Array(Ancestors(of: Array("/foo/bar".utf8)))
    #expect(places.map { String(decoding: $0.path, as: UTF8.self) } == ["/foo/bar", "/foo", "/"])
    #expect(places.allSatisfy { TablePlace.name($0.hash) == TablePlace.name(ofRoot: Array($0.path)) })
    #expect(places.map { String(decoding: $0.withSlash, as: UTF8.self) } == ["/foo/bar/", "/foo/", "/"])
  }

  @Test func damagedTablesAreNone() throws {
    let world = try World()
    for text in ["", "\n\n\n", "outfit-table 2\nscope machine\nc\tblack\t/x\n", "c\tblack\t/x\n"] {
      try world.folder.host.files.removeTree(world.path("data/tables/machine"))
      try world.write("data/tables/machine", text)
      #expect(world.answer("black", in: "").hasPrefix("127"))
    }
    try world.folder.host.files.removeTree(world.path("data/tables/machine"))
    try world.machine("c", "c black", "c black relative", "x black /x", "c blackd /d", "c black /good")
    #expect(world.answer("black", in: "") == "/good")
  }

  // MARK: Falling through

  @Test func aNameThatIsNotHereIsTheNextOnPath() throws {
    let world = try World()
    try world.write("usr/bin/black", "", mode: 0o755)
    try world.write("opt/bin/black", "", mode: 0o644)
    try world.link("data/bin/black", to: "../libexec/outfit-shim")
    let folders = ["data/bin", "opt/bin", "usr/bin"].map { world.path($0).string }
    world.variables["PATH"] = (["", ".", "relative"] + folders).joined(separator: ":")
    #expect(world.answer("black", in: "") == world.path("usr/bin/black").string)
  }

  @Test func launchersNeverCallEachOther() throws {
    let world = try World()
    try world.link("data/bin/black", to: "../libexec/outfit-shim")
    try world.write("other/libexec/outfit-shim", "another launcher", mode: 0o755)
    try world.link("other/bin/black", to: "../libexec/outfit-shim")
    try world.link("home/bin/black", to: "../../data/bin/black")
    try world.link("loop/black", to: "black")
    try world.link("bin-by-another-name", to: "data/bin")
    world.variables["PATH"] = ["data/bin", "other/bin", "home/bin", "loop", "bin-by-another-name"]
      .map { world.path($0).string }.joined(separator: ":")
    #expect(world.answer("black", in: "").hasPrefix("127 black is not here"))
  }

  @Test func versionManagersShimsCantCallBack() throws {
    let world = try World()
    for manager in [".pyenv", ".asdf"] { try world.write("home/\(manager)/shims/python", "", mode: 0o755) }
    try world.link("asdf", to: "home/.asdf/shims")
    let folders = ["home/.asdf/shims", "home/.pyenv/shims", "home/.asdf/shims/.", "asdf"]
      .map { world.path($0).string }
    world.variables["PATH"] = folders.joined(separator: ":")
    #expect(world.answer("python", in: "") == folders[1] + "/python")
    world.variables["PATH"] = folders.reversed().joined(separator: ":")
    #expect(world.answer("python", in: "") == folders[1] + "/python")
    world.variables["PYENV_DIR"] = "/"
    #expect(world.answer("python", in: "").hasPrefix("127"))
  }

  @Test func aNameThatIsNowhereSaysWhereItLives() throws {
    let world = try World()
    try world.project("shop", "c ruff /store/ruff")
    try world.write("data/tables/names", "black\tprofile web-team\tblack 25.1.0\nisort\tproject pay\t6.1\n")
    #expect(
      world.answer("black", in: "shop")
        == "127 black is not in this project; it is in profile web-team (25.1.0)")
    #expect(world.answer("isort", in: "") == "127 isort is not here; it is in project pay (6.1)")
  }

  // MARK: Interpreters

  private func worldOfPythons() throws -> World {
    let world = try World()
    try world.machine(
      "c python /m/3.13/bin/python3", "i python 3.13.5 /m/3.13/bin/python3",
      "i python 3.12.1 /m/3.12/bin/python3", "i python 3.12.10 /m/3.12.10/bin/python3",
      "i python 3.14.0rc1 /m/3.14/bin/python3", "i python 3.13.5t /m/3.13t/bin/python3",
      "i node 24.1.0 /m/node24/bin/node", "i node 25.0.0 /m/node25/bin/node",
      "i node 22.9.0 /m/node22/bin/node")
    return world
  }

  @Test(arguments: [
    ("3.12", "/m/3.12.10/bin/python3"), ("3.12.1", "/m/3.12/bin/python3"), ("3", "/m/3.13/bin/python3"),
    ("python-3.12.1", "/m/3.12/bin/python3"), ("cpython@3.12", "/m/3.12.10/bin/python3"),
    ("cpython-3.12.1-linux-x86_64-gnu", "/m/3.12/bin/python3"), ("3.13t", "/m/3.13t/bin/python3"),
    ("# mine\r\n\r\n  3.12.1  # why\r\n", "/m/3.12/bin/python3"), ("3.12.1 3.13", "/m/3.12/bin/python3"),
    (">= 3.11, < 3.13", "/m/3.12.10/bin/python3"), ("~=3.12.1", "/m/3.12.10/bin/python3"),
    ("3.14.0rc1", "/m/3.14/bin/python3"), ("latest", "/m/3.13/bin/python3"),
    ("3.12.*", "/m/3.12.10/bin/python3"),
  ])
  func versionFilesChoose(_ text: String, _ program: String) throws {
    let world = try worldOfPythons()
    try world.write("shop/.python-version", text)
    #expect(world.answer("python", in: "shop/src") == program)
    #expect(world.answer("python3", in: "shop/src") == program)
    #expect(world.answer("pip", in: "shop") == "\(program) -P -m pip")
    #expect(world.answer("python", in: "") == "/m/3.13/bin/python3")
  }

  @Test func everyKindOfVersionFileIsRead() throws {
    let world = try worldOfPythons()
    try world.write("a/.python-versions", "3.12.1\n3.13\n")
    try world.write("b/.tool-versions", "nodejs 22.9.0\npython\t3.12.1 3.13 # comment\npython 3.13\n")
    try world.write("c/.node-version", "v22.9.0\n")
    try world.write("data/tables/lts", "outfit-lts 1\njod\t22\nkrypton\t24\n")
    try world.write("d/.nvmrc", "lts/*\n")
    try world.write("e/.nvmrc", "lts/jod\n")
    #expect(world.answer("python", in: "a") == "/m/3.12/bin/python3")
    #expect(world.answer("python", in: "b") == "/m/3.12/bin/python3")
    #expect(world.answer("node", in: "b") == "/m/node22/bin/node")
    #expect(world.answer("node", in: "c") == "/m/node22/bin/node")
    #expect(world.answer("node", in: "d") == "/m/node24/bin/node")
    #expect(world.answer("node", in: "e") == "/m/node22/bin/node")
    #expect(world.answer("node", in: "a") == "/m/node24/bin/node")
  }

  @Test func theNearestDecidesAndAManifestBeatsAFileBesideIt() throws {
    let world = try worldOfPythons()
    try world.project("shop", "c python /p/bin/python3", "i python 3.11.9 /p/bin/python3")
    try world.write("shop/.python-version", "3.12")
    #expect(world.answer("python", in: "shop") == "/p/bin/python3")
    try world.write("shop/old/.python-version", "3.12")
    #expect(world.answer("python", in: "shop/old") == "/m/3.12.10/bin/python3")
    #expect(world.answer("python3.11", in: "shop/old") == "/p/bin/python3")
    try world.write(".python-version", "3.12")
    #expect(world.answer("python", in: "shop/src") == "/p/bin/python3")
    try world.project("nothing", "c ruff /ruff")
    #expect(world.answer("python", in: "nothing") == "/m/3.12.10/bin/python3")
  }

  @Test func theVariableDecidesBeforeAll() throws {
    let world = try worldOfPythons()
    try world.project("shop", "c python /p/bin/python3", "i python 3.11.9 /p/bin/python3")
    world.variables["OUTFIT_PYTHON"] = "3.12.1"
    #expect(world.answer("python", in: "shop") == "/m/3.12/bin/python3")
    world.variables["OUTFIT_PYTHON"] = "3.9"
    #expect(
      world.answer("python", in: "shop")
        == "127 python 3.9 is asked for by OUTFIT_PYTHON and is not installed; outfit python install 3.9")
    world.variables["OUTFIT_PYTHON"] = ""
    #expect(world.answer("python", in: "shop") == "/p/bin/python3")
  }

  @Test func theNameItselfNarrowsTheChoice() throws {
    let world = try worldOfPythons()
    try world.write("shop/.python-version", "3.13\n3.12.1\n")
    #expect(world.answer("python3.12", in: "shop") == "/m/3.12/bin/python3")
    #expect(world.answer("python3.12", in: "") == "/m/3.12/bin/python3")
    #expect(world.answer("python3.13t", in: "") == "/m/3.13t/bin/python3")
    #expect(world.answer("python3.10", in: "").hasPrefix("127"))
    #expect(world.answer("python2", in: "").hasPrefix("127"))
  }

  @Test func aVersionThatIsNotInstalledIsNamedWithItsPlace() throws {
    let world = try worldOfPythons()
    try world.write("shop/.python-version", "# for now\n3.10\n")
    #expect(
      world.answer("python", in: "shop/src")
        == "127 python 3.10 is asked for by ~/shop/.python-version:2 and is not installed; "
        + "outfit python install 3.10")
  }

  @Test func systemIsTheNextOnPath() throws {
    let world = try worldOfPythons()
    try world.write("shop/.python-version", "system")
    #expect(world.answer("python", in: "shop").hasPrefix("127 ~/shop/.python-version:1 asks for"))
    try world.write("usr/bin/python", "", mode: 0o755)
    #expect(world.answer("python", in: "shop") == world.path("usr/bin/python").string)
  }

  @Test func npmRunsOnItsOwnNode() throws {
    let world = try World()
    try world.write("n/lib/node_modules/npm/bin/npm-cli.js", "")
    try world.machine("i node 24.1.0 \(world.path("n/bin/node"))", "i node 22.1.0 /without/bin/node")
    #expect(
      world.answer("npm", in: "")
        == "\(world.path("n/bin/node")) \(world.path("n/lib/node_modules/npm/bin/npm-cli.js"))")
    try world.write("old/.nvmrc", "22")
    #expect(world.answer("npm", in: "old") == "127 /without/bin/node came without npm")
    // One of ours says what npm and corepack may do, whoever chose it.
    try world.write("new/.nvmrc", "24")
    for name in ["npm", "corepack"] {
      try world.write("n/lib/outfit/\(name).cjs", "")
      #expect(
        world.answer(name, in: "new")
          == "\(world.path("n/bin/node")) \(world.path("n/lib/outfit/\(name).cjs"))")
    }
  }

  @Test func candidatesListTheWinnerFirst() throws {
    let world = try World()
    try world.machine("c black /m/black")
    try world.project("shop", "c black /p/black")
    try world.write("usr/bin/black", "", mode: 0o755)
    let all = world.dispatcher.candidates(
      Array("black".utf8), in: Array(world.path("shop").string.utf8))
    #expect(
      all.map { String(decoding: $0.command.program, as: UTF8.self) }
        == ["/p/black", "/m/black", world.path("usr/bin/black").string])
    #expect(all.map(\.origin).last == .path)
  }
}
