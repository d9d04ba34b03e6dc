/// What entering a folder changes in a shell: only what Outfit's own state records for the project, or an
/// environment of the user's own that a version file names; and what a prompt may say of the folder.
public struct Activation: Equatable {
  public enum Shell: String, Sendable, CaseIterable { case bash, zsh, fish }

  /// The project's root, or the folder of the version file.
  public var root: Bytes
  public var virtualenv: Bytes?
  public var variables: [(name: Bytes, value: Bytes)]
  /// The name of the project that the user has brought up.
  public var project: Bytes?
  /// The versions that this folder decides on: `3.13.5`, `system`; `3.10?` for one that is not installed.
  public var python: Bytes?
  public var node: Bytes?

  public init(
    root: Bytes, virtualenv: Bytes? = nil, variables: [(name: Bytes, value: Bytes)] = [],
    project: Bytes? = nil, python: Bytes? = nil, node: Bytes? = nil
  ) {
    self.root = root
    self.virtualenv = virtualenv
    self.variables = variables
    self.project = project
    self.python = python
    self.node = node
  }

  public static func == (a: Activation, b: Activation) -> Bool {
    a.root == b.root && a.virtualenv == b.virtualenv && a.project == b.project && a.python == b.python
      && a.node == b.node
      && a.variables.elementsEqual(b.variables) { $0.name == $1.name && $0.value == $1.value }
  }

  /// What a shell calls the virtual environment: by its project's name where it lies inside, else by its own.
  public var label: Bytes? {
    guard let virtualenv else { return nil }
    let isInside = virtualenv.starts(with: root) && virtualenv.dropFirst(root.count).first == Ascii.slash
    return Activation.harmless(lastName(of: isInside ? root : virtualenv))
  }

  /// Changes when the activation does: the shell hands it back, so that nothing is done twice.
  var identity: Bytes {
    var hash = TablePlace.seed
    func feed(_ bytes: Bytes?) {
      for byte in bytes ?? [] { hash = TablePlace.step(hash, byte) }
      hash = TablePlace.step(hash, 0)
    }
    for part in [virtualenv, project, python, node] { feed(part) }
    for (name, value) in variables {
      feed(name)
      feed(value)
    }
    return root + [Ascii.colon] + TablePlace.name(hash)
  }

  /// Calls of the functions that `outfit shell-init` defines, to be evaluated by the shell:
  /// `__outfit_enter IDENTITY VIRTUALENV LABEL PROJECT PYTHON NODE [NAME VALUE]...`.
  /// - Parameters:
  ///   - activation: what belongs to the folder; nil when nothing does.
  ///   - current: the identity of what the shell has active; empty when nothing is.
  static func script(_ activation: Activation?, current: Bytes, for shell: Shell) -> Bytes {
    let leave = current.isEmpty ? [] : Bytes("__outfit_leave\n".utf8)
    guard let activation else { return leave }
    let identity = activation.identity
    guard identity != current else { return [] }
    var words = [
      identity, activation.virtualenv ?? [], activation.label ?? [],
      activation.project.map(harmless) ?? [], activation.python.map(harmless) ?? [],
      activation.node.map(harmless) ?? [],
    ]
    for (name, value) in activation.variables { words += [name, value] }
    var script = leave + Bytes("__outfit_enter".utf8)
    for word in words { script += [Ascii.space] + quoted(word, for: shell) }
    return script + [Ascii.newline]
  }

  /// A single-quoted word.
  static func quoted(_ word: Bytes, for shell: Shell) -> Bytes {
    let quote = UInt8(ascii: "'")
    let backslash = UInt8(ascii: "\\")
    var text: Bytes = [quote]
    for byte in word {
      switch (byte, shell) {
      case (quote, .fish), (backslash, .fish): text += [backslash, byte]
      case (quote, _): text += [quote, backslash, quote, quote]
      default: text.append(byte)
      }
    }
    return text + [quote]
  }

  /// A name as a prompt may show it: without anything that a shell expands or a terminal obeys.
  static func harmless(_ name: Bytes) -> Bytes {
    Bytes(shown(name, limit: 80).utf8).map { byte in
      Ascii.isLetter(byte) || Ascii.isDigit(byte) || byte >= 0x80 || plain.contains(byte)
        ? byte : UInt8(ascii: "_")
    }
  }

  private static let plain = Bytes("._+@=:,~?- /".utf8)

