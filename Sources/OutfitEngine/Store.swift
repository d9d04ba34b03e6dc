import OutfitCore
import OutfitSystem
import SystemPackage

/// What was built: one folder for each object, valid once its receipt is durable.
public struct Store: Sendable {
  let host: Host
  /// The folder that holds the objects.
  public let root: FilePath
  private let receipts: FilePath
  private let locks: FilePath
  private let contents: FilePath

  public init(_ host: Host) {
    self.host = host
    let places = host.places
    root = places.store
    receipts = places.state.appending("receipts")
    locks = places.state.appending("locks").appending("store")
    contents = places.state.appending("contents")
  }

  /// Where an object stands, or would stand.
  public func path(of id: ObjectID) -> FilePath { root.appending(id.description) }

  /// The file that says that an object is whole. It never changes while the object stands.
  public func receiptPath(of id: ObjectID) -> FilePath { receipts.appending(id.description) }

  /// What is known of an object that stands whole; nil when it does not.
  ///
  /// A receipt that can't be read counts as none, and is kept aside.
  public func receipt(of id: ObjectID) -> Receipt? {
    guard let receipt = receipt(named: id.description), receipt.id == id else { return nil }
    return receipt
  }

  public func isPresent(_ id: ObjectID) -> Bool { receipt(of: id) != nil }

  /// The objects that stand whole, sorted by name.
  public func list() -> [Receipt] {
    ((try? host.files.list(receipts)) ?? []).filter { !$0.hasPrefix(".") && !$0.contains(".corrupt-") }
      .compactMap { receipt(named: $0) }
  }

  /// Names in the store that no receipt vouches for: what an interrupted build left.
  public func leftovers() -> [String] {
    ((try? host.files.list(root)) ?? []).filter { receipt(named: $0) == nil }
  }

  /// Removes an object, or what an interrupted build left of one. First it stops being valid, then it goes.
  /// - Parameter name: its name in the store, `ObjectID.description`.
  /// - Throws: `Failure` when it is being built, or can't be removed.
  public func remove(_ name: String) throws {
    guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else {
      throw Failure("\(name) is no name of an object in the store")
    }
    do {
      guard let lock = try tryLock(name) else { throw Failure("\(name) is being built just now") }
      try withExtendedLifetime(lock) {
        let receipt = receipts.appending(name)
        if try host.files.status(receipt, followLinks: false) != nil {
          try host.files.remove(receipt)
          try host.files.synchronize(receipts)
        }
        try host.files.removeTree(root.appending(name))
        try host.files.removeTree(contents.appending(name))
        try host.files.removeTree(locks.appending(name))
      }
    } catch let error as FileError {
      throw Failure("\(error)")
    }
  }

  private func receipt(named name: String) -> Receipt? {
    let path = receipts.appending(name)
    guard let bytes = try? host.files.read(path) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let receipt = Receipt(text), receipt.id.description == name else {
      if let aside = host.putAside(path) {
        let reason = Receipt.isNewer(text) ? "was written by a newer outfit" : "can't be read"
        host.terminal.talk(
          "warning: the receipt of \(name) \(reason), so it counts as none; it is kept as \(aside)\n")
      }
      return nil
    }
    guard receipt.isAdopted || hasFolder(name) else { return nil }
    return receipt
  }

  private func hasFolder(_ name: String) -> Bool {
    (try? host.files.status(root.appending(name), followLinks: false))?.kind == .directory
  }

  /// An object that stands without a receipt: what is in its folder may be whole, and nothing says so.
  public func lacksReceipt(_ id: ObjectID) -> Bool {
    receipt(of: id) == nil && hasFolder(id.description)
  }

  /// Whether its receipt was there and could not be read.
  func hasDamagedReceipt(_ id: ObjectID) -> Bool {
    host.files.exists(FilePath("\(receiptPath(of: id)).corrupt-1"))
  }

  /// An object counts as one that has to be built: something of it is gone.
  public func distrust(_ id: ObjectID) throws {
    guard let lock = try tryLock(id.description) else { throw Failure("\(id) is being built just now") }
    try withExtendedLifetime(lock) {
      let receipt = receiptPath(of: id)
      guard try host.files.status(receipt, followLinks: false) != nil else { return }
      try host.files.remove(receipt)
      try host.files.synchronize(receipts)
    }
  }

