import OutfitCore
import OutfitProfile

/// The Python packages that the image will have, as far as the files that `virtualenv:` names say.
struct KnownPackages {
  private(set) var names: Set<String> = []
  /// What those need is among them.
  private(set) var isComplete = false
  private(set) var from: [String]
  /// Other requirements files, by name.
  private var others: [(file: String, names: Set<String>)] = []

  init(_ found: [String: String], _ environment: EnvironmentReading) {
    from = environment.from
    for name in from {
      if ["uv.lock", "poetry.lock", "pdm.lock"].contains(name) || EnvironmentReading.isStandardLock(name) {
        let root = found[name].flatMap { try? TomlReader.read($0) }
        isComplete = true
        if name == "uv.lock", let root {
          take(lock: root, environment)
          continue
        }
        for package in (root?["package"] ?? root?["packages"])?.array ?? [] {
          if let text = package["name"]?.string { names.insert(RequirementFiles.normal(text)) }
        }
      } else if name == "Pipfile.lock" {
        let lock = found[name].flatMap { try? Document.parseJSON($0, file: name) }
        for section in ["default", "develop"] {
          names.formUnion((lock?[section]?.entries.keys ?? [:].keys).map(RequirementFiles.normal))
        }
        isComplete = true
      } else if let file = environment.requirements.files.first(where: { $0.name == name }) {
        names.formUnion(file.names)
      } else {
        let project = environment.project
        take(project.dependencies)
        for group in project.groups.values { take(group.lines) }
        for name in environment.extras { take(project.extras[name] ?? []) }
      }
    }
    groups = environment.project.groups.mapValues { group in
      Set(
        group.lines.compactMap { line in
          if case .package(let package) = line.content { RequirementFiles.normal(package.name) } else { nil }
        })
    }
    taken = environment.unasked.sorted() + environment.groups
    for file in environment.requirements.files where !from.contains(file.name) {
      others.append((file.name, file.names))
    }
  }

  /// What the projects of the lock ask for, with the groups and extras that are installed, and all that those need.
  private mutating func take(lock root: TomlValue, _ environment: EnvironmentReading) {
    var asks: [String: [String]] = [:]
    var open: [String] = []
    func list(_ value: TomlValue?) -> [String] {
      (value?.array ?? []).compactMap { $0["name"]?.string }.map(RequirementFiles.normal)
    }
    for package in root["package"]?.array ?? [] {
      guard let name = package["name"]?.string.map(RequirementFiles.normal) else { continue }
      asks[name, default: []] += list(package["dependencies"])
      for optional in package["optional-dependencies"]?.table?.values ?? [:].values {
        asks[name]? += list(optional)
      }
      let source = package["source"]
      guard source?["editable"] != nil || source?["virtual"] != nil || source?["directory"] != nil else {
        continue
      }
      open.append(name)
      asks[name] = list(package["dependencies"])
      for (group, value) in package["dev-dependencies"]?.table ?? [:]
      where environment.unasked.contains(group) || environment.groups.contains(group) {
        asks[name]? += list(value)
      }
      for (extra, value) in package["optional-dependencies"]?.table ?? [:]
      where environment.extras.contains(extra) {
        asks[name]? += list(value)
      }
    }
    while let name = open.popLast() {
      guard names.insert(name).inserted else { continue }
      open += asks[name] ?? []
    }
  }

  private mutating func take(_ lines: [RequirementLine]) {
    for line in lines {
      switch line.content {
      case .package(let package): names.insert(RequirementFiles.normal(package.name))
      case .direct(let direct): if let name = direct.name { names.insert(RequirementFiles.normal(name)) }
      default: continue
      }
    }
  }

  func has(_ name: String) -> Bool { names.contains(name) }

  private var groups: [String: Set<String>] = [:]
  private var taken: [String] = []

  /// How the image would have a package that something else of the project asks for.
  func remedy(_ name: String) -> String {
    let files = others.filter { $0.names.contains(name) }.map(\.file)
    if let file = files.first(where: { $0.contains("prod") }) ?? files.first {
      return "\(file) has it: virtualenv: {from: [\((from + [file]).joined(separator: ", "))]}"
    }
    if let group = groups.filter({ $0.value.contains(name) }).keys.min() {
      return
        "the group \(group) has it: groups: [\((taken + [group]).joined(separator: ", "))] under virtualenv:"
    }
    return adding([name])
  }

  /// How packages come into the list: a lock is its manager's to write.
  func adding(_ names: [String]) -> String {
    let list = names.joined(separator: " ")
    let file = from.first ?? "a requirements.txt"
    let managers = [
      "uv.lock": "uv add", "poetry.lock": "poetry add", "pdm.lock": "pdm add",
      "Pipfile.lock": "pipenv install",
    ]
    if let command = managers[file] { return "\(command) \(list)" }
    if EnvironmentReading.isStandardLock(file) {
      return "add \(names.joined(separator: ", ")) to pyproject.toml, and lock again"
    }
    return "add \(names.joined(separator: ", ")) to \(file)"
  }

  /// Programs of packages, with all the packages that have each: the first is the usual one.
  static let programs: [String: [String]] = [
    "gunicorn": ["gunicorn"], "uvicorn": ["uvicorn", "fastapi-cli"], "uwsgi": ["uwsgi", "pyuwsgi"],
    "daphne": ["daphne"],
    "hypercorn": ["hypercorn"], "granian": ["granian"], "waitress-serve": ["waitress"],
    "celery": ["celery"], "rq": ["rq"], "dramatiq": ["dramatiq"], "huey_consumer": ["huey"],
    "huey_consumer.py": ["huey"], "arq": ["arq"], "procrastinate": ["procrastinate"],
    "flask": ["flask"], "fastapi": ["fastapi-cli", "fastapi"], "alembic": ["alembic"],
    "django-admin": ["django"], "airflow": ["apache-airflow"], "streamlit": ["streamlit"], "sanic": ["sanic"],
    "newrelic-admin": ["newrelic"], "ddtrace-run": ["ddtrace"], "supervisord": ["supervisor"],
    "honcho": ["honcho"], "scrapy": ["scrapy"], "faust": ["faust", "faust-streaming"],
    "taskiq": ["taskiq"], "pserve": ["pyramid"],
  ]

  /// The package that a program is missing; nil where it is there, or nobody knows it.
  func missing(_ program: String?) -> String? {
    guard let program, let packages = Self.programs[program], !packages.contains(where: names.contains) else {
      return nil
    }
    return packages.first
  }
}
