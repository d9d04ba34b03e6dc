import OutfitCore
import OutfitProfile

/// Variables that have a program run as its developers do, in environments that others reach.
///
/// What all environments have from `env:` is a mistake there, since nobody said it of that one; what stands under the
/// environment itself was meant.
struct DevelopmentSettings {
  private(set) var errors: [Diagnostic] = []
  private(set) var warnings: [Diagnostic] = []

  init(
    _ input: RenderInput, env: [String: String], environments: [Stack.Environment],
    at location: SourceLocation?
  ) {
    for environment in environments where !environment.isDevelopment {
      let variables = env.merging(environment.env) { $1 }
      for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
        guard let kind = Self.kind(name, value) else { continue }
        let isOwn = environment.env[name] != nil
        let others = input.settingsModules.filter { Self.kind(name, $0) == nil && Self.isProduction($0) }
          .sorted()
        // Where there is nothing else to run on, it is said, and nothing more can be done about it.
        let isError = kind == .module ? !others.isEmpty : !isOwn
        let place = isOwn ? "app.environments.\(environment.name).env.\(name)" : "env.\(name)"
        let diagnostic = Diagnostic(
          isError ? .error : .warning,
          "`\(place)` is \(value), so that \(environment.name) would run with the settings of development",
          at: isOwn ? location : input.profile.env[name]?.source.location ?? location,
          hint: kind == .module
            ? "give it its own: app: {environments: {\(environment.name): {env: {\(name): "
              + "\(others.first ?? "\(value.prefix { $0 != "." }).settings.production")}}}}"
            : "write it where it is meant: app: {environments: {dev: {env: {\(name): \(Quoting.json(value))}}}}"
        )
        if isError { errors.append(diagnostic) } else { warnings.append(diagnostic) }
      }
    }
  }

  enum Kind { case module, mode, switched }

  /// What a variable does when it is one of those.
  static func kind(_ name: String, _ value: String) -> Kind? {
    guard let kind = kind(name) else { return nil }
    let value = value.lowercased()
    let isOne =
      switch kind {
      case .module: words(ofModule: value).contains { development.contains($0) }
      case .mode: development.contains(value)
      case .switched: on.contains(value)
      }
    return isOne ? kind : nil
  }

  /// Whether a variable says how a program runs, to those who develop or to others.
  static func decides(_ name: String, _ value: String) -> Bool {
    let known = value.lowercased()
    return switch kind(name) {
    case .module: value.split(separator: ".").allSatisfy { Names.isVariable(String($0)) } && !value.isEmpty
    case .mode: development.contains(known) || production.contains(known)
    case .switched: on.contains(known) || off.contains(known)
    case nil: false
    }
  }

  private static func kind(_ name: String) -> Kind? {
    let words = Set(name.uppercased().split(separator: "_").map(String.init))
    if words.contains("SETTINGS") { return .module }
    if words.contains("DEBUG") { return .switched }
    return words.isDisjoint(with: ["ENV", "ENVIRONMENT", "CONFIGURATION"]) ? nil : .mode
  }

  private static func words(ofModule name: String) -> [String] {
    (name.split(separator: ".").last ?? "").lowercased().split(separator: "_").map(String.init)
  }

  private static let on: Set<String> = ["1", "true", "yes", "on", "y", "t"]
  private static let off: Set<String> = ["0", "false", "no", "off", "n", "f", ""]
  private static let development: Set<String> = [
    "dev", "devel", "develop", "development", "local", "debug", "test", "testing",
  ]
  private static let production: Set<String> = [
    "production", "prod", "live", "staging", "deploy", "deployment",
  ]

  /// A module of settings by its name: `shop.settings.production`, `shop.settings_prod`.
  static func isProduction(_ module: String) -> Bool {
    words(ofModule: module).contains { production.contains($0) }
  }

  /// The modules beside those that variables name as settings, of the files that lie there.
  /// - Parameter list: the names in a folder of the project.
  static func modules(beside variables: [String: String], list: (String) -> [String]) -> Set<String> {
    var found: Set<String> = []
    for (name, value) in variables where name.hasSuffix("SETTINGS_MODULE") || name.hasSuffix("_SETTINGS") {
      let parts = value.split(separator: ".")
      guard parts.count > 1, parts.allSatisfy({ Names.isVariable(String($0)) }) else { continue }
      let folder = parts.dropLast().joined(separator: "/")
      for place in [folder, "src/" + folder] {
        for file in list(place) where file.hasSuffix(".py") || !file.contains(".") {
          let module = file.hasSuffix(".py") ? String(file.dropLast(3)) : file
          found.insert((parts.dropLast() + [module[...]]).joined(separator: "."))
        }
      }
    }
    return found
  }
}
