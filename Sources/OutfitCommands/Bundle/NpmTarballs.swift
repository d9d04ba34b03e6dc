import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Gets the tarballs that locks of npm's name, by npm, into Outfit's own cache of it.
struct NpmTarballs {
  let host: Host

  private var cache: FilePath { host.places.cache.appending("npm") }

  /// Each package's file, and its path in the cache.
  /// - Throws: `Failure` with what npm said, or which one the registry has otherwise than the lock.
  func get(_ packages: [NpmPackage], named name: String) async throws -> [(path: String, file: FilePath)] {
    func place(_ package: NpmPackage) throws -> String {
      guard let path = NpmCache.path(of: package.integrity) else {
        throw Failure(
          "\(package.name.harmless) has no digest that npm takes in the lock", hint: "outfit update")
      }
      return path
    }
    let lacking = try packages.filter { !host.files.exists(cache.pushing(FilePath(try place($0)))) }
    if !lacking.isEmpty {
      let npm = try await program()
      // A command line has its bounds.
      for start in stride(from: 0, to: lacking.count, by: 200) {
        let some = lacking[start..<min(start + 200, lacking.count)]
        try await add(some.map { "\($0.name)@\($0.version)" }, npm, name)
      }
    }
    return try packages.map { package in
      let path = try place(package)
      let file = cache.pushing(FilePath(path))
      guard host.files.exists(file) else {
        throw Failure(
          "\(package.name.harmless) \(package.version.harmless) is not what the lock says: the registry has another one",
          hint: "ask whoever keeps the registry, or lock it anew: outfit update", reason: .digest)
      }
      return (path, file)
    }
  }

  private func add(_ words: [String], _ npm: (node: FilePath, script: FilePath), _ name: String) async throws
  {
    var environment = host.environment
    environment["npm_config_cache"] = cache.string
    environment["npm_config_update_notifier"] = "false"
    environment["PATH"] = "\(npm.node.removingLastComponent()):/usr/bin:/bin"
    let done = try await host.processes.run(
      Invocation(
        // Not from where one stands: npm would take an .npmrc from there.
        npm.node, [npm.script.string, "cache", "add", "--loglevel=error", "--"] + words,
        environment: environment,
        workingDirectory: "/"))
    guard done.succeeded else {
      var diagnostic = Diagnostic(.error, "the packages of \(name) can't be got from the npm registry")
      diagnostic.excerpt = done.errorText.split(separator: "\n").filter { !$0.contains("complete log") }
        .suffix(4)
        .map { withoutPasswords(String($0)).harmless }.joined(separator: "\n")
      diagnostic.hint = "check the network, and what ~/.npmrc says of the registry"
      throw Failure([diagnostic])
    }
  }

  /// A Node with its npm: one of ours, or the machine's.
  private func program() async throws -> (node: FilePath, script: FilePath) {
    var nodes: [FilePath] = []
    for name in (try? host.files.list(host.places.store)) ?? [] where name.hasPrefix("node-") {
      nodes.append(host.places.store.appending(name).pushing("bin/node"))
    }
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    nodes += folders.filter { $0.isAbsolute && $0 != host.places.bin }.map { $0.appending("node") }
    for node in nodes where host.files.exists(node) {
      let real = host.files.resolved(node) ?? node
      let prefix = real.removingLastComponent().removingLastComponent()
      let scripts = [
        prefix.pushing("lib/node_modules/npm/bin/npm-cli.js"),
        node.removingLastComponent().appending("npm"), FilePath("/usr/share/nodejs/npm/bin/npm-cli.js"),
      ]
      guard let script = scripts.first(where: { host.files.exists($0) }) else { continue }
      let done = try await host.processes.run(
        Invocation(node, [script.string, "--version"], environment: host.environment, workingDirectory: "/"))
      if done.succeeded { return (node, script) }
    }
    throw Failure(
      "packages of npm are got by npm, and no Node with npm is here",
      hint: "`outfit up` gives you a Node, or install npm")
  }
}