  /// Whether a file that the object was built with is not there any more. Where that can't be known it is so.
  func hasLost(_ program: FilePath, of id: ObjectID) -> Bool {
    var relative = program
    guard relative.removePrefix(path(of: id)), !relative.components.isEmpty,
      (try? host.files.status(program, followLinks: false)) == .some(nil), isPresent(id)
    else { return false }
    return contents(of: id).map { $0.entries[relative.string] != nil } ?? true
  }

  /// Writes the receipt of an object again, once every file of it is what was built.
  /// - Throws: `Failure` where that is not so, or not known.
  func vouch(for object: RecordedObject) throws {
    guard let lock = try tryLock(object.id.description) else {
      throw Failure("\(object.label) is being built just now")
    }
    try withExtendedLifetime(lock) {
      if isPresent(object.id) { return }
      guard let expected = contents(of: object.id) else {
        throw Failure("what it was built as is not known any more; `outfit up` builds it anew")
      }
      let found = try Contents.read(path(of: object.id), files: host.files)
      if let first = Verification.compare(found, with: expected).first(where: { $0.kind != .added }) {
        throw Failure("\(first); `outfit up` builds it anew")
      }
      try write([
        Receipt(
          id: object.id, label: object.label, inputs: object.inputs.map(\.description),
          built: host.clock.now(), size: found.size, isAdopted: false)
      ])
    }
  }

  // MARK: Contents

  /// What an object held when it was built; nil where that is not known.
  public func contents(of id: ObjectID) -> Contents? {
    (try? host.files.text(contents.appending(id.description))).flatMap { $0 }.flatMap { Contents($0) }
  }

  /// Keeps what an object holds. It becomes durable with the object.
  func keep(_ found: Contents, of id: ObjectID) throws(FileError) {
    let path = contents.appending(id.description)
    try host.files.createDirectories(contents, mode: 0o700)
    try host.files.removeTree(path)
    try host.files.create(path, Array(found.text.utf8), mode: 0o600)
  }

  // MARK: Building anew

  /// Sets aside an object that stands, so that it can be built anew at its place; nil where there is none.
  func setAside(_ id: ObjectID) throws -> SetAside? {
    guard let receipt = receipt(of: id), !receipt.isAdopted else { return nil }
    guard let lock = try tryLock(id.description) else { throw Failure("\(id) is being built just now") }
    return try withExtendedLifetime(lock) {
      let aside = SetAside(receipt: receipt, contents: self.contents(of: id))
      try host.files.removeTree(place(of: aside))
      try host.files.remove(receiptPath(of: id))
      try host.files.rename(path(of: id), to: place(of: aside))
      return aside
    }
  }

  /// Puts back what was set aside.
  func putBack(_ aside: SetAside) throws(FileError) {
    let id = aside.receipt.id
    try host.files.removeTree(path(of: id))
    try host.files.rename(place(of: aside), to: path(of: id))
    if let contents = aside.contents { try keep(contents, of: id) }
    try write([aside.receipt])
  }

  func discard(_ aside: SetAside) { try? host.files.removeTree(place(of: aside)) }

  /// It has no receipt, so that `gc` frees it should we be killed.
  private func place(of aside: SetAside) -> FilePath {
    root.appending(aside.receipt.id.description + ".aside")
  }

  /// An object while another is built in its place.
  struct SetAside: Sendable {
    var receipt: Receipt
    var contents: Contents?
  }

  // MARK: Building

  /// Keeps other processes from building or removing the object; nil when one is at it.
  func tryLock(_ name: String) throws(FileError) -> FileLock? {
    try host.files.createDirectories(locks, mode: 0o700)
    return try host.files.tryLock(locks.appending(name))
  }

  /// Makes what was built durable in one pass, and then valid: all of it, or nothing.
  func commit(_ built: [Receipt]) throws(FileError) {
    guard !built.isEmpty else { return }
    do {
      try write(built)
    } catch {
      for receipt in built { try? host.files.removeTree(receiptPath(of: receipt.id)) }
      throw error
    }
  }

