/// What the name of a file in a chezmoi tree says of its target
/// (https://www.chezmoi.io/reference/source-state-attributes/).
public struct SourceFileName: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case file
    /// `create_`: where nothing is yet.
    case create
    /// `modify_`: made of what is there.
    case modify
    /// `remove_`: nothing is to be there.
    case remove
    /// `run_`: it is run.
    case script(ScriptTime)
    /// `symlink_`: it says where a link leads.
    case link
  }

  /// The target's own name.
  public var target: String
  public var kind = Kind.file
  public var isEncrypted = false
  public var isPrivate = false
  public var isReadOnly = false
  /// An empty file is to be there, too.
  public var keepsEmpty = false
  public var isExecutable = false
  public var isTemplate = false

  /// - Returns: nil for a name that no target is left of.
  public init?(_ name: String) {
    var rest = name[...]
    if rest.take("create_") {
      kind = .create
    } else if rest.take("remove_") {
      kind = .remove
    } else if rest.take("run_") {
      kind = .script(ScriptTime(&rest))
    } else if rest.take("symlink_") {
      kind = .link
    } else if rest.take("modify_") {
      kind = .modify
    }
    switch kind {
    case .file, .create, .modify:
      isEncrypted = rest.take("encrypted_")
      isPrivate = rest.take("private_")
      isReadOnly = rest.take("readonly_")
      if kind != .modify { keepsEmpty = rest.take("empty_") }
      isExecutable = rest.take("executable_")
    case .remove, .script, .link: break
    }
    let start = NameStart(&rest)
    if isEncrypted, let ending = [".age", ".asc"].first(where: { rest.hasSuffix($0) }) {
      rest = rest.dropLast(ending.count)
    }
    if rest.hasSuffix(".literal") {
      rest = rest.dropLast(".literal".count)
    } else if rest.hasSuffix(".tmpl") {
      isTemplate = true
      rest = rest.dropLast(".tmpl".count)
      if rest.hasSuffix(".literal") { rest = rest.dropLast(".literal".count) }
    }
    guard let target = start.target(rest) else { return nil }
    self.target = target
  }

  /// Permission bits, as they are under the usual umask.
  public var mode: UInt16 {
    var mode: UInt16 = isExecutable ? 0o755 : 0o644
    if isPrivate { mode &= 0o700 }
    if isReadOnly { mode &= 0o555 }
    return mode
  }
}

/// When a script of a chezmoi tree is run.
public struct ScriptTime: Hashable, Sendable {
  public enum Condition: Hashable, Sendable { case always, once, changed }
  public enum Order: Int, Hashable, Sendable { case before, during, after }
  public var condition = Condition.always
  public var order = Order.during

  init(_ rest: inout Substring) {
    for (prefix, condition) in [("once_", Condition.once), ("onchange_", .changed)]
    where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.count)
      self.condition = condition
      break
    }
    for (prefix, order) in [("before_", Order.before), ("after_", .after)] where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.count)
      self.order = order
      break
    }
  }
}

/// What the name of a folder in a chezmoi tree says of its target.
public struct SourceFolderName: Hashable, Sendable {
  public var target: String
  public var isRemoved = false
  /// All in it goes over as it is, whatever it is called.
  public var isExternal = false
  public var isExact = false
  public var isPrivate = false
  public var isReadOnly = false

  public init?(_ name: String) {
    var rest = name[...]
    isRemoved = rest.take("remove_")
    isExternal = rest.take("external_")
    isExact = rest.take("exact_")
    isPrivate = rest.take("private_")
    isReadOnly = rest.take("readonly_")
    let start = NameStart(&rest)
    guard let target = start.target(rest) else { return nil }
    self.target = target
  }

  /// Permission bits, as they are under the usual umask.
  public var mode: UInt16 {
    var mode: UInt16 = 0o755
    if isPrivate { mode &= 0o700 }
    if isReadOnly { mode &= 0o555 }
    return mode
  }
}

/// `dot_` stands for a dot, and `literal_` says that what follows is the name.
private struct NameStart {
  var hasDot = false

  init(_ rest: inout Substring) {
    if rest.hasPrefix("dot_") {
      hasDot = true
      rest = rest.dropFirst("dot_".count)
    } else if rest.hasPrefix("literal_") {
      rest = rest.dropFirst("literal_".count)
    }
  }

  func target(_ rest: Substring) -> String? {
    let name = (hasDot ? "." : "") + rest
    return rest.isEmpty || name == "." || name == ".." || name.utf8.contains(0) ? nil : name
  }
}

extension Substring {
  /// Takes a prefix off, where it has it.
  fileprivate mutating func take(_ prefix: String) -> Bool {
    guard hasPrefix(prefix) else { return false }
    self = dropFirst(prefix.count)
    return true
  }
}
