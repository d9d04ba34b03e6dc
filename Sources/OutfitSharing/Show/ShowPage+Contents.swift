import OutfitCore
import OutfitProfile
import OutfitSystem

/// What is in a profile, each entry with the layer and the line that set it.
extension ShowPage {
  /// One entry of a manifest.
  private struct Entry {
    /// Where `overridden` and `locked` have it.
    var path: String
    var name: String
    var value: String?
    var detail: String?
    var source: Source
  }

  var programs: Part? {
    part("programs", "Programs", [("Interpreters", interpreters), ("Tools", tools)])
  }

  var system: Part? {
    part(
      "system", "Also in it",
      [
        ("Virtualenv", virtualenv), ("Git hooks", hooks), ("System packages", packages),
        ("Scripts", scripts), ("Variables", variables), ("Containers", containers),
        ("It asks for", questions),
      ])
  }

  var files: Part? {
    let kinds: [(DotfileSection.Kind, String)] = [
      (.block, "Blocks in files that stay yours"), (.keys, "Keys in files that stay yours"),
      (.template, "Files, filled in"), (.copy, "Files"),
      (.tree, "Folders"), (.chezmoi, "Folders of chezmoi's"), (.create, "Files, made once"), (.link, "Links"),
      (.linkTo, "Links to elsewhere"), (.external, "From elsewhere"),
      (.absent, "Taken away"),
    ]
    return part(
      "files", "Dotfiles",
      kinds.map { kind, title in
        let entries = profile.dotfiles.sorted { $0.key < $1.key }.flatMap { target, section in
          ((profile.blocks[target] ?? []) + [section]).filter { $0.value.kind == kind }.map { section in
            Entry(
              path: "dotfiles.\(target)", name: home(target), value: nil, detail: detail(section.value),
              source: section.source)
          }
        }
        return (title, entries)
      })
  }

  private func detail(_ dotfile: DotfileSection) -> String? {
    var parts: [String] = []
    if dotfile.secret { parts.append("secret") }
    if dotfile.onlyIfPresent { parts.append("where the file is there") }
    if let settings = dotfile.settings {
      parts.append(settings.leaves.map { $0.path.joined(separator: ".") }.joined(separator: ", "))
    }
    if let external = dotfile.external { parts.append(external.address) }
    if let destination = dotfile.destination { parts.append("to \(destination)") }
    if dotfile.layout.isExact { parts.append("and nothing else there") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var interpreters: [Entry] {
    Language.allCases.flatMap { language -> [Entry] in
      guard let section = profile.interpreters[language] else { return [] }
      return section.value.versions.enumerated().map { index, request in
        let pin = lock.interpreters[language]?.first { $0.request == request.text }
        let added = profile.additions[language]?.first { $0.value == request }
        let name = language == .python ? "Python" : "Node"
        return Entry(
          path: "interpreters.\(language)", name: name,
          value: pin?.version.description ?? (request == .latest ? "the newest" : request.text),
          detail: index == 0 && section.value.versions.count > 1 ? "the default" : nil,
          source: added?.source ?? section.source)
      }
    }
  }

  private var tools: [Entry] {
    profile.tools.sorted { $0.key < $1.key }.map { name, section in
      let pin = lock.tools[name]
      let tool = section.value
      var details: [String] = []
      if tool.origin != .pypi { details.append("from \(tool.origin.rawValue)") }
      if !tool.with.isEmpty { details.append("with \(tool.with.joined(separator: ", "))") }
      let programs = (pin?.programs ?? []).filter { $0 != name }
      if !programs.isEmpty { details.append("gives \(programs.prefix(8).joined(separator: ", "))") }
      return Entry(
        path: "tools.\(name)", name: name,
        value: pin?.version.description ?? (tool.version == .latest ? "the newest" : tool.version.text),
        detail: details.isEmpty ? nil : details.joined(separator: "; "), source: section.source)
    }
  }

  private var virtualenv: [Entry] {
    profile.virtualenv.map {
      [
        Entry(
          path: "virtualenv", name: $0.value.path, value: "from \($0.value.title)", detail: nil,
          source: $0.source)
      ]
    } ?? []
  }

  private var hooks: [Entry] {
    profile.inOrder(profile.hooks, of: "hooks").map { name, hook in
      Entry(
        path: "hooks.\(name)", name: name, value: hook.value.stages.joined(separator: ", "), detail: nil,
        source: hook.source)
    }
  }

  private var packages: [Entry] {
    profile.packages.sorted { $0.key < $1.key }.flatMap { manager, packages in
      packages.map {
        Entry(
          path: "packages.\(manager)", name: $0.value, value: "by \(manager)", detail: nil, source: $0.source)
      }
    }
  }

  private var scripts: [Entry] {
    profile.scripts.sorted { $0.key < $1.key }.map { name, script in
      let moment =
        switch script.value.when {
        case .once: "once"
        case .changed: "when it has changed"
        case .always: "every time"
        }
      return Entry(
        path: "scripts.\(name)", name: name, value: moment, detail: script.value.run, source: script.source)
    }
  }

  private var variables: [Entry] {
    profile.env.sorted { $0.key < $1.key }.map { name, value in
      Entry(path: "env.\(name)", name: name, value: nil, detail: nil, source: value.source)
    }
  }

  private var containers: [Entry] {
    guard let app = profile.app else { return [] }
    let parts =
      app.value.processes.keys.sorted()
      + app.value.services.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.title)" }
    return [
      Entry(
        path: "app", name: app.value.name, value: "template \(app.value.template)",
        detail: parts.joined(separator: ", "), source: app.source)
    ]
  }

  private var questions: [Entry] {
    profile.ask.sorted { $0.key < $1.key }.map { key, question in
      Entry(path: "ask.\(key)", name: key, value: nil, detail: question.value.prompt, source: question.source)
    }
  }

  private func part(_ id: String, _ title: String, _ groups: [(String, [Entry])]) -> Part? {
    let groups = groups.filter { !$0.1.isEmpty }
    guard !groups.isEmpty else { return nil }
    return Part(
      id: id, title: title,
      body: groups.map { title, entries in
        "<h3>\(title)</h3>\n<ul class=\"entries\">\n" + entries.map(line).joined() + "</ul>\n"
      }.joined())
  }

  private func line(_ entry: Entry) -> String {
    var line = "<li>\(mark(entry.source.layer))<span class=\"what\"><strong>\(path(entry.name))</strong>"
    if let value = entry.value { line += " <span class=\"value\">\(text(withoutPasswords(value)))</span>" }
    if let detail = entry.detail { line += "<small>\(path(withoutPasswords(detail)))</small>" }
    line += "</span><span class=\"from\">\(text(name(entry.source.layer), 40)):\(entry.source.location.line)"
    if let over = profile.overridden[entry.path]?.last, over.layer != entry.source.layer {
      line += "<small>over \(text(name(over.layer), 40)):\(over.location.line)</small>"
    }
    let section = String(entry.path.prefix { $0 != "." })
    if let lock = profile.locked[entry.path] ?? profile.locked[section] {
      line += "<small>fixed by \(text(name(lock.layer), 40))</small>"
    }
    return line + "</span></li>\n"
  }
}
