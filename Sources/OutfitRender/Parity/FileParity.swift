import OutfitCore
import OutfitProfile

/// The files themselves: what is rendered is there, nothing else is read, and each says what it is meant to say.
struct FileParity {
  let input: Parity.Input
  let environments: [String: NeutralEnvironment]
  /// Environments that were compared with what was rendered.
  let references: Set<String>

  private var files: ParityFiles { input.files }
  private var stack: Stack { input.stack }

  func rows(_ exceptions: inout ParityExceptions) -> [Parity.Row] {
    [
      rendered(&exceptions), others(&exceptions), compose(&exceptions), devcontainer(&exceptions),
      skaffold(&exceptions),
    ]
      + dockerfile(&exceptions)
  }

  // MARK: - Inventory

  private func rendered(_ exceptions: inout ParityExceptions) -> Parity.Row {
    var findings: [ParityFinding] = []
    var judged: [String] = []
    let evaluated = files.changed(stack.environments.map(\.name))
    for file in files.rendered {
      func finding(_ message: String) {
        findings.append(ParityFinding(object: file.path, isFile: true, message: message))
      }
      guard let found = files.found[file.path] else {
        finding("is not there")
        continue
      }
      if found.isOddity {
        finding("is a link or a folder")
      } else if file.isStarter || found.content == file.content {
        continue
      } else if ParityFiles.isEvaluated(file.path) {
        let needed = ParityFiles.environment(of: file.path).map { [$0] } ?? evaluated.sorted()
        let isJudged = needed.allSatisfy { references.contains($0) }
        if isJudged { judged.append(file.path) } else { finding("was changed, and could not be evaluated") }
      } else if ParityAllowance.documents.contains(file.path) || file.path == BuildRules.path {
        judged.append(file.path)
      } else if Self.means(file.path, found.content, file.content) {
        judged.append(file.path)
      } else {
        finding("is not what outfit render would write")
      }
    }
    let rest = exceptions.remaining(findings)
    let proof =
      "\(files.rendered.count) files"
      + (judged.isEmpty ? "" : ", changed and judged by what they say: " + judged.joined(separator: ", "))
    return Parity.Row("files.rendered", "what is rendered is there", rest, proof: proof)
  }

