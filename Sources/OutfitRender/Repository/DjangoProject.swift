import OutfitCore
import OutfitProfile

/// Where a repository has its Django project, if it has one.
struct DjangoProject {
  /// The folder of manage.py; empty for the repository's own.
  var folder = ""
  /// Of what manage.py runs on.
  var module: String
  var sources: SourceFiles

  var file: String { path("manage.py") }
  /// The package of its settings.
  var package: String { module.split(separator: ".").first.map(String.init) ?? module }

  func path(_ name: String) -> String { folder.isEmpty ? name : folder + "/" + name }

  /// A manage.py may be of another framework, or of a project in a folder of its own.
  init?(_ sources: SourceFiles) {
    self.sources = sources
    let all = sources.names.filter { SourceFiles.base(of: $0) == "manage.py" && !$0.hasPrefix("..") }
    let inner = all.filter { name in
      let parts = name.split(separator: "/")
      return parts.count == 2 && !Self.isOwnProject(String(parts[0]), sources)
    }.sorted()
    let candidates =
      all.contains("manage.py")
      ? ["manage.py"] : inner.count == 1 ? inner : inner.filter { $0.hasPrefix("src/") }
    for name in candidates {
      let text = sources[name] ?? ""
      let place = SourceFiles.folder(of: name)
      guard
        let module = ProjectReading.settingsModule(text)
          ?? (text.contains("django.core.management") ? Self.settings(below: place, sources) : nil)
      else { continue }
      folder = place
      self.module = module
      return
    }
    return nil
  }

  /// The settings of a project whose manage.py has them from a variable alone, where one package could have them.
  private static func settings(below folder: String, _ sources: SourceFiles) -> String? {
    let packages = sources.folders.filter { name in
      SourceFiles.folder(of: name) == folder
        && ["wsgi.py", "asgi.py", "urls.py"].contains { sources.names.contains("\(name)/\($0)") }
    }.sorted()
    let modules = packages.compactMap { package -> String? in
      let name = SourceFiles.base(of: package)
      if sources.names.contains("\(package)/settings.py") { return name + ".settings" }
      return (DjangoSettings.productionNames + ["base", "common", "settings", "main"]).first {
        sources.names.contains("\(package)/settings/\($0).py")
      }.map { "\(name).settings.\($0)" }
    }
    return modules.count == 1 ? modules.first : nil
  }

  /// What has packages of its own is a project of its own.
  private static func isOwnProject(_ folder: String, _ sources: SourceFiles) -> Bool {
    ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "uv.lock", "poetry.lock"].contains {
      sources.has("\(folder)/\($0)")
    }
  }

  func has(_ module: String) -> Bool { sources.has(path(module.replacing(".", with: "/") + ".py")) }

  /// The files that have settings in them.
  var settings: [String] {
    let own = module.replacing(".", with: "/")
    let beside = path(SourceFiles.folder(of: own))
    return sources.texts.keys.filter { name in
      name.hasSuffix(".py")
        && (name == path(own + ".py") || name.hasPrefix(path(own) + "/")
          || SourceFiles.folder(of: name) == beside && name.contains("settings"))
    }.sorted()
  }

  /// `name:line` and the text of the first line of the settings that starts with a name and gives it a value.
  func assignment(_ name: String) -> (place: String, text: String)? {
    for file in settings {
      var number = 0
      for line in (sources[file] ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
        number += 1
        let bare = line.drop(while: \.isWhitespace)
        guard bare.hasPrefix(name) else { continue }
        let after = bare.dropFirst(name.count).drop { $0.isWhitespace || $0 == ":" }
        if after.first == "=" || bare.dropFirst(name.count).first == ":" && after.contains("=") {
          return ("\(file):\(number)", String(bare))
        }
      }
    }
    return nil
  }

  func mentions(_ text: String) -> Bool { settings.contains { sources[$0]?.contains(text) == true } }

  /// Where its addresses start from.
  var urls: String? {
    var module = package + ".urls"
    if let text = assignment("ROOT_URLCONF")?.text {
      let pieces = text.split { $0 == "\"" || $0 == "'" }
      if pieces.count > 1 { module = String(pieces[1]) }
    }
    let file = path(module.replacing(".", with: "/") + ".py")
    return sources[file] == nil ? nil : file
  }

  /// Of the servers that are among the packages the best that it can run on.
  func server(_ packages: KnownPackages) -> [String]? {
    let hasAsync = has(package + ".asgi")
    let wsgi = "\(package).wsgi"
    if packages.has("gunicorn"), has(wsgi) || !hasAsync {
      return ["gunicorn", "\(wsgi):application", "--bind", "0.0.0.0:8000"]
    }
    if packages.has("uvicorn"), hasAsync { return Self.uvicorn(package) }
    if packages.has("daphne"), hasAsync {
      return ["daphne", "-b", "0.0.0.0", "-p", "8000", "\(package).asgi:application"]
    }
    if packages.has("granian") {
      let kind = hasAsync ? "asgi" : "wsgi"
      return [
        "granian", "--interface", kind, "--host", "0.0.0.0", "--port", "8000",
        "\(package).\(kind):application",
      ]
    }
    if packages.has("uwsgi") || packages.has("pyuwsgi") {
      return ["uwsgi", "--http", "0.0.0.0:8000", "--module", "\(wsgi):application", "--master"]
    }
    if packages.has("waitress") {
      return ["waitress-serve", "--listen", "0.0.0.0:8000", "\(wsgi):application"]
    }
    return nil
  }

  static func uvicorn(_ package: String) -> [String] {
    ["uvicorn", "\(package).asgi:application", "--host", "0.0.0.0", "--port", "8000", "--proxy-headers"]
      + ["--forwarded-allow-ips", "*"]
  }
}
