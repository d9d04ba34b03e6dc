import Testing

@testable import OutfitDispatch

@Suite struct ActivationTests {
  @Test func theNearestProjectWithAnEnvironmentCounts() throws {
    let world = try World()
    try world.project("shop", "v /w/shop/.venv", "e DEBUG a\\tb\\\\c", "e 1BAD x", "e LD-X y")
    try world.project("shop/sub", "c black /black")
    let activation = world.dispatcher.activation(in: Array(world.path("shop/sub/x").string.utf8))
    #expect(activation?.virtualenv == Array("/w/shop/.venv".utf8))
    #expect(activation?.root == Array(world.path("shop").string.utf8))
    #expect(activation?.variables.map { $0.name } == [Array("DEBUG".utf8)])
    #expect(activation?.variables.map { $0.value } == [Array("a\tb\\c".utf8)])
    #expect(world.dispatcher.activation(in: Array(world.path("other").string.utf8)) == nil)
  }

  @Test func aShellIsToldOnlyWhatChanges() {
    let activation = Activation(
      root: Array("/w/it's".utf8), virtualenv: Array("/v".utf8),
      variables: [(name: Array("A".utf8), value: Array("x\\'$(y)".utf8))])
    let identity = String(decoding: activation.identity, as: UTF8.self)
    #expect(identity.hasPrefix("/w/it's:"))
    let hash = identity.dropFirst(7)
    #expect(
      Activation.script(activation, current: [], for: .bash)
        == "__outfit_enter '/w/it'\\''s\(hash)' '/v' 'A' 'x\\'\\''$(y)'\n")
    #expect(
      Activation.script(activation, current: Array("old".utf8), for: .fish)
        == "__outfit_leave\n__outfit_enter '/w/it\\'s\(hash)' '/v' 'A' 'x\\\\\\'$(y)'\n")
    #expect(Activation.script(activation, current: activation.identity, for: .zsh) == "")
    #expect(Activation.script(nil, current: activation.identity, for: .zsh) == "__outfit_leave\n")
    #expect(Activation.script(nil, current: [], for: .zsh) == "")
  }
}