  /// Whether two texts differ in comments alone.
  private static func means(_ path: String, _ found: String, _ wanted: String) -> Bool {
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
      guard let one = try? Document.parse(found, file: path),
        let other = try? Document.parse(wanted, file: path)
      else { return false }
      return one == other
    }
    guard path.hasSuffix(".txt") || path.hasSuffix(".dockerignore") || path.hasSuffix("SHA256SUMS") else {
      return false
    }
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("#") } }
    return lines(found) == lines(wanted)
  }

  private func others(_ exceptions: inout ParityExceptions) -> Parity.Row {
    let findings = files.further.sorted { $0.key < $1.key }.map { path, reader in
      ParityFinding(object: path, isFile: true, message: reader)
    }
    return Parity.Row(
      "files.other", "nothing else is read", exceptions.remaining(findings),
      proof: "by Compose, BuildKit, kustomize, Skaffold or an editor")
  }

  // MARK: - Documents

  /// The document on disk, and how it differs from the one that is rendered.
  private func document(_ path: String) -> (document: Document?, findings: [ParityFinding]) {
    guard let text = files.text(path) else {
      return (nil, [ParityFinding(object: path, isFile: true, message: "is not there", isExcusable: false)])
    }
    let parse = path.hasSuffix(".json") ? Document.parseJSON : Document.parseOne
    do throws(Failure) {
      let found = try parse(text, path)
      guard let rendered = files.wanted(path) else { return (found, []) }
      return (found, KeyedTree.differences(found, try parse(rendered, path), object: path, isFile: true))
    } catch {
      let message = "can't be read: " + error.diagnostics.map(\.message).joined(separator: "; ")
      return (nil, [ParityFinding(object: path, isFile: true, message: message, isExcusable: false)])
    }
  }

  private func merged(_ rules: [ParityFinding], _ differences: [ParityFinding]) -> [ParityFinding] {
    var seen = Set(rules.map(\.place))
    return rules + differences.filter { seen.insert($0.place).inserted }
  }

  private func compose(_ exceptions: inout ParityExceptions) -> Parity.Row {
    let (found, differences) = document(ComposeRules.path)
    let development = stack.development
    let title = "compose.yaml equals " + (development?.name ?? "what outfit.yaml says")
    var findings = differences
    if let found {
      let rules = ComposeRules(
        found, stack: stack, development: development.flatMap { environments[$0.name] })
      findings = merged(rules.findings, differences)
    }
    let rest = exceptions.remaining(findings)
    if rest.isEmpty, let development, environments[development.name] == nil {
      return Parity.Row("compose", title, .notCheckable, "the overlay was not evaluated: see above")
    }
    return Parity.Row(
      "compose", title, rest, proof: "\(found?["services"]?.entries.count ?? 0) services, every key of each")
  }

  private func devcontainer(_ exceptions: inout ParityExceptions) -> Parity.Row {
    let (found, differences) = document(LoopRules.container)
    var rules = LoopRules(stack)
    let compose = files.text(ComposeRules.path).flatMap {
      try? Document.parseOne($0, file: ComposeRules.path)
    }
    if let found { rules.devcontainer(found, services: Set((compose?["services"]?.entries ?? [:]).keys)) }
    return Parity.Row(
      "devcontainer", "the dev container is the dev image",
      exceptions.remaining(merged(rules.findings, differences)),
      proof: "service workspace, stage dev, every property")
  }

  private func skaffold(_ exceptions: inout ParityExceptions) -> Parity.Row {
    let (found, differences) = document(LoopRules.skaffold)
    var rules = LoopRules(stack)
    if let found { rules.skaffold(found) }
    return Parity.Row(
      "skaffold", "skaffold.yaml builds and deploys the same",
      exceptions.remaining(merged(rules.findings, differences)), proof: "stages, overlays and profiles")
  }

  // MARK: - The image

  private func dockerfile(_ exceptions: inout ParityExceptions) -> [Parity.Row] {
    let titles: [(String, String)] = [
      ("dockerfile.known", "every instruction is known"),
      ("dockerfile.stages", "dev is deploy and the developer's tools"),
      ("dockerfile.base", "the base image of the lock"),
      ("dockerfile.interpreter", "the interpreter of the lock"),
      ("dockerfile.packages", "the packages of the lock"),
      ("dockerfile.system", "the system packages of the lock"),
      ("dockerfile.label", "the image says which lock it is of"),
    ]
    guard let text = files.text(BuildRules.path) else {
      return titles.map {
        Parity.Row($0.0, $0.1, .failed, "there is no Dockerfile", places: [BuildRules.path])
      }
    }
    let isOwn = files.rendered.first { $0.path == BuildRules.path }?.isOwn ?? false
    let standard = isOwn ? files.standardDockerfile : files.wanted(BuildRules.path)
    let rules = BuildRules(stack: stack, file: BuildFile(text), standard: standard.map(BuildFile.init))
    let isNode = stack.language == .node
    let count =
      stack.built.count
      + stack.requirements.split(separator: "\n").count { $0.contains("==") && !$0.hasPrefix("#") }
    let found: [([ParityFinding], String)] = [
      (rules.known(), "\(rules.file.instructions.count) instructions"),
      (rules.stages(), "FROM deploy AS dev"),
      (rules.base(), stack.base.reference),
      (
        rules.interpreter(),
        "\(isNode ? "Node" : "Python") \(stack.interpreter.version)"
          + (stack.vendored.isEmpty ? ", by digest" : ", vendored, \(stack.vendored.count) files by digest")
      ),
      (
        rules.installs() + requirements(),
        isNode ? "those of \(stack.nodePackages?.path ?? ""), by digest" : "\(count) packages, by digest"
      ),
      (rules.system() + systemPackages(), systemProof),
      (rules.label(), stack.lockDigest.short()),
    ]
    return zip(titles, found).map { title, found in
      Parity.Row(title.0, title.1, exceptions.remaining(found.0), proof: found.1)
    }
  }

  private func requirements() -> [ParityFinding] {
    let path = "docker/requirements.txt"
    let locks = [stack.nodePackages, stack.bundle?.packages].compactMap(\.self)
    let findings = Dictionary(locks.map { ($0.path, $0) }, uniquingKeysWith: { $1 }).values
      .sorted { $0.path < $1.path }.flatMap(nodeLock)
    guard stack.language == .python else { return findings }
    func pins(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("#") } }
    var wanted = [path: stack.requirements]
    for package in stack.built {
      wanted["docker/sources/\(package.name)/package.txt"] = package.requirement
      if !package.pins.isEmpty { wanted["docker/sources/\(package.name)/build.txt"] = package.pins }
    }
    return wanted.sorted { $0.key < $1.key }.compactMap { path, lines in
      if let text = files.text(path), pins(text) == pins(lines) { return nil }
      return ParityFinding(object: path, isFile: true, message: "is not the lock's", isExcusable: false)
    } + findings
  }

  private func systemPackages() -> [ParityFinding] {
    let path = "docker/packages.txt"
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("#") } }
    guard stack.packages != nil else { return [] }
    guard let text = files.text(path), lines(text) == lines(stack.packageList) else {
      return [ParityFinding(object: path, isFile: true, message: "is not the lock's", isExcusable: false)]
    }
    return []
  }

  private var systemProof: String {
    guard let packages = stack.packages else { return "none beside those of \(stack.base.repository)" }
    let count = packages.files.values.map { $0.count { $0.use == .run } }.max() ?? 0
    return "\(count) packages, by digest"
  }

  /// What has no digest in a lock of npm's first form.
  static func looseOfOld(_ dependencies: Document) -> Set<String> {
    dependencies.entries.reduce(into: []) { loose, entry in
      let (name, package) = entry
      if package["bundled"]?.isTrue != true, package["integrity"]?.text == nil { loose.insert(name) }
      if let inner = package["dependencies"] { loose.formUnion(looseOfOld(inner)) }
    }
  }

  /// What is installed is what a lock says, by the digests in it.
  private func nodeLock(_ packages: Stack.NodePackages) -> [ParityFinding] {
    let path = packages.path
    func finding(_ message: String) -> [ParityFinding] {
      [ParityFinding(object: path, isFile: true, message: message, isExcusable: false)]
    }
    guard let text = files.nodeLocks[path] else {
      return finding("is not there: what is installed is not locked")
    }
    guard packages.kind == .npm else {
      do throws(Failure) {
        let loose = try NodeLock.read(Array(text.utf8), file: path).unverified.map(\.name)
        return loose.isEmpty ? [] : finding("has no digest of " + Parity.some(loose))
      } catch {
        return finding("is of a form that is not known")
      }
    }
    let document = try? Document.parseJSON(text, file: path)
    guard let packages = document?["packages"]?.entries, !packages.isEmpty else {
      // As npm wrote it until its version 6.
      guard document?["lockfileVersion"]?.text == "1", let listed = document?["dependencies"] else {
        return finding("is of a form that is not known")
      }
      let loose = Self.looseOfOld(listed).sorted()
      return loose.isEmpty ? [] : finding("has no digest of " + Parity.some(loose))
    }
    let loose = packages.filter { name, package in
      name.hasPrefix("node_modules/") && package["link"]?.isTrue != true
        && package["inBundle"]?.isTrue != true
        && package["integrity"]?.text == nil
    }.keys.sorted()
    return loose.isEmpty ? [] : finding("has no digest of " + Parity.some(loose))
  }
}
