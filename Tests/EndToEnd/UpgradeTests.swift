import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// Releases that come out while one watches: a mirror on the disk, in the published form, around a real Python.
@Suite(.serialized)
struct UpgradeTests {
  /// A release of python-build-standalone by its names; nil, loudly, where nothing can stand for one.
  private struct Mirror {
    let machine: Machine
    let folder: FilePath
    let python: Pyenv
    let triple: String

    init?(_ machine: Machine) async throws {
      guard let python = try await Pyenv(machine) else { return nil }
      self.python = python
      self.machine = machine
      folder = machine.home.appending("mirror/python")
      let architecture = try await machine.run("/bin/uname", ["-sm"]).outputText
      guard architecture.hasPrefix("Linux "),
        let name = architecture.split(whereSeparator: \.isWhitespace).last
      else {
        print("SKIPPED: the releases of this test are for Linux")
        return nil
      }
      triple = "\(name)-unknown-linux-gnu"
    }

    var setting: [String: String] {
      ["OUTFIT_MIRROR": "file://\(machine.home)/mirror", "PYENV_ROOT": "/nowhere", "PATH": "/usr/bin:/bin"]
    }

    /// Publishes a version; without its file, the index alone has it.
    func publish(_ patch: Int, file: Bool = true) async throws -> String {
      let version = "\(python.series).\(patch)"
      let date = "202601\(patch)"
      let name = "cpython-\(version)+\(date)-\(triple)-install_only.tar.gz"
      let path = folder.appending(date).appending(name)
      try await python.sh(
        "mkdir -p \(folder)/\(date) \(folder)/x/python/bin && cp \(python.folder)/bin/python\(python.series) \(folder)/x/python/bin/python3 "
          + "&& echo \(version) > \(folder)/x/python/VERSION && tar -czf '\(path)' -C \(folder)/x python")
      let digest = Digest(of: try machine.files.read(path))
      if !file { try machine.files.remove(path) }
      let url = "https://github.com/astral-sh/python-build-standalone/releases/download/\(date)/\(name)"
      try machine.write(
        "mirror/line-\(patch)",
        #"{"version":"\#(version)+\#(date)","artifacts":[{"url":"\#(url)","sha256":"\#(digest)"}]}"# + "\n")
      try await python.sh("cat \(machine.home)/mirror/line-* > \(folder)/python-build-standalone.ndjson")
      return version
    }
  }

  @Test func theChangeIsShownFirst() async throws {
    let machine = try Machine()
    guard let mirror = try await Mirror(machine) else { return }
    let set = mirror.setting
    let series = mirror.python.series
    let old = try await mirror.publish(90)
    let installed = try await machine.outfit("python", "install", series, setting: set)
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(installed.outputText == "Installed Python \(old).\n")
    let nothing = try await machine.outfit("python", "upgrade", setting: set)
    #expect(nothing.outputText.contains("Nothing to do"), "\(nothing.errorText)\(nothing.outputText)")

    let new = try await mirror.publish(91)
    let all = try await machine.outfit("python", "list", "--all", setting: set)
    #expect(all.outputText.contains("\(new) \(old)*"), "\(all.outputText)")
    let outdated = try await machine.outfit("outdated", "--check", "--json", setting: set)
    #expect(outdated.status == 3, "\(outdated.errorText)")
    #expect(outdated.outputText.contains("\"since\": \"2026-01-91\""), "\(outdated.outputText)")
    let dry = try await machine.outfit("python", "upgrade", "--dry-run", setting: set)
    #expect(
      dry.outputText.contains("~ python \(series): \(old) -> \(new)"), "\(dry.outputText)\(dry.errorText)")
    #expect(try await machine.outfit("python", "list", "--bare", setting: set).outputText == "\(old)\n")
    let done = try await machine.outfit("python", "upgrade", setting: set)
    #expect(done.status == 0, "\(done.errorText)")
    #expect(done.outputText.contains("Upgraded to Python \(new)"))
    #expect(try await machine.outfit("python", "list", "--bare", setting: set).outputText == "\(new)\n")

    // The mirror is gone: what was known is still told, with its age.
    let offline = try await machine.outfit("python", "list", "--all", "--offline", setting: set)
    #expect(offline.outputText.contains(new))
    #expect(offline.errorText.contains("ago"), "\(offline.errorText)")

    // The one before stays for the way back, and for whoever built upon it.
    let gc = try await machine.outfit("gc", "--dry-run", setting: set)
    #expect(!gc.outputText.contains("would go  python-\(old)"), "\(gc.outputText)")
    let back = try await machine.outfit("rollback", setting: set)
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try await machine.outfit("python", "list", "--bare", setting: set).outputText == "\(old)\n")
  }

  @Test func whatCannotBeFetchedChangesNothing() async throws {
    let machine = try Machine()
    guard let mirror = try await Mirror(machine) else { return }
    let set = mirror.setting
    let here = try await mirror.publish(90)
    let promised = try await mirror.publish(91, file: false)
    let done = try await machine.outfit("python", "install", here, promised, setting: set)
    #expect(done.status == 1, "\(done.errorText)")
    #expect(
      done.errorText.contains("nothing was changed: Python \(promised) could not be had"), "\(done.errorText)"
    )
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil)
    #expect(try await machine.outfit("python", "list", "--bare", setting: set).outputText == "")

    let unknown = try await machine.outfit("python", "install", "\(mirror.python.series).199", setting: set)
    #expect(unknown.status == 2, "\(unknown.errorText)")
    #expect(
      unknown.errorText.contains("the newest of \(mirror.python.series) is \(promised)"),
      "\(unknown.errorText)")
    #expect(!unknown.errorText.contains("outfit.yaml"), "\(unknown.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil)
  }

  @Test func whatNobodyAnswersIsNotCalledTheNewest() async throws {
    let machine = try Machine()
    guard let mirror = try await Mirror(machine) else { return }
    let here = try await mirror.publish(90)
    let installed = try await machine.outfit(
      "python", "install", mirror.python.series, setting: mirror.setting)
    #expect(installed.outputText == "Installed Python \(here).\n", "\(installed.errorText)")
    let nowhere = "http://127.0.0.1:9/simple"
    let set = mirror.setting.merging([
      "OUTFIT_MIRROR": "file:///nowhere", "PIP_INDEX_URL": nowhere, "UV_DEFAULT_INDEX": nowhere,
      "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0",
    ]) { $1 }
    let outdated = try await machine.outfit("outdated", setting: set)
    #expect(outdated.status == 1, "\(outdated.outputText)")
    #expect(!outdated.outputText.contains("is the newest"), "\(outdated.outputText)")
    #expect(
      outdated.errorText.contains("what there is of python could not be found out"), "\(outdated.errorText)")
    let upgrade = try await machine.outfit("python", "upgrade", setting: set)
    #expect(upgrade.status == 1, "\(upgrade.outputText)\(upgrade.errorText)")
    #expect(!upgrade.outputText.contains("is the newest"), "\(upgrade.outputText)")
  }
}
