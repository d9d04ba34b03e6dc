import OutfitCore
import OutfitProfile

extension EnvironmentReading {
  /// What is installed of which no file says whether it has wheels: of requirements files, projects and a Pipfile.lock.
  /// Nil for other locks, which name their files.
  var wheelQuestion: WheelQuestion? {
    if from.contains("Pipfile.lock") { return pipfileQuestion }
    guard !from.isEmpty, !from.contains(where: { isLock($0) }) else { return nil }
    var plain = PlainRequirements()
    if let root = project.document?.root { plain.add(settings: root) }
    plain.leave(build)
    var extras = Set(self.extras)
    var hasProject = project.file.map(from.contains) ?? from.contains("pyproject.toml")
    for file in requirements.files where from.contains(file.name) {
      plain.add(file.lines, of: file.name)
      if file.hasProject {
        hasProject = true
        extras.formUnion(file.projectExtras)
      }
    }
    if hasProject {
      plain.leave([project.name].compactMap { $0 })
      plain.add(projectLines(extras), of: project.file ?? "pyproject.toml")
    }
    return plain.question()
  }

  private func isLock(_ name: String) -> Bool {
    ["uv.lock", "poetry.lock", "pdm.lock"].contains(name) || Self.isStandardLock(name)
  }

  /// Of the project itself, with extras, and with groups where they are installed.
  private func projectLines(_ extras: Set<String>) -> [RequirementLine] {
    let isNamed = project.file.map(from.contains) ?? true
    let taken = isNamed ? project.closure(project.defaults(for: project.manager).union(groups)) : []
    return project.requirements(groups: taken, extras: extras)
  }

  private var pipfileQuestion: WheelQuestion? {
    guard let lock = found["Pipfile.lock"].flatMap({ try? Document.parseJSON($0, file: "Pipfile.lock") })
    else { return nil }
    var plain = PlainRequirements()
    for source in lock.at("_meta", "sources")?.items ?? [] {
      if let address = source["url"]?.text { plain.add(index: address, at: "Pipfile.lock") }
    }
    plain.leave(build)
    for category in ["default"] + unasked.sorted() + groups {
      for (name, package) in lock[category]?.entries ?? [:] {
        guard let version = package["version"]?.text, version.hasPrefix("==") else { continue }
        let marker = package["markers"]?.text.map { " ; \($0)" } ?? ""
        plain.add([RequirementLine.requirement(name + version + marker, line: 1)], of: "Pipfile.lock")
      }
    }
    return plain.question(isComplete: true)
  }
}

extension RequirementFiles.File {
  /// Of the repository's own package, where it is asked for with some.
  var projectExtras: [String] {
    lines.flatMap { line -> [String] in
      switch line.content {
      case .option("--editable", let value) where RequirementFiles.isHere(value):
        LocalProject.place(value).extras
      case .direct(let direct) where RequirementFiles.isHere(direct.address):
        direct.extras + LocalProject.place(direct.address).extras
      default: []
      }
    }
  }
}

extension PythonProject {
  /// As its metadata has it.
  var name: String? { project?["name"]?.string ?? poetry?["name"]?.string }

  /// What it asks for itself, as far as that stands in its files as text: with extras, those too that other extras name,
  /// and with groups.
  func requirements(groups names: Set<String>, extras wanted: Set<String>) -> [RequirementLine] {
    let own = name.map(RequirementFiles.normal)
    var lines: [RequirementLine] = []
    var seen: Set<String> = []
    var open = wanted.map(RequirementFiles.normal)
    func take(_ more: [RequirementLine]) {
      lines += more
      for line in more {
        guard case .package(let package) = line.content, RequirementFiles.normal(package.name) == own else {
          continue
        }
        open += package.extras.map(RequirementFiles.normal)
      }
    }
    take(declared + poetryLines(groups: names) + names.flatMap { groups[$0]?.lines ?? [] })
    while let extra = open.popLast() {
      guard seen.insert(extra).inserted else { continue }
      for (name, list) in extras where RequirementFiles.normal(name) == extra { take(list) }
    }
    return lines
  }

  /// Of Poetry's own tables, with their versions.
  private func poetryLines(groups names: Set<String>) -> [RequirementLine] {
    guard let poetry, let document else { return [] }
    let description = ProjectDescription(root: document.root)
    let texts =
      PoetryRequirement.lines(poetry["dependencies"], withOptional: false)
      + names.flatMap { description.lines(ofGroup: $0) }
    return texts.map { RequirementLine.requirement($0, line: 1) }
  }
}
