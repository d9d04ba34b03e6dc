import OutfitCore
import OutfitSystem
import SystemPackage

/// Why an entry is as it is: which line of which layer set it, and what that line overrode.
public struct Reason: Hashable, Sendable {
  /// `tools.black`.
  public var path: String
  /// As a person would write it.
  public var value: String
  public var source: Source
  /// Oldest first.
  public var overrode: [Source]
  public var lockedBy: Source?
  /// What the lock made of it: `25.1.0 on Python 3.13`.
  public var pin: String?
  /// Under which it counts; nil is always.
  public var condition: Condition?
  public var isHere = true

  /// The reasons for what a person names.
  /// - Parameters:
  ///   - name: an entry (`tools.black`), a name in any section (`black`), a program of a tool (`http`), or a
  ///     path in HOME with or without `:LINE`.
  /// - Throws: when no layer has it, with the nearest name.
  public static func find(_ name: String, in profile: Profile, lock: Lock, host: Host) throws(Failure)
    -> [Reason]
  {
    let all = ReasonLister(profile: profile, lock: lock).all
    let exact = all.filter { $0.path == name }
    if !exact.isEmpty { return exact }
    let named = all.filter { $0.path.drop { $0 != "." }.dropFirst() == name }
    if !named.isEmpty { return named }
    let programs = lock.tools.filter { $0.value.programs.contains(name) }.map { "tools.\($0.key)" }
    let tools = all.filter { programs.contains($0.path) }
    if !tools.isEmpty { return tools }
    let dotfiles = all.filter { reason in
      guard reason.path.hasPrefix("dotfiles.") else { return false }
      let target = host.user.home.pushing(FilePath(String(reason.path.dropFirst(9))))
      return candidates(name, host).contains { $0.starts(with: target) }
    }
    if !dotfiles.isEmpty { return dotfiles }
    let packages = all.filter { $0.path.hasPrefix("packages.") && $0.value == name }
    if !packages.isEmpty { return packages }
    let names = all.flatMap { [$0.path, String($0.path.drop { $0 != "." }.dropFirst())] }
    throw Failure(
      "no layer of \(profile.name) has `\(name)`",
      hint: nearest(name, among: names).map { "did you mean `\($0)`?" } ?? "outfit show lists what it has",
      status: .usage)
  }

  /// The layers that set a key of a file of settings, or keys within it.
  /// - Parameter key: its names with dots between them.
  public static func find(
    key: String, of file: String, in profile: Profile, host: Host
  ) throws(Failure) -> [Reason] {
    let places = candidates(file, host)
    let found = profile.dotfiles.filter { target, section in
      section.value.kind == .keys
        && places.contains(host.user.home.pushing(FilePath(target)).lexicallyNormalized())
    }
    guard let (target, section) = found.first else {
      throw Failure(
        "no layer of \(profile.name) sets keys in `\(file)`", hint: "outfit why \(file)", status: .usage)
    }
    var names: [String] = []
    var reasons: [String: Reason] = [:]
    for section in (profile.blocks[target] ?? []) + [section] {
      for (path, value) in section.value.settings?.leaves ?? [] {
        let name = path.joined(separator: ".")
        names.append(name)
        guard name == key || name.hasPrefix(key + ".") else { continue }
        let before = reasons[name]
        reasons[name] = Reason(
          path: "~/\(target) \(name)", value: value.summary, source: section.source,
          overrode: (before?.overrode ?? []) + (before.map { [$0.source] } ?? []),
          condition: profile.conditions["dotfiles.\(target)"])
      }
    }
    guard !reasons.isEmpty else {
      throw Failure(
        "no layer of \(profile.name) sets `\(key)` in `\(file)`: what is there is yours",
        hint: nearest(key, among: names).map { "did you mean `\($0)`?" }
          ?? "they set \(names.sorted().joined(separator: ", "))", status: .usage)
    }
    return reasons.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func candidates(_ name: String, _ host: Host) -> [FilePath] {
    var texts = [name]
    if let colon = name.lastIndex(of: ":"), name[colon...].dropFirst().allSatisfy(\.isNumber) {
      texts.append(String(name[..<colon]))
    }
    return texts.flatMap { text -> [FilePath] in
      if text.hasPrefix("~/") { return [host.user.home.pushing(FilePath(String(text.dropFirst(2))))] }
      let path = FilePath(text)
      return [host.workingDirectory.pushing(path), host.user.home.pushing(path)].map {
        $0.lexicallyNormalized()
      }
    }
  }

  /// Lines for a terminal, each with its end.
  public func text(style: Style = .plain) -> String {
    var rows = [("is", value), ("set by", describe(source))]
    if let pin { rows.append(("pinned", pin)) }
    if let condition { rows.append((isHere ? "counts" : "not here", "if \(condition)")) }
    for source in overrode.reversed() { rows.append(("overrode", describe(source))) }
    if let lockedBy { rows.append(("locked by", describe(lockedBy))) }
    return style.bold(path.harmless) + "\n"
      + rows.map { label, content in
        let space = String(repeating: " ", count: 11 - label.count)
        return "  " + style.dim(label) + space
          + content.harmless + "\n"
      }.joined()
  }

  private func describe(_ source: Source) -> String {
    "\(source.layer.isOwn ? "your own layer" : source.layer.name), \(source.location.file):\(source.location.line)"
  }
}

private struct ReasonLister {
  let profile: Profile
  let lock: Lock

