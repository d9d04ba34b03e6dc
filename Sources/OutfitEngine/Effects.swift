import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Runs what can't be undone: system packages and scripts.
public struct Effects: Sendable {
  let host: Host
  private let scope: Scope
  private let isDry: Bool

  /// - Parameter isDry: nothing of the profile is run, not even to ask.
  public init(_ host: Host, scope: Scope, isDry: Bool) {
    self.host = host
    self.scope = scope
    self.isDry = isDry
  }

  /// The effects that have something to do, in their order.
  public func needed(_ effects: [Effect]) async throws -> [Effect] {
    var needed: [Effect] = []
    let receipts = try EffectReceipts.read(scope, host: host)
    for effect in effects {
      try Task.checkCancellation()
      let isDue =
        effect.isRoutine
        ? true : effect.probe == nil ? receipts.wants(effect) : try await isDue(effect)
      if isDue { needed.append(effect) }
    }
    return needed
  }

  /// Whether the probe says that there is something to do. Without one: always.
  ///
  /// In a dry run the probe of a script is not run, since it is the profile's own.
  public func isDue(_ effect: Effect) async throws -> Bool {
    guard let probe = effect.probe else { return true }
    if isDry, effect.ability == .script { return true }
    do {
      return try await !host.processes.run(invocation(probe, asRoot: false)).succeeded
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      return true
    }
  }

  /// Runs an effect on the terminal, checks it by its probe, and records it.
  /// - Returns: What went wrong, or nil.
  /// - Throws: `CancellationError` only.
  public func run(_ effect: Effect, by consented: Consented) async throws -> Diagnostic? {
    let needsSudo = needsSudo(effect)
    if needsSudo, sudo == nil {
      return Diagnostic(
        .error, "\(effect.label) needs root, and there is no sudo here", at: effect.owner.location,
        hint: "run it as root: \(commandLine(effect.command))")
    }
    let status: Int32
    do {
      var invocation = invocation(effect.command, asRoot: needsSudo)
      invocation.talks = true
      if let folder = effect.folder { invocation.workingDirectory = nearest(folder) }
      let copies = try rendered(effect) ?? copies(of: effect, consented)
      defer { copies?.remove() }
      if let copies, let script = effect.script {
        let name = copies.path.pushing(FilePath(relative(script, effect))).string
        invocation.arguments = invocation.arguments.map { $0 == script.string ? name : $0 }
      }
      status = try await host.processes.runAttached(invocation)
      try Task.checkCancellation()
      if status != 0 {
        return Diagnostic(
          .error, "\(effect.label) failed: it ended with status \(status)", at: effect.owner.location,
          hint: "what was run is: \(needsSudo ? "sudo " : "")\(commandLine(effect.command))")
      }
      if effect.ability == .packages, try await isDue(effect) {
        return Diagnostic(
          .error, "\(effect.label) was run, but what it is for is still not there", at: effect.owner.location,
          hint: "what was run is: \(needsSudo ? "sudo " : "")\(commandLine(effect.command))")
      }
      try EffectReceipts.record([effect], scope: scope, host: host)
      return nil
    } catch is CancellationError {
      throw CancellationError()
    } catch let failure as Failure {
      var diagnostic = failure.single
      diagnostic.message = "\(effect.label) failed: \(diagnostic.message)"
      if diagnostic.location == nil { diagnostic.location = effect.owner.location }
      return diagnostic
    } catch {
      return Diagnostic(.error, "\(effect.label) failed: \(error)", at: effect.owner.location)
    }
  }

  /// The folder, or the nearest one above it that is there.
  private func nearest(_ folder: FilePath) -> FilePath {
    var folder = folder
    while folder.starts(with: host.user.home), folder != host.user.home {
      if ((try? host.files.status(folder, followLinks: true)) ?? nil)?.kind == .directory { return folder }
      folder.removeLastComponent()
    }
    return host.user.home
  }

  /// A file of what is run in place of a script's own text; nil where there is no such text.
  private func rendered(_ effect: Effect) throws -> Scratch? {
    guard let script = effect.script, let contents = effect.contents else { return nil }
    let name = relative(script, effect)
    let scratch = try Scratch(host: host, contents: [name: contents])
    do {
      try host.files.setMode(scratch.path.pushing(FilePath(name)), 0o700)
    } catch {
      scratch.remove()
      throw error
    }
    return scratch
  }