  /// One line for prompts that have no hook of ours: `shop 3.13.5`, `node 24.1.0`.
  public var line: Bytes {
    var pieces: [Bytes] = []
    if let name = project ?? label { pieces.append(Activation.harmless(name)) }
    if let label, project.map(Activation.harmless) ?? label != label { pieces.append(label) }
    if let python { pieces.append(Activation.harmless(python)) }
    if let node { pieces.append(Bytes("node ".utf8) + Activation.harmless(node)) }
    return Bytes(pieces.joined(separator: [Ascii.space]))
  }
}

/// The last component of a path.
func lastName(of path: Bytes) -> Bytes {
  Bytes(path[(path.lastIndex(of: Ascii.slash).map { $0 + 1 } ?? 0)...])
}

extension Dispatcher {
  /// What belongs to a folder: the environment of the nearest project that sets one up, unless a version file below
  /// it, or a variable, decides on another Python.
  public func activation(in folder: Bytes?) -> Activation? {
    var tables: [Table] = []
    var project: Bytes?
    var environment: (root: Bytes, table: Table)?
    var virtualenv: Bytes?
    var choices: [Language: Choice] = [:]
    var decided: [Language: Bytes] = [:]
    for language in [Language.python, .node] {
      guard let choice = choiceOfVariable(language) else { continue }
      choices[language] = choice
      decided[language] = Bytes("/".utf8)
    }
    for place in folder.map(Ancestors.init(of:)) ?? Ancestors() {
      if let table = table(place.hash, root: place.path) {
        tables.append(table)
        project = project ?? Bytes(place.path)
        if environment == nil, table.virtualenv != nil || !table.variables.isEmpty {
          environment = (Bytes(place.path), table)
          if choices[.python] == nil, decided[.python] == nil { virtualenv = table.virtualenv }
        }
        for language in [Language.python, .node]
        where choices[language] == nil && decided[language] == nil
          && !table.interpreters(of: language).isEmpty
        {
          decided[language] = Bytes(place.path)
        }
      }
      for language in [Language.python, .node]
      where choices[language] == nil && decided[language] == nil
        && (language == .node || virtualenv == nil)
      {
        guard case .wishes(let wishes) = VersionFile.read(in: place.withSlash, for: language) else {
          continue
        }
        choices[language] = Choice(wishes)
        decided[language] = Bytes(place.path)
      }
    }
    if !choices.isEmpty, let machine = table(nil, root: nil) { tables.append(machine) }
    var wishes: [Language: VersionFile.Wish] = [:]
    for (language, choice) in choices { wishes[language] = serving(choice, language, tables) }
    if let wish = wishes[.python], wish.request == nil {
      virtualenv = Virtualenvs(data: data).place(of: wish.text)
    }
    guard
      let root = virtualenv != nil && environment?.table.virtualenv == virtualenv
        ? environment?.root : decided[.python] ?? environment?.root ?? decided[.node] ?? project
    else { return nil }
    return Activation(
      root: root, virtualenv: virtualenv, variables: environment?.table.variables ?? [],
      project: project.map(lastName(of:)),
      python: virtualenv.flatMap(Virtualenvs.version(of:))
        ?? version(.python, wishes[.python], isDecided: decided[.python] != nil, tables),
      node: version(.node, wishes[.node], isDecided: decided[.node] != nil, tables))
  }

  /// Of several versions the first that is here, else the first.
  private func serving(
    _ choice: Choice, _ language: Language, _ tables: [Table]
  ) -> VersionFile.Wish? {
    choice.wishes.first { wish in
      guard let request = wish.request else { return Virtualenvs(data: data).place(of: wish.text) != nil }
      return request == .system || best(request, language, tables) != nil
    } ?? choice.wishes.first
  }

  private func best(_ request: Request, _ language: Language, _ tables: [Table]) -> Offer? {
    for table in tables {
      let offers = table.interpreters(of: language)
      if let best = request.best(of: offers, { LongTermLines(data: data) }) { return best }
    }
    return nil
  }

  /// The version that a folder decides on; nil where the machine's default serves.
  private func version(
    _ language: Language, _ wish: VersionFile.Wish?, isDecided: Bool, _ tables: [Table]
  ) -> Bytes? {
    if let wish {
      guard let request = wish.request else { return nil }
      if request == .system { return Bytes("system".utf8) }
      return best(request, language, tables)?.version.text ?? wish.text + [UInt8(ascii: "?")]
    }
    guard isDecided else { return nil }
    return tables.lazy.compactMap { $0.interpreters(of: language).first?.version.text }.first
  }
}