  var all: [Reason] {
    var reasons: [Reason] = []
    for (language, section) in profile.interpreters {
      reasons.append(
        reason("interpreters.\(language)", describe(section.value), section.source, pin(language)))
      for addition in profile.additions[language] ?? [] {
        reasons.append(reason("interpreters.\(language)", "also \(addition.value)", addition.source, nil))
      }
    }
    reasons += list("tools", profile.tools, describe) { pin(tool: $0) }
    reasons += list("indexes", profile.indexes) { "\($0.url) (\($0.priority))" }
    reasons += list("data", profile.data) { $0.summary }
    reasons += list("ask", profile.ask) { $0.prompt }
    reasons += list("secrets", profile.secrets) { $0.title }
    reasons += list("dotfiles", profile.dotfiles, describe)
    for (target, blocks) in profile.blocks {
      reasons += blocks.map { reason("dotfiles.\(target)", describe($0.value), $0.source, nil) }
    }
    reasons += list("scripts", profile.scripts) { "\($0.run), \($0.when)" }
    reasons += list("env", profile.env) { $0 }
    reasons += list("hooks", profile.hooks) {
      $0.repository.map { "of \($0.address)" } ?? $0.entry?.joined(separator: " ")
        ?? "Outfit's own hook for it"
    }
    if let settings = profile.hookSettings {
      reasons.append(reason("hook-settings", settings.value.title, settings.source, nil))
    }
    for (manager, packages) in profile.packages {
      reasons += packages.map { reason("packages.\(manager)", $0.value, $0.source, nil) }
    }
    if let virtualenv = profile.virtualenv {
      let text = "\(virtualenv.value.path) from \(virtualenv.value.title)"
      reasons.append(
        reason(
          "virtualenv", text, virtualenv.source, lock.virtualenv.map { "locked for Python \($0.python)" }))
    }
    if let section = profile.nodeModules {
      reasons.append(
        reason(
          "node_modules", "\(section.value.path) from \(section.value.from)", section.source,
          lock.nodeModules?.manager.map { "installed by \($0.request)" }))
    }
    if let app = profile.app {
      reasons.append(reason("app", "\(app.value.name), template \(app.value.template)", app.source, nil))
    }
    reasons += profile.elsewhere.map { entry in
      Reason(
        path: entry.path, value: "for other machines", source: entry.source, overrode: [],
        condition: entry.condition, isHere: false)
    }
    return reasons.sorted { ($0.path, $0.value) < ($1.path, $1.value) }
  }

  private func list<Value>(
    _ section: String, _ entries: [String: Sourced<Value>], _ describe: (Value) -> String,
    pin: (String) -> String? = { _ in nil }
  ) -> [Reason] {
    entries.map { name, entry in
      reason("\(section).\(name)", describe(entry.value), entry.source, pin(name))
    }
  }

  private func reason(_ path: String, _ value: String, _ source: Source, _ pin: String?) -> Reason {
    Reason(
      path: path, value: value, source: source, overrode: profile.overridden[path] ?? [],
      lockedBy: profile.locked[path] ?? profile.locked[String(path.prefix { $0 != "." })], pin: pin,
      condition: profile.conditions[path])
  }

  private func pin(_ language: Language) -> String? {
    guard let pins = lock.interpreters[language], !pins.isEmpty else { return nil }
    return pins.map { pin in
      "\(pin.version), \(pin.provider)" + (pin.build.map { " \($0)" } ?? "")
    }.joined(separator: "; ")
  }

  private func pin(tool name: String) -> String? {
    guard let tool = lock.tools[name] else { return nil }
    return tool.version.description + (tool.python.map { " on Python \($0)" } ?? "")
      + (tool.programs.isEmpty ? "" : ", as \(tool.programs.joined(separator: ", "))")
  }

  private func describe(_ section: InterpreterSection) -> String {
    section.versions.map(\.text).joined(separator: ", ")
      + (section.providers.map { " by \($0.map(\.rawValue).joined(separator: ", "))" } ?? "")
      + (section.system ? ", the system's own may serve" : "")
      + (section.mirror.map { ", from \($0)" } ?? "")
  }

  private func describe(_ tool: ToolSection) -> String {
    var parts = [tool.version.text]
    if tool.origin != .pypi { parts.append("from \(tool.url ?? tool.origin.rawValue)") }
    if let package = tool.package { parts.append("package \(package)") }
    if !tool.extras.isEmpty { parts.append("extras \(tool.extras.joined(separator: ", "))") }
    if !tool.with.isEmpty { parts.append("with \(tool.with.joined(separator: ", "))") }
    if let python = tool.python { parts.append("Python \(python.text)") }
    if let expose = tool.expose { parts.append("exposes \(expose.joined(separator: ", "))") }
    if let index = tool.index { parts.append("index \(index)") }
    if let suffix = tool.suffix { parts.append("suffix \(suffix)") }
    return parts.joined(separator: "; ")
  }

  private func describe(_ dotfile: DotfileSection) -> String {
    let what =
      switch dotfile.kind {
      case .absent: "absent"
      case .external: "from \(dotfile.external?.address ?? "")"
      case .keys:
        "sets \((dotfile.settings?.leaves ?? []).map { $0.path.joined(separator: ".") }.joined(separator: ", "))"
      case .linkTo: "link to \(dotfile.destination ?? "")"
      case .create: "made once, of \(dotfile.file ?? "")"
      case .chezmoi: "\(dotfile.file ?? ""), as chezmoi keeps it"
      case .tree: "tree of \(dotfile.file ?? ""), as \(dotfile.layout.style)"
      case .template, .copy, .link, .block: "\(dotfile.kind) of \(dotfile.file ?? "")"
      }
    return what + (dotfile.mode.map { ", mode \(String($0, radix: 8))" } ?? "")
      + (dotfile.secret ? ", secret" : "")
      + (dotfile.onlyIfPresent ? ", if present" : "")
  }
}