  /// Makes sure that a script, and what it is run with, is what was consented to. Where others than this user and root
  /// can write, it is run from copies of that.
  /// - Returns: the copies; nil for a script that is run where it is.
  private func copies(of effect: Effect, _ consented: Consented) throws -> Scratch? {
    guard let script = effect.script, let files = consented.scripts[script] else { return nil }
    var contents: [(path: FilePath, target: String, bytes: [UInt8]?, mode: UInt16)] = []
    var open: FilePath?
    for path in Set(files + [script]).sorted(by: { $0.string < $1.string }) {
      guard let seen = consented.seen(path) else { continue }
      if open == nil { open = try openToOthers(path, within: effect.owner.layer.folder) }
      var bytes: [UInt8]?
      if seen.digest != (try linkDigest(path)) {
        let read = try host.files.read(path)
        try consented.check(path, Digest(of: read))
        bytes = read
      }
      contents.append((path, relative(path, effect), bytes, seen.mode & 0o100 == 0 ? 0o600 : 0o700))
    }
    guard let open else { return nil }
    host.terminal.talk(
      "note: \(effect.label) runs from a copy, since others can write \(open); to have it run where it is: chmod go-w \(open)\n"
    )
    let scratch = try Scratch(host: host, contents: [:])
    do {
      for (path, target, bytes, mode) in contents {
        let place = scratch.path.pushing(FilePath(target))
        try host.files.createDirectories(place.removingLastComponent(), mode: 0o700)
        if let bytes {
          try host.files.create(place, bytes, mode: mode)
        } else {
          try host.files.createLink(place, to: host.files.readLink(path))
        }
      }
    } catch {
      scratch.remove()
      throw error
    }
    return scratch
  }

  /// As consent has a link that it does not follow; nil for what is none.
  private func linkDigest(_ path: FilePath) throws -> Digest? {
    guard try host.files.status(path, followLinks: false)?.kind == .link else { return nil }
    return Digest(of: "link \(try host.files.readLink(path))")
  }

  /// The file, or the first folder on the way up to the layer's, that others than this user and root can write; nil
  /// where all of it is closed to them.
  private func openToOthers(_ path: FilePath, within folder: FilePath) throws -> FilePath? {
    var path = path
    while true {
      guard let status = try host.files.status(path, followLinks: true) else { return path }
      if status.mode & 0o022 != 0 || ![0, host.user.identifier].contains(status.owner) { return path }
      guard path != folder, path.starts(with: folder), path.removeLastComponent() else { return nil }
    }
  }

  private func relative(_ path: FilePath, _ effect: Effect) -> String {
    var relative = path
    _ = relative.removePrefix(effect.owner.layer.folder)
    return relative.isAbsolute ? String(relative.string.dropFirst()) : relative.string
  }

  func needsSudo(_ effect: Effect) -> Bool { effect.needsRoot && host.user.identifier != 0 }

  /// What an administrator types; programs of the system's own folders go by their names.
  func lineForRoot(_ step: Step) -> String {
    let line = commandLine(step)
    let folder = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].first { line.hasPrefix($0) } ?? ""
    return "sudo " + line.dropFirst(folder.count)
  }

  var sudo: FilePath? {
    ["/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo"].map { FilePath($0) }.first { host.files.exists($0) }
  }

  private func invocation(_ step: Step, asRoot: Bool) -> Invocation {
    let store = host.places.store
    let runner = StepRunner(
      host: host, store: Store(host), label: "", logName: "effect", isOffline: false)
    func text(_ argument: Argument) -> String {
      runner.resolve(argument, scratch: host.user.home, out: nil)
    }
    let added = step.environment.merging(step.surroundings) { $1 }.mapValues(text)
    var program = step.program.resolved(store: store)
    var arguments = step.arguments.map(text)
    if asRoot, let sudo {
      // sudo drops variables, and takes new ones only from those who may set any.
      let variables = added.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      arguments =
        (host.terminal.isInteractive ? [] : ["-n"]) + (variables.isEmpty ? [] : ["/usr/bin/env"]) + variables
        + [program.string] + arguments
      program = sudo
    }
    return Invocation(
      program, arguments, environment: host.environment.merging(added) { $1 },
      workingDirectory: host.user.home, standardInput: .inherited)
  }

  private func commandLine(_ step: Step) -> String {
    let invocation = invocation(step, asRoot: false)
    return ([invocation.program.string] + invocation.arguments).map(shellQuoted).joined(separator: " ")
  }
}

/// A word as a POSIX shell reads it.
private func shellQuoted(_ word: String) -> String {
  let plain = word.unicodeScalars.allSatisfy {
    $0.isASCII
      && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-./=:,+@%".unicodeScalars.contains($0))
  }
  return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
}