  private func write(_ built: [Receipt]) throws(FileError) {
    try host.files.createDirectories(receipts, mode: 0o700)
    let pairs = built.map { (receipt: $0, new: receipts.appending(".new-\($0.id)")) }
    for (receipt, new) in pairs {
      try host.files.removeTree(new)
      try host.files.create(new, Array(receipt.text.utf8), mode: 0o644)
    }
    if built.contains(where: { !$0.isAdopted }) {
      // The receipts may be on another disk than the store. Each by itself would cost more than all at once.
      try host.files.synchronizeAll(root)
      try host.files.synchronizeAll(receipts)
    } else {
      for (_, new) in pairs { try host.files.synchronize(new) }
    }
    for (receipt, new) in pairs { try host.files.rename(new, to: receiptPath(of: receipt.id)) }
    try host.files.synchronize(receipts)
  }
}

/// The proof that an object was built, checked, and made durable.
public struct Receipt: Hashable, Sendable {
  public var id: ObjectID
  /// For people: `Python 3.13.5`.
  public var label: String
  public var inputs: [String]
  /// Seconds since 1970.
  public var built: Int64
  /// Bytes, as the files say.
  public var size: Int64
  /// It stands elsewhere: there is no folder in the store.
  public var isAdopted: Bool
  /// What was known of an adopted one, each a word and its value: `program /usr/bin/python3.11`, `sqlite 3.40.1`.
  public var facts: [String]

  static let stat = "stat "

  /// Whether an adopted program, as it is now, is the one that was adopted; nil where that was not written down.
  public func describes(_ program: FileStatus) -> Bool? {
    facts.first { $0.hasPrefix(Self.stat) }.map { $0.dropFirst(Self.stat.count) == program.fingerprint }
  }

  init(
    id: ObjectID, label: String, inputs: [String], built: Int64, size: Int64, isAdopted: Bool,
    facts: [String] = []
  ) {
    self.id = id
    self.label = label
    self.inputs = inputs
    self.built = built
    self.size = size
    self.isAdopted = isAdopted
    self.facts = facts
  }

  private static let heading = "outfit receipt 1"

  /// A later outfit wrote it.
  static func isNewer(_ text: String) -> Bool {
    let first = text.prefix { !$0.isNewline }
    return first.hasPrefix("outfit receipt ") && first != heading
      && first.dropFirst("outfit receipt ".count).allSatisfy(\.isNumber)
  }

  /// One line for each thing, the last a digest over those before it.
  var text: String {
    var lines = [
      Self.heading, "name \(id.name)", "digest \(id.digest)", "label \(label.filter { !$0.isNewline })",
    ]
    lines += inputs.map { "input \($0)" }
    lines += ["built \(built)", "size \(size)", "kind \(isAdopted ? "adopted" : "built")"]
    lines += facts.map { "fact \($0.filter { !$0.isNewline })" } + [""]
    let body = lines.joined(separator: "\n")
    return body + "end \(Digest(of: body))\n"
  }

  /// Nil for what `text` did not write.
  init?(_ text: String) {
    // `end`, a space, 64 digits, and the line's end.
    let end = text.utf8.count - 69
    guard end > 0 else { return nil }
    let body = String(decoding: text.utf8.prefix(end), as: UTF8.self)
    guard text == body + "end \(Digest(of: body))\n" else { return nil }
    var name: String?
    var digest: Digest?
    var label = ""
    var inputs: [String] = []
    var built: Int64?
    var size: Int64?
    var kind = ""
    var facts: [String] = []
    var lines = body.split(separator: "\n")[...]
    guard lines.popFirst() == Self.heading[...] else { return nil }
    for line in lines {
      guard let space = line.firstIndex(of: " ") else { return nil }
      let value = String(line[line.index(after: space)...])
      switch line[..<space] {
      case "name": name = value
      case "digest": digest = Digest(value)
      case "label": label = value
      case "input": inputs.append(value)
      case "built": built = Int64(value)
      case "size": size = Int64(value)
      case "kind": kind = value
      case "fact": facts.append(value)
      default: return nil
      }
    }
    guard let name, let digest, let built, let size else { return nil }
    self.init(
      id: ObjectID(name: name, digest: digest), label: label, inputs: inputs, built: built, size: size,
      isAdopted: kind == "adopted", facts: facts)
  }
}
