import OutfitCore

/// The Dockerfile: that `dev` is `deploy` with something below /opt/dev, and that both are made of what the lock says.
struct BuildRules {
  static let path = "Dockerfile"

  let stack: Stack
  let file: BuildFile
  /// What the template that came with Outfit makes of the same manifest and lock; nil where it can't be made.
  let standard: BuildFile?

  private func finding(_ message: String, isExcusable: Bool = false) -> ParityFinding {
    ParityFinding(object: Self.path, isFile: true, message: message, isExcusable: isExcusable)
  }

  /// Every instruction is one that Outfit's own template has at this place.
  func known() -> [ParityFinding] {
    guard let standard else {
      return [
        finding("can't be held against Outfit's own template, whose values this one lacks", isExcusable: true)
      ]
    }
    let (found, wanted) = (Self.meaningful(file), Self.meaningful(standard))
    if found == wanted { return [] }
    let place =
      zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      ?? min(found.count, wanted.count)
    let one = place < found.count ? "has `\(Self.short(found[place]))`" : "ends"
    let other = place < wanted.count ? "`\(Self.short(wanted[place]))` is known" : "nothing more is known"
    return [finding("\(one) where \(other)", isExcusable: true)]
  }

  /// Labels other than ours change nothing that runs.
  private static func meaningful(_ file: BuildFile) -> [BuildFile.Instruction] {
    file.instructions.filter { instruction in
      !(["LABEL", "MAINTAINER"].contains(instruction.keyword) && !instruction.body.contains("dev.outfit"))
    }
  }

  private static func short(_ instruction: BuildFile.Instruction) -> String {
    let text = instruction.text
    return text.count > 90 ? text.prefix(87) + "..." : text
  }

  /// What the file may not do, whatever is allowed.
  func stages() -> [ParityFinding] {
    var messages =
      file.problems + file.directives.map { "names another frontend or another grammar: `\($0)`" }
    var names: Set<String> = []
    for stage in file.stages {
      if let name = stage.name, !names.insert(name).inserted { messages.append("has two stages `\(name)`") }
    }
    messages += file.instructions.filter { $0.keyword == "ONBUILD" }.map {
      "has `\(Self.short($0))`, which runs in dev alone"
    }
    guard let deploy = stage("deploy"), let dev = stage("dev") else {
      return (messages + ["has no stages `deploy` and `dev`"]).map { finding($0) }
    }
    if dev.base.lowercased() != "deploy" || !dev.from.flags.isEmpty {
      messages.append("builds dev from `\(dev.from.text)`")
    }
    let order = file.stages.map(\.name)
    if let first = order.firstIndex(of: "deploy"), let second = order.firstIndex(of: "dev"), first > second {
      messages.append("has dev before deploy")
    }
    messages += origins() + development(dev)
    messages += search(deploy)
    let user = "\(stack.description.uid):\(stack.description.gid)"
    for stage in [deploy, dev] where stage.instructions.last(where: { $0.keyword == "USER" })?.body != user {
      messages.append("leaves \(stage.name ?? "") with another user than \(user)")
    }
    return messages.map { finding($0) }
  }

  private func stage(_ name: String) -> BuildFile.Stage? { file.stages.first { $0.name == name } }

  /// Stages start from one another, from nothing, and from the lock's base image; files come from the project, from a
  /// stage, or by a digest of the lock.
  private func origins() -> [String] {
    var messages: [String] = []
    var earlier: Set<String> = []
    let kinds = stack.bundle == nil ? [stack.language.rawValue] : ["python", "node"]
    for stage in file.stages {
      let isArchive = kinds.contains { kind in
        stage.base == "\(kind)-${TARGETARCH}"
          && ["amd64", "arm64"].contains { earlier.contains("\(kind)-\($0)") }
      }
      if !stage.from.flags.isEmpty { messages.append("has a platform of its own in `\(stage.from.text)`") }
      if !earlier.contains(stage.base.lowercased()), stage.base != "scratch",
        stage.base != stack.base.reference, !isArchive
      {
        messages.append("starts from \(stage.base), not from \(stack.base.reference)")
      }
      for instruction in stage.instructions {
        var sources = instruction.keyword == "COPY" ? instruction.values("from") : []
        for mount in instruction.values("mount") {
          sources += mount.split(separator: ",").filter { $0.hasPrefix("from=") }.map {
            String($0.dropFirst(5))
          }
        }
        for source in sources where !earlier.contains(source.lowercased()) {
          messages.append("takes files from \(source), which is no stage before it")
        }
        if instruction.keyword == "ADD", !isLocked(instruction) {
          messages.append("has `\(Self.short(instruction))`, which no digest of the lock is for")
        }
      }
      if let name = stage.name { earlier.insert(name) }
    }
    for instruction in file.preamble where instruction.keyword != "ARG" {
      messages.append("has `\(Self.short(instruction))` before its first stage")
    }
    for instruction in file.instructions
    where instruction.keyword == "ARG" && instruction.body.hasPrefix("TARGET") {
      if instruction.body.contains("=") { messages.append("gives a platform a value: `\(instruction.text)`") }
    }
    return messages
  }

