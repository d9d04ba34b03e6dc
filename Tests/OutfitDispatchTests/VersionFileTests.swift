import Support
import Testing

@testable import OutfitDispatch

@Suite struct VersionFileTests {
  @Test(arguments: VersionFileCase.all)
  func filesAreReadAsOutfitReadsThem(_ one: VersionFileCase) throws {
    let language: Language = one.language == "python" ? .python : .node
    let offers = (VersionFileCase.offered[one.language] ?? []).compactMap { text in
      OfferedVersion(Array(text.utf8)[...]).map { Offer(version: $0, program: Array(text.utf8)) }
    }
    let text = Array(one.text.utf8)
    let found =
      one.file == ".tool-versions"
      ? VersionFile.toolVersions(text, language) : VersionFile.plain(text, language)
    let wishes = found.map { wish in
      let choice: String
      switch wish.request {
      case nil: choice = "?"
      case .system: choice = "system"
      case .some(let request):
        choice =
          request.best(of: offers, { LongTermLines(Array(VersionFileCase.longTerm.utf8)) })
          .map { String(decoding: $0.program, as: UTF8.self) } ?? "none"
      }
      return "\(wish.line) \(String(decoding: wish.text, as: UTF8.self)) -> \(choice)"
    }
    #expect(wishes == one.wishes)
  }

  private func world() throws -> World {
    let world = try World()
    try world.machine(
      "c python /m/bin/python3", "i python 3.13.5 /m/bin/python3", "i python 3.11.9 /m/3.11/python3")
    try world.write("envs/shop/bin/python", "", mode: 0o755)
    try world.write("envs/shop/pyvenv.cfg", "home = /m/3.12/bin\nversion = 3.12.1\n")
    try world.write(
      "data/tables/venvs", "outfit-venvs 1\nshop\t\(world.path("envs/shop"))\t3.11.7\npyenv\n")
    return world
  }

  @Test func aFileCanNameAVirtualenvOfTheUsers() throws {
    let world = try world()
    for text in ["shop", "3.11.7/envs/shop"] {
      try? world.folder.host.files.remove(world.path("a/.python-version"))
      try world.write("a/.python-version", text + "\n3.11\n")
      #expect(world.answer("python", in: "a/b") == world.path("envs/shop/bin/python").string)
      #expect(world.answer("pip", in: "a/b") == "\(world.path("envs/shop/bin/python")) -P -m pip")
      #expect(world.answer("python3.11", in: "a/b") == "/m/3.11/python3")
      #expect(world.answer("python3.12", in: "a/b") == world.path("envs/shop/bin/python").string)
    }
    try world.write("b/.python-version", "../envs/shop\n")
    try world.write("c/.python-version", "shopping\n")
    try world.write("d/.python-version", "evil/envs/shop\n")
    for folder in ["b", "c", "d"] { #expect(world.answer("python", in: folder).hasPrefix("127")) }
  }

  @Test func theFirstThatIsHereServes() throws {
    let world = try world()
    for text in ["3.9\n3.11\n", "nosuch\n3.11\n", "3.12\n3.11\n3.13\n"] {
      try? world.folder.host.files.remove(world.path("a/.python-version"))
      try world.write("a/.python-version", text)
      #expect(world.answer("python", in: "a") == "/m/3.11/python3")
    }
    try world.write("b/.tool-versions", "python 3.9 3.11 system\n")
    #expect(world.answer("python", in: "b") == "/m/3.11/python3")
    try world.write("c/.python-version", "3.9\nnosuch\n")
    #expect(world.answer("python", in: "c").hasPrefix("127 python 3.9 is asked for by"))
    world.variables["PYENV_VERSION"] = "3.9:3.11"
    #expect(world.answer("python", in: "") == "/m/3.11/python3")
  }

  @Test func aFileCanNameWhatOnlyPyenvHas() throws {
    let world = try world()
    try world.write("home/.pyenv/shims/python", "", mode: 0o755)
    try world.write("home/.pyenv/versions/2.7.18/bin/python", "", mode: 0o755)
    world.variables["PATH"] = "\(world.path("usr/bin")):\(world.path("home/.pyenv/shims"))"
    try world.write("a/.python-version", "2.7.18\n")
    #expect(world.answer("python", in: "a") == world.path("home/.pyenv/shims/python").string)
    try world.write("b/.python-version", "2.7.17\n")
    #expect(world.answer("python", in: "b").hasSuffix("is not installed; Outfit has no Python 2"))
    try world.write("c/.python-version", "../versions/2.7.18\n")
    #expect(world.answer("python", in: "c").hasPrefix("127"))
    world.variables["PYENV_DIR"] = world.path("a").string
    #expect(world.answer("python", in: "a").hasPrefix("127"))
  }

  @Test func pyenvsVariableIsHonoured() throws {
    let world = try world()
    world.variables["PYENV_VERSION"] = "3.11"
    #expect(world.answer("python", in: "") == "/m/3.11/python3")
    world.variables["PYENV_VERSION"] = "3.13:3.11"
    #expect(world.answer("python", in: "") == "/m/bin/python3")
    #expect(world.answer("python3.11", in: "") == "/m/3.11/python3")
    world.variables["PYENV_VERSION"] = "shop"
    #expect(world.answer("python", in: "") == world.path("envs/shop/bin/python").string)
    world.variables["OUTFIT_PYTHON"] = "3.13"
    #expect(world.answer("python", in: "") == "/m/bin/python3")
  }

  @Test func whatOnlyPyenvHasIsPyenvsToRun() throws {
    let world = try world()
    try world.write("usr/bin/python", "", mode: 0o755)
    world.variables["PYENV_VERSION"] = "3.6.15"
    // Another version without a word would be worse than none.
    #expect(world.answer("python", in: "").hasPrefix("127 python 3.6.15 is asked for by PYENV_VERSION"))
    try world.write("home/.pyenv/shims/python", "", mode: 0o755)
    world.variables["PATH"] = "\(world.path("usr/bin")):\(world.path("home/.pyenv/shims"))"
    #expect(world.answer("python", in: "") == world.path("home/.pyenv/shims/python").string)
  }
}
