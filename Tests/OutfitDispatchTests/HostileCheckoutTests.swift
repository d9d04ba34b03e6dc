import Support
import SystemPackage
import Testing

@testable import OutfitDispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Nothing that lies in a stranger's repository is run, and nothing in it makes a command wait or crash.
@Suite struct HostileCheckoutTests {
  private func world() throws -> World {
    let world = try World()
    try world.machine("c python /m/bin/python3", "i python 3.13.5 /m/bin/python3", "c black /m/black")
    return world
  }

  @Test func plantedTablesAndProgramsAreNotSeen() throws {
    let world = try world()
    let root = world.path("evil")
    let name = String(decoding: TablePlace.name(ofRoot: Array(root.string.utf8)), as: UTF8.self)
    let table = "outfit-table 1\nroot \(root)\nc\tblack\t\(root)/black\ni\tpython\t9.9\t\(root)/python\n"
    for place in ["", "tables/", "outfit/tables/", ".outfit/tables/", "data/tables/"] {
      try world.write("evil/\(place)\(name)", table)
      try world.write("evil/\(place)machine", table)
    }
    for program in [".venv/bin/python", "bin/black", "black", "node_modules/.bin/black"] {
      try world.write("evil/\(program)", "#!/bin/sh\n", mode: 0o755)
    }
    world.variables["PATH"] = ":.:bin:.venv/bin:\(world.path("usr/bin"))"
    #expect(world.answer("black", in: "evil") == "/m/black")
    #expect(world.answer("python", in: "evil") == "/m/bin/python3")
    #expect(world.answer("isort", in: "evil").hasPrefix("127"))
  }

  @Test(arguments: [
    "path:/tmp/evil", "../../../tmp/evil", "/tmp/evil", "3.13/../../evil", "3.13.5/envs/evil", "ref:main",
    "-c", "--help", "$(touch evil)", "`evil`", "3.13;evil", "3.13\u{0}", "\u{0}", "3..13", "99999999999999",
    "3.13.5.1.1.1", "\u{1b}[2J", "\u{202e}3.13", "pypy3.10", "myenv", "python-", "v", "t", ",", ">=", "3.13,",
    String(repeating: "3", count: 5000), String(repeating: "3.", count: 5000), "\u{feff}\u{feff}3.13",
  ])
  func oddVersionsAreRefused(_ text: String) throws {
    let world = try world()
    try world.write("evil/.python-version", text + "\n")
    let answer = world.answer("python", in: "evil")
    #expect(answer.hasPrefix("127 ~/evil/.python-version:1 asks for python \""))
    #expect(answer.utf8.count < 400)
    #expect(!answer.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
  }

  @Test func bytesThatAreNoTextAreRefused() throws {
    let world = try world()
    try world.folder.host.files.createDirectories(world.path("evil"))
    try world.folder.host.files.create(
      world.path("evil/.python-version"), [0xff, 0xfe, 0x33, 0x80, 0x0a], mode: 0o644)
    #expect(world.answer("python", in: "evil").hasPrefix("127 ~/evil/.python-version:1"))
  }

