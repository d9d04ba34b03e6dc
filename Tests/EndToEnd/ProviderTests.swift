import OutfitSystem
import Support
import Synchronization
import SystemPackage
import Testing

/// Interpreters in the form in which they are published, from servers on the loopback interface.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct ProviderTests {
  private func project(_ machine: Machine, _ manifest: String) throws {
    try machine.write("p/outfit.yaml", manifest)
  }

  /// Downloads that nothing else of this machine has.
  private func own(_ machine: Machine) -> [String: String] {
    ["XDG_CACHE_HOME": machine.home.appending(".cache").string]
  }

  @Test func aPrebuiltPythonComesFromAMirrorAndIsAtHome() async throws {
    let machine = try Machine()
    guard let mirror = try await ReleaseMirror(machine) else { return }
    try project(machine, mirror.manifest)
    // The first answer is cut in the middle.
    let hasCut = Mutex(false)
    let server = try LoopbackServer { request in
      var reply = mirror.reply(request)
      if request.target == mirror.archive, reply.body.count > 10_000 {
        hasCut.withLock { cut in
          if !cut { reply.cutAfter = reply.body.count / 2 }
          cut = true
        }
      }
      return reply
    }
    var settings = own(machine)
    settings["OUTFIT_MIRROR"] = server.address
    let up = try await machine.outfit("up", "--trust", at: "p", setting: settings)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(server.requests.filter { $0.target == mirror.archive }.last?.rangeStart ?? 0 > 0)

    let python = machine.home.appending(".local/share/outfit/bin/python3")
    let said = try await machine.run(
      python,
      [
        "-I", "-c",
        "import re, sys, sysconfig; print(sys.prefix); print(sysconfig.get_config_var('prefix')); "
          + "print(sysconfig.get_config_var('CC')); "
          + "left = re.compile('(?<!/bin)/install|clang|llvm'); "
          + "print([n for n, v in sysconfig.get_config_vars().items() if left.search(str(v).replace(sys.prefix, ''))])",
      ], at: "p")
    let lines = said.outputText.split(separator: "\n")
    try #require(lines.count == 4, "\(said.errorText)")
    #expect(lines[0] == lines[1])
    #expect(lines[2] == "cc -pthread")
    #expect(lines[3] == "[]")
    let prefix = FilePath(String(lines[0]))
    let marker = try #require(
      try machine.files.list(prefix.appending("lib")).first { $0.hasPrefix("python3.") })
    let managed = try machine.files.text(prefix.pushing(FilePath("lib/\(marker)/EXTERNALLY-MANAGED")))
    #expect(
      managed?.contains("outfit tool install") == true && managed?.contains("outfit venv create") == true)

    // What is here serves without a network, and a file is a mirror too.
    let other = machine.home.appending("other").string
    let offline = try await machine.outfit(
      "up", "--offline", at: "p",
      setting: settings.merging(["OUTFIT_HOME": other, "OUTFIT_MIRROR": ""]) { $1 })
    #expect(offline.status == 4, "\(offline.errorText)")
    let fromFile = try await machine.outfit(
      "up", "--offline", "--trust", at: "p",
      setting: settings.merging(["OUTFIT_HOME": other, "OUTFIT_MIRROR": "file://\(mirror.folder)"]) { $1 })
    #expect(fromFile.status == 0, "\(fromFile.errorText)")
  }

  /// Beside the usual build of the same version, and never taken for it.
  @Test func aFreeThreadedPythonGoesByItsOwnNames() async throws {
    let machine = try Machine()
    guard let usual = try await ReleaseMirror(machine),
      let mirror = try await ReleaseMirror(machine, freeThreaded: true)
    else { return }
    let series = usual.version.split(separator: ".").prefix(2).joined(separator: ".")
    let server = try LoopbackServer { mirror.reply($0) }
    let settings = own(machine).merging(["OUTFIT_MIRROR": server.address, "PATH": "/usr/bin:/bin"]) { $1 }
    func outfit(_ words: String..., at folder: String = "") async throws -> Completion {
      let done = try await machine.run(
        Machine.build.appending("outfit"), words, at: folder, setting: settings)
      #expect(done.status == 0, "\(words): \(done.errorText)")
      return done
    }
    let bin = machine.home.appending(".local/share/outfit/bin")
    func says(_ name: String, at folder: String = "") async throws -> String {
      let script =
        "import sys, sysconfig as s; print(sys.prefix, *map(s.get_config_var, ('Py_GIL_DISABLED', 'prefix')))"
      let done = try await machine.run(
        bin.appending(name), ["-I", "-c", script], at: folder, setting: settings)
      return done.succeeded ? done.outputText : "\(done.status) \(done.errorText)"
    }

    #expect(
      try await outfit("python", "list", "--all", "--bare").outputText
        == "\(mirror.version)\n\(usual.version)\n")
    #expect(
      try await outfit("python", "install", "\(series)t").outputText
        == "Installed Python \(mirror.version).\n")
    #expect(server.requests.contains { $0.target == mirror.archive })
    #expect(!server.requests.contains { $0.target == usual.archive })
    let store = machine.home.appending(".local/share/outfit/store").string
    for name in ["python", "python3", "python\(series)t"] {
      let said = try await says(name).split(separator: " ").map(String.init)
      try #require(said.count == 3, "\(name): \(said)")
      #expect(
        said[0].hasPrefix("\(store)/python-\(mirror.version)-") && said[1] == "1" && said[2] == said[0] + "\n"
      )
      let managed = try machine.files.text(FilePath("\(said[0])/lib/python\(series)t/EXTERNALLY-MANAGED"))
      #expect(managed?.contains("outfit venv create") == true)
    }
    let names = try machine.files.list(bin)
    #expect(names.contains("pip\(series)t"))
    #expect(!names.contains("python\(series)") && !names.contains("pip\(series)"))

    // The usual one beside it: each by its name, and a file chooses.
    _ = try await outfit("python", "install", series)
    #expect(
      try await outfit("python", "list", "--bare").outputText == "\(mirror.version)\n\(usual.version)\n")
    #expect(try await says("python\(series)").hasPrefix("\(store)/python-\(usual.version)-"))
    #expect(try await says("python\(series)t").hasPrefix("\(store)/python-\(mirror.version)-"))
    _ = try await outfit("python", "global", series)
    for (wish, version) in [
      ("\(series)t", mirror.version), (mirror.version, mirror.version), (series, usual.version),
      ("cpython-\(series)+freethreaded", mirror.version),
    ] {
      try machine.write("w/.python-version", wish + "\n")
      #expect(try await says("python", at: "w").hasPrefix("\(store)/python-\(version)-"), "\(wish)")
      #expect(try await outfit("python", "version", at: "w").outputText.hasPrefix("\(version) "), "\(wish)")
    }
    try machine.write("w/.python-version", "\(series)t\n")
    let listed = try await outfit("python", "list")
    #expect(listed.outputText.contains("\(mirror.version)"), "\(listed.outputText)")
    _ = try await outfit("python", "install", "\(series)t")
    _ = try await outfit("python", "uninstall", "\(series)t")
    #expect(try await outfit("python", "list", "--bare").outputText == "\(usual.version)\n")
    #expect(!machine.files.exists(bin.appending("python\(series)t")))
    #expect(try await says("python", at: "w").hasPrefix("127 outfit: python \(series)t is asked for by "))
    #expect(try await says("python").hasPrefix("\(store)/python-\(usual.version)-"))
  }

  @Test func aPythonThatLacksAModuleIsNotSwitchedTo() async throws {
    let machine = try Machine()
    guard let mirror = try await ReleaseMirror(machine, without: ["lzma"]) else { return }
    try project(machine, mirror.manifest)
    let up = try await machine.outfit(
      "up", "--trust", at: "p",
      setting: own(machine).merging(["OUTFIT_MIRROR": "file://\(mirror.folder)"]) { $1 })
    #expect(up.status == 1)
    #expect(up.errorText.contains("_lzma"), "\(up.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/bin/python3")))
    let left = (try? machine.files.list(machine.home.appending(".local/share/outfit/store"))) ?? []
    #expect(left.filter { $0.hasPrefix("python") }.isEmpty)
  }

  @Test func aDamagedArchiveIsRefused() async throws {
    let machine = try Machine()
    guard let mirror = try await ReleaseMirror(machine) else { return }
    try project(machine, mirror.manifest)
    let server = try LoopbackServer { request in
      var reply = mirror.reply(request)
      if request.target == mirror.archive, !reply.body.isEmpty { reply.body[reply.body.count / 2] ^= 1 }
      return reply
    }
    let up = try await machine.outfit(
      "up", "--trust", at: "p", setting: own(machine).merging(["OUTFIT_MIRROR": server.address]) { $1 })
    #expect(up.status == 1)
    #expect(up.errorText.contains("its SHA-256 is"), "\(up.errorText)")
    let left = (try? machine.files.list(machine.home.appending(".local/share/outfit/store"))) ?? []
    #expect(left.filter { $0.hasPrefix("python") }.isEmpty)
  }

  @Test func aProxyIsUsedAndPassedByWhereTheVariablesSaySo() async throws {
    let machine = try Machine()
    guard let mirror = try await ReleaseMirror(machine) else { return }
    try project(machine, mirror.manifest)
    let host = "http://mirror.invalid"
    let proxy = try LoopbackServer { request in
      guard request.target.hasPrefix(host) else { return LoopbackServer.Reply(400) }
      return mirror.reply(request, path: String(request.target.dropFirst(host.count)))
    }
    var settings = own(machine)
    settings["OUTFIT_MIRROR"] = host
    settings["http_proxy"] = proxy.address
    settings["no_proxy"] = "mirror.invalid"
    let past = try await machine.outfit("up", "--trust", at: "p", setting: settings)
    #expect(past.status != 0, "\(past.errorText)")
    #expect(proxy.requests.isEmpty)
    settings["no_proxy"] = "other.invalid"
    let through = try await machine.outfit("up", "--trust", at: "p", setting: settings)
    #expect(through.status == 0, "\(through.errorText)")
    #expect(proxy.requests.contains { $0.target == host + mirror.archive })
  }

  @Test func aPrivateAuthorityIsBelievedWhereAVariableNamesIt() async throws {
    let machine = try Machine()
    guard let mirror = try await ReleaseMirror(machine) else { return }
    guard machine.files.exists("/usr/bin/openssl") else {
      print("skipped: there is no openssl to make certificates with (apt-get install openssl)")
      return
    }
    try project(machine, mirror.manifest)
    try machine.write(
      "serve.sh",
      """
      set -e
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own-authority -keyout ca.key -out ca.pem
      openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
      printf 'subjectAltName=DNS:localhost\\n' >server.ext
      openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
      mkdir hashed && cp ca.pem hashed/$(openssl x509 -hash -noout -in ca.pem).0
      """)
    try machine.write(
      "serve.py",
      """
      import functools, http.server, os, ssl, subprocess, sys
      handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain("server.pem", "server.key")
      server.socket = context.wrap_socket(server.socket, server_side=True)
      import threading
      threading.Thread(target=server.serve_forever, daemon=True).start()
      environment = dict(os.environ, OUTFIT_MIRROR="https://localhost:%d" % server.server_port)
      for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
          environment.pop(name, None)
      sys.exit(subprocess.call(sys.argv[2:], env=environment, cwd="p", stdin=subprocess.DEVNULL))
      """)
    let made = try await machine.run("/bin/bash", ["serve.sh"])
    try #require(made.succeeded, "\(made.errorText)")
    func up(_ settings: [String: String]) async throws -> Completion {
      var all = own(machine)
      for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] { all[name] = "" }
      return try await machine.run(
        "/usr/bin/python3",
        ["serve.py", mirror.folder.string, Machine.build.appending("outfit").string, "up", "--trust"],
        setting: all.merging(settings) { $1 })
    }
    let refused = try await up([:])
    #expect(refused.status == 1, "\(refused.errorText)")
    #expect(refused.errorText.contains("SSL_CERT_FILE"), "\(refused.errorText)")
    for (variable, path) in [
      ("SSL_CERT_FILE", "ca.pem"), ("CURL_CA_BUNDLE", "ca.pem"), ("SSL_CERT_DIR", "hashed"),
    ] {
      let known = try await up([
        variable: machine.home.appending(path).string,
        "OUTFIT_HOME": machine.home.appending("outfit-\(variable)").string,
      ])
      #expect(known.status == 0, "\(variable): \(known.errorText)")
    }
  }

  @Test func anAdoptedPythonIsWatched() async throws {
    let machine = try Machine()
    let source: FilePath = "/usr/bin/python3"
    let said = try await machine.run(
      source, ["-I", "-c", "import platform; print(platform.python_version())"])
    guard said.succeeded, try await ReleaseMirror(machine) != nil else { return }
    let version = said.outputText.filter { !$0.isWhitespace }
    let root = machine.home.appending("pyenv")
    let bin = root.pushing(FilePath("versions/\(version)/bin"))
    try machine.files.createDirectories(bin)
    for target in [bin.appending("python3"), machine.home.appending("kept")] {
      try machine.files.create(target, try machine.files.read(source), mode: 0o755)
    }
    try project(
      machine, "profile: p\ninterpreters: {python: {versions: [\"\(version)\"], providers: [adopted]}}\n")
    let settings = ["PYENV_ROOT": root.string]
    let up = try await machine.outfit("up", "--trust", at: "p", setting: settings)
    #expect(up.status == 0, "\(up.errorText)")
    let receipts = machine.home.appending(".local/state/outfit/receipts")
    let receipt = try #require(try machine.files.list(receipts).first { $0.hasPrefix("python-") })
    let record = try #require(try machine.files.text(receipts.appending(receipt)))
    for fact in ["program \(bin)", "abi cpython-", "prefix /", "libc ", "sqlite 3.", "ssl OpenSSL"] {
      #expect(record.contains("\nfact \(fact)"), "\(record)")
    }
    #expect(try await machine.outfit("status", "--check", at: "p", setting: settings).status == 0)

    // Another program in its place.
    let python = bin.appending("python3")
    try machine.files.setModified(python, 1_600_000_000_000_000_000)
    let changed = try await machine.outfit("status", "--check", at: "p", setting: settings)
    #expect(changed.status == 3, "\(changed.outputText)")
    #expect(changed.outputText.contains("Python \(version)"), "\(changed.outputText)")
    let other = "\(python) is not as it was when it was adopted"
    #expect(changed.errorText.contains(other), "\(changed.errorText)")
    #expect(try await machine.outfit("up", at: "p", setting: settings).status == 0)
    let mended = try await machine.outfit("status", "--check", at: "p", setting: settings)
    #expect(mended.status == 0 && !mended.errorText.contains(other), "\(mended.errorText)")

    try machine.files.remove(python)
    let gone = try await machine.outfit("status", "--check", at: "p", setting: settings)
    #expect(gone.status == 3, "\(gone.outputText)")
    #expect(gone.errorText.contains("Python"), "\(gone.errorText)")
    #expect(try await machine.outfit("up", at: "p", setting: settings).status == 1)
    try machine.files.rename(machine.home.appending("kept"), to: python)
    #expect(try await machine.outfit("up", at: "p", setting: settings).status == 0)
  }
}
