/// Which settings of Django a repository has for those who develop, and which for those who visit.
struct DjangoSettings {
  /// For everything that says nothing else; nil where what manage.py has is for development.
  var common: String?
  /// For the environment `dev` alone.
  var development: String?
  /// For production, where it is not `common`.
  var production: String?
  /// Where `production` stands.
  var place = ""
  /// Nothing says what production has.
  var isUnknown = false

  static let productionNames = [
    "production", "prod", "live", "deploy", "settings_production", "settings_prod", "production_settings",
    "prod_settings",
  ]

  private static let variable = "DJANGO_SETTINGS_MODULE"

  /// - Parameters:
  ///   - found: the texts of `ProjectReading.files` and `ProjectReading.more`.
  ///   - image: the variables of the Dockerfile's last stage.
  init?(_ found: [String: String], image: [String: String]) {
    guard let own = ProjectReading.settingsModule(found["manage.py"] ?? "") else { return nil }
    func isForDevelopment(_ module: String) -> Bool {
      DevelopmentSettings.kind(Self.variable, module) != nil
    }
    let package = own.split(separator: ".").first.map(String.init) ?? own
    var candidates: [(module: String, place: String)] = []
    if let module = image[Self.variable] { candidates.append((module, "Dockerfile")) }
    for name in ["\(package)/wsgi.py", "\(package)/asgi.py"] {
      if let module = ProjectReading.settingsModule(found[name] ?? "") { candidates.append((module, name)) }
    }
    let parts = own.split(separator: ".").dropLast().map(String.init)
    for name in Self.productionNames {
      let file = (parts + [name]).joined(separator: "/") + ".py"
      if found[file] != nil { candidates.append(((parts + [name]).joined(separator: "."), file)) }
    }
    let known = candidates.first { !isForDevelopment($0.module) && $0.module != own }
    guard isForDevelopment(own) else {
      common = own
      production = known.flatMap { $0.place == "Dockerfile" ? $0.module : nil }
      place = "Dockerfile"
      return
    }
    development = own
    production = known?.module ?? own
    place = known?.place ?? "nothing but those of manage.py was found"
    isUnknown = known == nil
  }
}
