import Testing

@testable import OutfitDispatch

@Suite struct ActivationTests {
  @Test func theNearestProjectWithAnEnvironmentCounts() throws {
    let world = try World()
    let virtualenv = world.path("shop/.venv").string
    try world.link("shop/.venv", to: "/store/virtualenv-1")
    try world.project(
      "shop", "v \(virtualenv) /store/virtualenv-1", "e DEBUG a\\tb\\\\c", "e 1BAD x", "e LD-X y")
    try world.project("shop/sub", "c black /black")
    let activation = world.dispatcher.activation(in: Array(world.path("shop/sub/x").string.utf8))
    #expect(activation?.virtualenv == Array(virtualenv.utf8))
    #expect(activation?.root == Array(world.path("shop").string.utf8))
    #expect(activation?.variables.map { $0.name } == [Array("DEBUG".utf8)])
    #expect(activation?.variables.map { $0.value } == [Array("a\tb\\c".utf8)])
    #expect(world.dispatcher.activation(in: Array(world.path("other").string.utf8)) == nil)
  }

  @Test func aShellIsToldOnlyWhatChanges() throws {
    let activation = Activation(
      root: Array("/w/it's".utf8), virtualenv: Array("/w/it's/.venv".utf8),
      variables: [(name: Array("A".utf8), value: Array("x\\'$(y)".utf8))], project: Array("it's".utf8),
      python: Array("3.13.5".utf8))
    func script(_ activation: Activation?, _ current: Bytes, _ shell: Activation.Shell) -> String {
      String(decoding: Activation.script(activation, current: current, for: shell), as: UTF8.self)
    }
    let identity = String(decoding: activation.identity, as: UTF8.self)
    #expect(identity.hasPrefix("/w/it's:"))
    let hash = identity.dropFirst(7)
    #expect(
      script(activation, [], .bash)
        == "__outfit_enter '/w/it'\\''s\(hash)' '/w/it'\\''s/.venv' 'it_s' 'it_s' '3.13.5' '' 'A' 'x\\'\\''$(y)'\n"
    )
    #expect(
      script(activation, Array("old".utf8), .fish)
        == "__outfit_leave\n__outfit_enter '/w/it\\'s\(hash)' '/w/it\\'s/.venv' 'it_s' 'it_s' '3.13.5' '' 'A' "
        + "'x\\\\\\'$(y)'\n")
    #expect(script(activation, activation.identity, .zsh) == "")
    #expect(script(nil, activation.identity, .zsh) == "__outfit_leave\n")
    #expect(script(nil, [], .zsh) == "")
  }

  /// What a shell would expand, and a terminal obey, in the name of a folder.
  @Test(arguments: [
    ("$(touch x)", "__touch x_"), ("`x`\\u", "_x__u"), ("%F{red}", "_F_red_"), ("a\u{1b}[31m", "a?_31m"),
    ("Ärger 日本", "Ärger 日本"), (String(repeating: "x", count: 200), String(repeating: "x", count: 80) + "..."),
  ])
  func namesArePlainInAPrompt(_ name: String, _ shown: String) {
    #expect(String(decoding: Activation.harmless(Array(name.utf8)), as: UTF8.self) == shown)
  }

  private func activation(_ world: World, _ folder: String) -> String {
    let found = world.dispatcher.activation(in: Array(world.path(folder).string.utf8))
    func text(_ bytes: Bytes?) -> String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "-" }
    let venv = text(found?.virtualenv).split(separator: world.folder.path.string).joined()
    return "\(venv) \(text(found?.label)) \(text(found?.project)) \(text(found?.python)) \(text(found?.node))"
  }

  @Test func aPromptKnowsWhatTheFolderDecides() throws {
    let world = try World()
    try world.machine(
      "c python /m/python", "i python 3.13.5 /m/python", "i python 3.12.1 /m/python312",
      "i node 24.1.0 /m/node")
    try world.project(
      "shop", "i python 3.11.2 /p/python", "v \(world.path("shop/.venv")) \(world.path("store/shop"))",
      "c python \(world.path("shop/.venv/bin/python"))")
    try world.write("store/shop/pyvenv.cfg", "home = /p\nversion = 3.11.2\n")
    try world.link("shop/.venv", to: world.path("store/shop").string)
    try world.write("shop/old/.python-version", "3.12\n")
    try world.write("web/.nvmrc", "24\n")
    try world.write("away/.python-version", "3.9\n")
    try world.write("sys/.python-version", "system\n")
    try world.project("tools", "c black /black")
    #expect(activation(world, "") == "- - - - -")
    #expect(activation(world, "shop/sub") == "/shop/.venv shop shop 3.11.2 -")
    #expect(activation(world, "shop/old") == "- - shop 3.12.1 -")
    #expect(activation(world, "web") == "- - - - 24.1.0")
    #expect(activation(world, "away") == "- - - 3.9? -")
    try world.write("several/.python-version", "3.9\nnone\n3.12\n")
    #expect(activation(world, "several") == "- - - 3.12.1 -")
    #expect(activation(world, "sys") == "- - - system -")
    #expect(activation(world, "tools") == "- - tools - -")
    world.variables["OUTFIT_PYTHON"] = "3.13"
    #expect(activation(world, "shop/sub") == "- - shop 3.13.5 -")
  }

  @Test func namedEnvironmentsAreChosenByAFile() throws {
    let world = try World()
    try world.machine("c python /m/python", "i python 3.13.5 /m/python", "c python3.11 /m/python311")
    try world.write("envs/blog/bin/python", "", mode: 0o755)
    try world.write("envs/blog/pyvenv.cfg", "version_info = 3.11.2.final.0\n")
    try world.write(
      "data/tables/venvs", "outfit-venvs 1\nblog\t\(world.path("envs/blog"))\ngone\t/nowhere\nodd\trelative\n"
    )
    try world.write("site/.python-version", "blog\n")
    try world.write("pyenvs/.python-version", "3.11.2/envs/blog\n")
    let python = world.path("envs/blog/bin/python").string
    for folder in ["site", "pyenvs", "site/deeper"] {
      #expect(world.answer("python", in: folder) == python)
      #expect(world.answer("python3.11", in: folder) == python)
      #expect(world.answer("pip", in: folder) == "\(python) -P -m pip")
      #expect(activation(world, folder) == "/envs/blog blog - 3.11.2 -")
    }
    #expect(world.answer("python3.13", in: "site").hasPrefix("/m/python"))
    for (index, name) in ["gone", "odd", "other", "../envs/blog", "3.11.2/envs/../envs/blog", "."]
      .enumerated()
    {
      try world.write("evil\(index)/.python-version", name + "\n")
      #expect(world.answer("python", in: "evil\(index)").hasPrefix("127"), "\(name)")
      #expect(activation(world, "evil\(index)").hasPrefix("- - "), "\(name)")
    }
    world.variables["OUTFIT_PYTHON"] = "blog"
    #expect(world.answer("python", in: "") == python)
  }
}
