/// What entering a project's folder changes in a shell: only what Outfit's own state records for that project.
public struct Activation: Equatable {
  public enum Shell: String, Sendable, CaseIterable { case bash, zsh, fish }

  /// The project's root.
  public var root: Bytes
  public var virtualenv: Bytes?
  public var variables: [(name: Bytes, value: Bytes)]

  public init(root: Bytes, virtualenv: Bytes?, variables: [(name: Bytes, value: Bytes)]) {
    self.root = root
    self.virtualenv = virtualenv
    self.variables = variables
  }

  public static func == (a: Activation, b: Activation) -> Bool {
    a.root == b.root && a.virtualenv == b.virtualenv
      && a.variables.elementsEqual(b.variables) { $0.name == $1.name && $0.value == $1.value }
  }

  /// Changes when the activation does: the shell hands it back, so that nothing is done twice.
  var identity: Bytes {
    var hash = TablePlace.seed
    func feed(_ bytes: Bytes) {
      for byte in bytes { hash = TablePlace.step(hash, byte) }
      hash = TablePlace.step(hash, 0)
    }
    feed(virtualenv ?? [])
    for (name, value) in variables {
      feed(name)
      feed(value)
    }
    return root + [Ascii.colon] + TablePlace.name(hash)
  }

  /// Calls of the functions that `outfit shell-init` defines, to be evaluated by the shell.
  /// - Parameters:
  ///   - activation: what belongs to the folder; nil when nothing does.
  ///   - current: the identity of what the shell has active; empty when nothing is.
  static func script(_ activation: Activation?, current: Bytes, for shell: Shell) -> String {
    guard let activation else { return current.isEmpty ? "" : "__outfit_leave\n" }
    let identity = activation.identity
    guard identity != current else { return "" }
    var words = [identity, activation.virtualenv ?? []]
    for (name, value) in activation.variables { words += [name, value] }
    let call = words.map { quoted($0, for: shell) }.joined(separator: " ")
    return (current.isEmpty ? "" : "__outfit_leave\n") + "__outfit_enter \(call)\n"
  }

  /// A single-quoted word.
  static func quoted(_ word: Bytes, for shell: Shell) -> String {
    var text = Bytes("'".utf8)
    for byte in word {
      switch (byte, shell) {
      case (UInt8(ascii: "'"), .fish): text += Bytes("\\'".utf8)
      case (UInt8(ascii: "\\"), .fish): text += Bytes("\\\\".utf8)
      case (UInt8(ascii: "'"), _): text += Bytes("'\\''".utf8)
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "'"))
    return String(decoding: text, as: UTF8.self)
  }
}