  private func isLocked(_ instruction: BuildFile.Instruction) -> Bool {
    let sums = instruction.values("checksum")
    return sums.count == 1 && sums.allSatisfy(locked.contains) && instruction.words.count == 2
  }

  private var locked: Set<String> {
    let interpreters = [stack.interpreter] + (stack.bundle.map { [$0.interpreter] } ?? [])
    return Set(
      interpreters.flatMap { interpreter in
        Stack.platforms.compactMap { interpreter.artifacts[$0].map { "sha256:" + $0.digest.hex } }
      })
  }

  /// What only dev has is looked at last, so that what is found in dev is found in deploy.
  private func search(_ deploy: BuildFile.Stage) -> [String] {
    var messages: [String] = []
    for word in deploy.instructions.filter({ $0.keyword == "ENV" }).flatMap(\.words) {
      if word.hasPrefix("NODE_PATH=") || word == "NODE_PATH" { messages.append("sets NODE_PATH in deploy") }
      guard word.hasPrefix("PATH=") else { continue }
      let own = word.dropFirst(5).split(separator: ":").map { $0.hasPrefix("/opt/dev") }
      if zip(own, own.dropFirst()).contains(where: { $0 && !$1 }) {
        messages.append("has /opt/dev before others in PATH")
      }
    }
    return messages
  }

  /// What dev says of how it runs would not be said of deploy.
  private func development(_ dev: BuildFile.Stage) -> [String] {
    let known = ["RUN", "COPY", "USER", "LABEL", "ARG"]
    var messages = dev.instructions.filter { !known.contains($0.keyword) }.map {
      "has `\(Self.short($0))` in dev alone"
    }
    for copy in dev.instructions where copy.keyword == "COPY" {
      let target = KeyedTree.plain(copy.words.last ?? "")
      if !copy.heredocs.isEmpty || target != "/opt/dev" && !target.hasPrefix("/opt/dev/") {
        messages.append("writes to \(target) in dev alone")
      }
    }
    return messages
  }

  // MARK: - What it is made of

  func base() -> [ParityFinding] {
    var stage = stage("deploy")
    for _ in file.stages { stage = stage.flatMap { self.stage($0.base.lowercased()) } ?? stage }
    return stage?.base == stack.base.reference
      ? [] : [finding("builds deploy on \(stage?.base ?? "nothing"), not on \(stack.base.reference)")]
  }

  func interpreter() -> [ParityFinding] {
    if !stack.vendored.isEmpty {
      let checks = file.instructions.contains {
        $0.body.contains("sha256sum --check --strict --quiet \(Vendoring.list)")
      }
      if !checks { return [finding("does not compare what is vendored with its list")] }
      return Vendoring.diagnostics(stack).map { finding($0.message) }
    }
    let sums = file.instructions.filter { $0.keyword == "ADD" }.flatMap { $0.values("checksum") }
    return Set(sums) == locked
      ? [] : [finding("fetches \(sums.sorted().joined(separator: ", ")), not the lock's interpreter")]
  }

  func installs() -> [ParityFinding] {
    let install = stack.nodePackages?.command(forDevelopment: false) ?? ""
    let installs = file.instructions.filter { instruction in
      guard instruction.keyword == "RUN" else { return false }
      return stack.language == .node
        ? instruction.body.contains(install)
        : instruction.body.contains("--require-hashes")
          && instruction.body.contains("-r /tmp/requirements.txt")
    }
    return installs.count == 1
      ? []
      : [
        finding("does not install by \(stack.language == .node ? install : "--require-hashes"), once")
      ]
  }

  /// What the distribution's packages are installed from is one list, which is compared with its digest.
  func system() -> [ParityFinding] {
    let installs = file.instructions.filter { instruction in
      instruction.keyword == "RUN"
        && ["apt-get", "apt ", "dpkg", "aptitude"].contains { instruction.body.contains($0) }
        && instruction.body.contains("install")
    }
    guard stack.packages != nil else {
      return installs.map {
        finding("has `\(Self.short($0))`, and the lock has no packages", isExcusable: true)
      }
    }
    let digest = Digest(of: stack.packageList).hex
    let ours = installs.filter { install in
      install.values("mount").contains("type=bind,from=packages,source=/packages,target=/mnt")
        && install.body.hasPrefix("[ \"$(sha256sum </mnt/list)\" = \"\(digest)  -\" ] && ")
    }
    var messages = installs.filter { !ours.contains($0) }.map {
      "has `\(Self.short($0))`, which installs what no digest is for"
    }
    if !ours.contains(where: { $0.body.contains(" /mnt/run/*.deb") }) {
      messages.append("does not install the packages of the lock")
    }
    return messages.map { finding($0) }
  }

  func label() -> [ParityFinding] {
    let label = "dev.outfit.lock.sha256=\"\(stack.lockDigest.hex)\""
    let others = file.instructions.filter { $0.keyword == "LABEL" && $0.body.contains("dev.outfit.lock") }
    return others.count == 1 && others.allSatisfy { $0.body.contains(label) }
      ? [] : [finding("has no label dev.outfit.lock.sha256 of \(stack.lockDigest.short())")]
  }
}
