import OutfitProfile
import OutfitSystem
import Support
import Testing

@testable import OutfitCommands

struct PartSelectionTests {
  private func parts(only: Set<String> = [], skipped: Set<String> = []) -> [String] {
    PartSelection(only: only, skipped: skipped).parts(.test(files: MemoryFiles.withHome())).map(\.name)
  }

  @Test func allIsAll() {
    #expect(PartSelection().isWhole)
    #expect(parts().count > 6)
    #expect(PartSelection().hasAllEffects)
  }

  @Test func whatAPartStandsOnComesAlong() {
    #expect(parts(only: ["hooks"]) == ["interpreters", "tools", "hooks"])
    #expect(parts(only: ["tools"]) == ["interpreters", "tools"])
    #expect(parts(only: ["virtualenv"]) == ["interpreters", "virtualenv"])
    #expect(parts(only: ["dotfiles", "shell"]) == ["dotfiles", "shell"])
    #expect(parts(only: ["node_modules"]) == ["interpreters", "node_modules"])
  }

  @Test func skipWins() {
    #expect(parts(only: ["hooks"], skipped: ["tools"]) == ["interpreters", "hooks"])
    #expect(parts(only: ["tools", "dotfiles"], skipped: ["dotfiles"]) == ["interpreters", "tools"])
    #expect(!parts(skipped: ["interpreters"]).contains("interpreters"))
    #expect(parts(skipped: ["node_modules"]) == parts().filter { $0 != "node_modules" })
  }

  @Test func systemIsPackagesAndScripts() {
    #expect(PartSelection(only: ["system"]).hasAllEffects)
    #expect(!PartSelection(skipped: ["scripts"]).hasAllEffects)
    #expect(PartSelection(skipped: ["scripts"]).has("packages"))
    #expect(!PartSelection(only: ["system"], skipped: ["packages"]).has("packages"))
    #expect(parts(skipped: ["packages", "scripts"]) == parts(skipped: ["system"]))
    #expect(parts(only: ["packages"]) == parts(only: ["system"]))
  }
}
