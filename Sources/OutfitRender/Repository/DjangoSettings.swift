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
  ///   - image: the variables of the Dockerfile's last stage.
  ///   - compose: what production's compose file names, and where.
  init?(_ project: DjangoProject?, image: [String: String], compose: (String, String)?, imageFile: String) {
    guard let project else { return nil }
    let own = project.module
    func isForDevelopment(_ module: String) -> Bool {
      DevelopmentSettings.kind(Self.variable, module) != nil
    }
    var chosen: [(module: String, place: String)] = []
    if let compose { chosen.append((compose.0, compose.1)) }
    if let module = image[Self.variable] { chosen.append((module, imageFile)) }
    var candidates = chosen
    for name in ["wsgi.py", "asgi.py"].map({ project.path("\(project.package)/\($0)") }) {
      if let module = ProjectReading.settingsModule(project.sources[name] ?? "") {
        candidates.append((module, name))
      }
    }
    let parts = own.split(separator: ".").dropLast().map(String.init)
    for name in Self.productionNames {
      let module = (parts + [name]).joined(separator: ".")
      if project.has(module) {
        candidates.append((module, project.path(module.replacing(".", with: "/") + ".py")))
      }
    }
    guard isForDevelopment(own) else {
      common = own
      let other = chosen.first { !isForDevelopment($0.module) && $0.module != own }
      production = other?.module
      place = other?.place ?? ""
      return
    }
    let known = candidates.first { !isForDevelopment($0.module) && $0.module != own }
    development = own
    production = known?.module ?? own
    place = known?.place ?? "nothing but those of manage.py was found"
    isUnknown = known == nil
  }
}