  @Test func aMegabyteIsTooMuch() throws {
    let world = try world()
    try world.write("evil/.python-version", String(repeating: "#", count: 1 << 20))
    #expect(
      world.answer("python", in: "evil")
        == "127 ~/evil/.python-version is too large to be a version file")
    #expect(world.answer("black", in: "evil") == "/m/black")
  }

  @Test(.timeLimit(.minutes(15))) func whatIsNoFileIsPassedOver() throws {
    let world = try world()
    try world.folder.host.files.createDirectories(world.path("evil/.tool-versions"))
    #expect(mkfifo(world.path("evil/.python-version").string, 0o600) == 0)
    try world.link("evil/.python-versions", to: ".python-versions")
    try world.link("evil/deep/.python-version", to: "/dev/zero")
    try world.link("evil/deep/.tool-versions", to: "/dev/tty")
    #expect(world.answer("python", in: "evil/deep") == "/m/bin/python3")
  }

  @Test func manyFoldersAreNoTrouble() throws {
    let world = try world()
    let deep = Array(repeating: "d", count: 300).joined(separator: "/")
    #expect(world.answer("black", in: deep) == "/m/black")
    #expect(world.answer("python", in: deep) == "/m/bin/python3")
  }

  @Test func namesAreOnlyNames() throws {
    let world = try world()
    try world.write("usr/bin/sub/evil", "", mode: 0o755)
    for name in ["", ".", "..", "sub/evil", "../x", "a\u{0}b", "c", "c\tblack"] {
      #expect(world.answer(name, in: "").hasPrefix("127"))
    }
  }

  /// What a checkout can hold that a shell's hook and a prompt look at: nothing of it is activated or waited for.
  @Test(.timeLimit(.minutes(15))) func nothingThatWasNotBroughtUpIsActivated() throws {
    let world = try world()
    try world.write("evil/.venv/bin/python", "#!/bin/sh\n", mode: 0o755)
    try world.write("evil/.venv/pyvenv.cfg", "version = 9.9.9\n")
    try world.write(
      "evil/outfit.yaml", "profile: evil\nenv: {LD_PRELOAD: /evil.so}\nvirtualenv: {from: r.txt}\n")
    try world.write("evil/data/tables/venvs", "outfit-venvs 1\nevil\t\(world.path("evil/.venv"))\n")
    try world.write("evil/tables/venvs", "outfit-venvs 1\nevil\t\(world.path("evil/.venv"))\n")
    for (index, name) in [
      "evil", ".venv", "./.venv", "\(world.path("evil/.venv"))", "venv:evil", "3.13.5/envs/evil",
    ]
    .enumerated() {
      try world.write("evil/\(index)/.python-version", name + "\n")
      try world.link("evil/\(index)/.venv", to: "../.venv")
      let found = world.dispatcher.activation(in: Array(world.path("evil/\(index)").string.utf8))
      #expect(found?.virtualenv == nil, "\(name)")
      #expect(found?.variables.isEmpty != false, "\(name)")
      #expect(world.answer("python", in: "evil/\(index)").hasPrefix("127"), "\(name)")
    }
    #expect(world.dispatcher.activation(in: Array(world.path("evil").string.utf8)) == nil)
    #expect(mkfifo(world.path("evil/.tool-versions").string, 0o600) == 0)
    #expect(mkfifo(world.path("evil/.nvmrc").string, 0o600) == 0)
    #expect(world.dispatcher.activation(in: Array(world.path("evil").string.utf8)) == nil)
  }

  /// A project that was brought up has its environment by a link. What stands there instead may have come with a
  /// checkout, before or after.
  @Test func anEnvironmentInTheLinksPlaceIsNotActivated() throws {
    let world = try world()
    let destination = world.path("store/virtualenv-1").string
    try world.project("shop", "v \(world.path("shop/.venv")) \(destination)")
    try world.project("old", "v \(world.path("old/.venv"))")
    func virtualenv(_ folder: String) -> Bytes? {
      world.dispatcher.activation(in: Array(world.path(folder).string.utf8))?.virtualenv
    }
    #expect(virtualenv("shop") == nil)
    try world.link("shop/.venv", to: destination)
    #expect(virtualenv("shop") == Array(world.path("shop/.venv").string.utf8))
    for other in [destination + "/", destination + "2", String(destination.dropLast()), "evil", "../store"] {
      try world.folder.host.files.remove(world.path("shop/.venv"))
      try world.link("shop/.venv", to: other)
      #expect(virtualenv("shop") == nil, "\(other)")
    }
    try world.folder.host.files.remove(world.path("shop/.venv"))
    try world.write("shop/.venv/bin/python", "#!/bin/sh\n", mode: 0o755)
    #expect(virtualenv("shop") == nil)
    try world.link("old/.venv", to: destination)
    #expect(virtualenv("old") == nil)
  }

  /// A table is believed for the very folder that it was made for: another that is reached by a link, or one that
  /// has taken the place of its name's hash, has none.
  @Test func aTableIsForItsOwnFolderAlone() throws {
    let world = try world()
    try world.project("shop", "c black /p/black", "v /p/.venv", "e A b")
    try world.write("evil/x", "")
    try world.link("evil/shop", to: world.path("shop").string)
    // The launcher asks the kernel where it stands, so a link counts as what it leads to.
    #expect(world.answer("black", in: "evil/shop") == "/m/black")
    let name = String(decoding: TablePlace.name(ofRoot: Array(world.path("evil").string.utf8)), as: UTF8.self)
    try world.write("data/tables/\(name)", "outfit-table 1\nroot \(world.path("shop"))\nc\tblack\t/p/black\n")
    #expect(world.answer("black", in: "evil") == "/m/black")
    for text in ["", "outfit-table 2\n", "outfit-table 1\nscope machine\nc\tblack\t/q\n", "\u{0}\u{0}"] {
      try world.folder.host.files.remove(world.path("data/tables/\(name)"))
      try world.write("data/tables/\(name)", text)
      #expect(world.answer("black", in: "evil") == "/m/black")
    }
  }
}
