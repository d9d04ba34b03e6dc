import OutfitSystem
import SystemPackage
import Testing

/// `virtualenv: {editable: false}`: the project and its members as they would ship.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct InstalledProjectTests {
  private static let manifest =
    "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\nvirtualenv: {from: uv.lock, editable: false}\n"

  private func clone(_ machine: Machine) async throws {
    let made = try await machine.run(
      "/bin/sh",
      [
        "-ec",
        "cp -R \"$1\" p && cd p && git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm x",
        "sh", Machine.checkout.appending("Tests/Fixtures/projects/uv").string,
      ])
    try #require(made.succeeded, "\(made.errorText)")
    try machine.write("p/outfit.yaml", Self.manifest)
  }

  @Test func aChangeIsAnotherEnvironment() async throws {
    let machine = try Machine("installed")
    try await clone(machine)
    let asked = try await machine.outfit("up", at: "p")
    #expect(asked.status == 4)
    #expect(asked.errorText.contains("runs the build code of this project"), "\(asked.errorText)")
    let up = try await machine.outfit("up", "--trust", at: "p")
    try #require(up.status == 0, "\(up.errorText)")
    let python = machine.home.pushing("p/.venv/bin/python")
    func says(_ code: String) async throws -> String {
      let ran = try await machine.run(python, ["-c", code], at: "p/tests")
      return ran.succeeded ? ran.outputText : ran.errorText
    }
    let places = try await says("import shop, lib, six; print(shop.__file__, lib.__file__)")
    #expect(places.split(separator: " ").allSatisfy { $0.contains("/site-packages/") }, "\(places)")
    // Nothing is left in the project.
    let state = try await machine.run(
      "/usr/bin/env", ["git", "-C", "p", "status", "--porcelain", "--ignored"])
    #expect(
      Set(state.outputText.split(separator: "\n")) == ["!! .venv", "?? outfit.lock", "?? outfit.yaml"],
      "\(state.outputText)")
    let again = try await machine.outfit("up", at: "p")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)")

    // A file goes, one comes, one changes: of the project, and of a member.
    try machine.write("p/src/shop/gone.py", "X = 1\n")
    try machine.write("p/src/shop/__init__.py", "NAME = 'two'\n")
    let stale = try await machine.outfit("status", "--check", at: "p")
    #expect(stale.status == 3, "\(stale.outputText)")
    let edited = try await machine.outfit("up", at: "p")
    #expect(edited.status == 0, "\(edited.errorText)")
    #expect(try await says("import shop, shop.gone; print(shop.NAME)") == "two\n")
    try machine.files.remove(machine.home.pushing("p/src/shop/gone.py"))
    try machine.write("p/lib/src/lib/__init__.py", "NAME = 'member'\n")
    let third = try await machine.outfit("up", at: "p")
    #expect(third.status == 0, "\(third.errorText)")
    #expect(try await says("import lib; print(lib.NAME)") == "member\n")
    #expect(try await says("import shop.gone").contains("ModuleNotFoundError"))
    for words in [["up"], ["up", "--locked"], ["up", "--offline"]] {
      let same = try await machine.outfit(words, at: "p")
      #expect(same.status == 0 && same.outputText.contains("Nothing to do"), "\(words) \(same.errorText)")
    }
    #expect(try await machine.outfit("status", "--check", at: "p").status == 0)

    // Caches are no source.
    try machine.write("p/.pytest_cache/v/x", "x")
    try machine.write("p/src/shop/__pycache__/x.pyc", "x")
    let cached = try await machine.outfit("up", at: "p")
    #expect(cached.outputText.contains("Nothing to do"), "\(cached.outputText)")

    let back = try await machine.outfit("rollback", at: "p")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try await says("import shop.gone; print(shop.NAME)") == "two\n")
  }

  @Test func aBuildThatFailsLeavesTheEarlierEnvironment() async throws {
    let machine = try Machine("installedfail")
    try await clone(machine)
    let up = try await machine.outfit("up", "--trust", at: "p")
    try #require(up.status == 0, "\(up.errorText)")
    // flit takes the version and the text from there.
    try machine.files.removeTree(machine.home.pushing("p/lib/src"))
    let broken = try await machine.outfit("up", at: "p")
    #expect(broken.status == 1, "\(broken.errorText)")
    #expect(broken.errorText.contains("virtualenv of p"), "\(broken.errorText)")
    let python = machine.home.pushing("p/.venv/bin/python")
    #expect(try await machine.run(python, ["-c", "import lib; print(1)"]).outputText == "1\n")
  }

  /// What builds the project is what the lock has, and no other bytes.
  @Test func theBuildUsesThePinsOfTheLock() async throws {
    let machine = try Machine("installedpins")
    try await clone(machine)
    #expect(try await machine.outfit("trust", at: "p").status == 0)
    let locked = try await machine.outfit("lock", at: "p")
    try #require(locked.status == 0, "\(locked.errorText)")
    let lock = try #require(try machine.read("p/outfit.lock"))
    let parts = lock.split(separator: "  builds:\n", maxSplits: 1)
    try #require(
      parts.count == 2 && parts[1].contains("flit-core==") && parts[1].contains("\"./lib\""), "\(lock)")
    let zeros = String(repeating: "0", count: 64)
    try machine.write(
      "p/outfit.lock",
      parts[0] + "  builds:\n" + parts[1].replacing(/sha256:[0-9a-f]{64}/, with: "sha256:\(zeros)"))
    let refused = try await machine.outfit("up", "--locked", at: "p")
    #expect(refused.status == 1, "\(refused.errorText)")
    #expect(refused.errorText.contains("is not what the lock pins"), "\(refused.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("p/.venv")))
    try machine.write("p/outfit.lock", lock)
    let good = try await machine.outfit("up", "--locked", at: "p")
    #expect(good.status == 0, "\(good.errorText)")
    #expect(try machine.read("p/outfit.lock") == lock)
  }
}
