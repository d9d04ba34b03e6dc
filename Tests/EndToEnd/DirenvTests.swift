import OutfitSystem
import SystemPackage
import Testing

/// direnv beside Outfit's hook, whichever comes first in the rc file: both change PATH, and each puts it back.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct DirenvTests {
  private func project(_ machine: Machine, _ name: String) async throws {
    try machine.write(
      "\(name)/outfit.yaml",
      """
      profile: \(name)
      interpreters: {python: {versions: ["3"], system: true}}
      virtualenv: {from: requirements.txt}

      """)
    try machine.write("\(name)/requirements.txt", "")
    let up = try await machine.outfit("up", "--trust", at: name)
    try #require(up.status == 0, "\(up.errorText)")
    try machine.write("\(name)/.envrc", "PATH_add bin\nexport WORD=\(name)\n")
  }

  @Test(arguments: [ShellTests.Shell.bash, .zsh, .fish], [false, true])
  func pathIsAsItWasAfterLeaving(_ shell: ShellTests.Shell, comesLast: Bool) async throws {
    let machine = try Machine()
    guard ShellTests.has(shell), machine.files.exists("/usr/bin/direnv") else {
      print("SKIPPED: no direnv, \(shell) or tmux (apt-get install direnv \(shell) tmux)")
      return
    }
    try machine.write("me/outfit.yaml", "profile: me\n")
    let me = try await machine.outfit("up", "me", "--trust")
    try #require(me.status == 0, "\(me.errorText)")
    for name in ["shop", "mill"] { try await project(machine, name) }
    let hook = shell == .fish ? "direnv hook fish | source" : "eval \"$(direnv hook \(shell))\""
    let terminal = try await Terminal(
      machine, shell, hook: "shell-init \(shell)", before: comesLast ? "" : hook, after: comesLast ? hook : ""
    )
    func path(_ file: String) async throws -> [String] {
      try await terminal.type("echo \"$PATH\" >~/\(file); echo kept \(file)", until: "kept \(file)")
      return (try machine.read(file) ?? "").split(separator: "\n").flatMap {
        $0.split(separator: ":").map(String.init)
      }
    }
    let before = try await path("before")
    // The first is entered before direnv may read its file, the second after that.
    try await terminal.type("cd ~/shop; echo went", until: "went")
    try await terminal.type("direnv allow; echo allowed", until: "allowed")
    try await terminal.type("echo says $WORD.", until: "says shop.")
    let shop = try await path("shop.txt")
    #expect(shop.contains("\(machine.home)/shop/.venv/bin") && shop.contains("\(machine.home)/shop/bin"))
    try await terminal.type("direnv allow ~/mill; cd ~/mill; echo went", until: "went")
    try await terminal.type("echo says $WORD.", until: "says mill.")
    let mill = try await path("mill.txt")
    #expect(mill.contains("\(machine.home)/mill/.venv/bin"))
    #expect(!mill.contains { $0.contains("/shop/") }, "\(mill)")
    for round in 0..<2 {
      try await terminal.type("cd ~; echo left", until: "left")
      #expect(try await path("after\(round)") == before)
      try await terminal.type("cd ~/mill; echo went", until: "went")
      #expect(try await path("again\(round)") == mill)
    }
    try await terminal.type("cd ~; echo \"left[$VIRTUAL_ENV]\"", until: "left[")
    try await terminal.type("echo \"venv[$VIRTUAL_ENV]\"", until: "venv[]")
    try await terminal.close()
  }
}
