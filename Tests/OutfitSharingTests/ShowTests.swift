import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

@Suite struct ShowTests {
  private let disk = MemoryFiles.withHome()

  private func abilities() async throws -> [Ability] {
    try Consent(host: .test(files: disk)).abilities(of: await profile())
  }

  private func profile() async throws -> Profile {
    disk.put(
      "/home/ann/base/outfit.yaml",
      "profile: starter\ntools: {isort: \"5.*\"}\nscripts: {fonts: fonts.sh}\nlocked: [tools.isort]\n")
    disk.put("/home/ann/base/fonts.sh", "")
    disk.put(
      "/home/ann/team/outfit.yaml",
      """
      profile: web-team
      description: Everything that our team needs to write for the web, on any machine
      extends: ../base
      interpreters: {python: ["3.13", "3.11"], node: latest}
      tools: {black: {version: "25.*", extras: [d]}, cookiecutter: latest, httpie: latest, sphinx: latest}
      ask: {email: Your e-mail}
      dotfiles: {.zshrc: {block: a}, .vimrc: {link: a}, .gitconfig: {template: a}}
      packages: {apt: [ripgrep]}
      """)
    disk.put("/home/ann/team/a", "")
    return try await ProfileLoader(host: .test(files: disk)).machine("team")
  }

  private var lock: Lock {
    var lock = Lock()
    lock.tools["black"] = LockedTool(
      request: "25.*", version: Version([25, 1, 0]), python: "3.13", programs: ["black", "blackd"])
    lock.interpreters[.python] = [
      LockedInterpreter(
        request: "3.13", version: Version([3, 13, 5]), build: "20261021", provider: .prebuilt)
    ]
    return lock
  }

  @Test func showWide() async throws {
    let found = ShowText.text(
      of: try await profile(), abilities: try await abilities(), lock: lock, address: "team", width: 72)
    let expected = """

        web-team
        Everything that our team needs to write for the web, on any machine

        Interpreters    Python 3.13.5, Python 3.11, the newest Node
        Tools           black 25.1.0, cookiecutter, httpie, isort 5.*, sphinx
        Blocks in       ~/.zshrc
        Files           ~/.gitconfig
        Links           ~/.vimrc
        From apt        ripgrep
        Scripts         fonts (changed)

        It asks for     email: Your e-mail
        Mind that it    runs the script fonts (fonts.sh) when it has changed
                        installs ripgrep with apt, as root by sudo
                        writes ~/.gitconfig, which git obeys
                        links ~/.vimrc, which an editor, a terminal or an
                        interpreter runs
                        keeps a block in ~/.zshrc, which a shell runs
        Built on        starter (base)
        Fixed           tools.isort

        Have it:        outfit up team

      """
    #expect(found == expected)
  }

  @Test func showNarrow() async throws {
    let text = ShowText.text(
      of: try await profile(), abilities: try await abilities(), lock: lock, address: "team", width: 30)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 30 })
    #expect(text.hasSuffix("  Have it:\n    outfit up team\n"))
  }

  @Test func why() async throws {
    let profile = try await profile()
    let host = Host.test()
    func text(_ name: String) throws -> String {
      try Reason.find(name, in: profile, lock: lock, host: host).map { $0.text() }.joined()
    }
    #expect(
      try text("black") == """
        tools.black
          is         25.*; extras d
          set by     web-team, team/outfit.yaml:5
          pinned     25.1.0 on Python 3.13, as black, blackd

        """)
    #expect(try text("tools.isort").contains("locked by  starter, base/outfit.yaml:4"))
    #expect(try text("blackd").hasPrefix("tools.black\n"))
    #expect(try text("~/.zshrc:12").hasPrefix("dotfiles..zshrc\n  is         block of a\n"))
    #expect(try text(".gitconfig").hasPrefix("dotfiles..gitconfig\n"))
    #expect(try text("ripgrep").hasPrefix("packages.apt\n"))
    #expect(try text("python").contains("pinned     3.13.5, prebuilt 20261021"))
    do {
      _ = try text("blakc")
      Issue.record("blakc was found")
    } catch let failure as Failure {
      #expect(failure.diagnostics.first?.hint == "did you mean `black`?")
      #expect(failure.status == .usage)
    }
  }
}
