import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct StoreTests {
  private let files = MemoryFiles.withHome()
  private let host: Host
  private let store: Store
  private let id = ObjectID(name: "black-25.1.0", digest: Digest(of: "x"))

  init() {
    host = .test(files: files)
    store = Store(host)
  }

  private var receipt: Receipt {
    Receipt(
      id: id, label: "black 25.1.0", inputs: ["python-3.13.5-0123456789abcdef"], built: 1_800_000_000,
      size: 12,
      isAdopted: false)
  }

  @Test func aReceiptIsReadAsItWasWritten() throws {
    let text = receipt.text
    #expect(Receipt(text) == receipt)
    #expect(text.hasPrefix("outfit receipt 1\nname black-25.1.0\n"))
    #expect(Receipt("") == nil)
    #expect(Receipt(String(text.dropLast())) == nil)
    for i in stride(from: 0, to: text.utf8.count, by: 7) {
      var bytes = Array(text.utf8)
      bytes[i] ^= 1
      #expect(Receipt(String(decoding: bytes, as: UTF8.self)) == nil)
      #expect(Receipt(String(decoding: bytes[..<i], as: UTF8.self)) == nil)
    }
  }

  @Test func anObjectIsThereOnceItsReceiptAndItsFolderAre() throws {
    files.putDirectory(store.path(of: id))
    #expect(!store.isPresent(id))
    #expect(store.leftovers() == [id.description])
    try store.commit([receipt])
    #expect(store.isPresent(id))
    #expect(store.list() == [receipt])
    #expect(store.leftovers() == [])
    try files.removeTree(store.path(of: id))
    #expect(!store.isPresent(id))
  }

  @Test func anotherObjectWithTheSameShortDigestIsAnother() throws {
    files.putDirectory(store.path(of: id))
    try store.commit([receipt])
    let digest = try #require(Digest(id.digest.short(16) + String(repeating: "0", count: 48)))
    let other = ObjectID(name: id.name, digest: digest)
    #expect(other.description == id.description)
    #expect(!store.isPresent(other))
  }

  @Test func aDamagedReceiptIsKeptAsideAndCountsAsNone() throws {
    files.putDirectory(store.path(of: id))
    files.put(store.receiptPath(of: id), "outfit receipt 1\nname bla")
    #expect(!store.isPresent(id))
    #expect(files.exists(FilePath(store.receiptPath(of: id).string + ".corrupt-1")))
    #expect(store.list() == [])
  }

  @Test func whatWasCommittedSurvivesAPowerCut() throws {
    files.putDirectory(host.places.state)
    try files.createDirectories(store.path(of: id))
    try files.create(store.path(of: id).appending("file"), [1], mode: 0o644)
    try store.commit([receipt])
    files.crash(.ordered(keeping: 0))
    #expect(store.isPresent(id))
    #expect(try files.read(store.path(of: id).appending("file")) == [1])
  }

  @Test func aReceiptIsNeverDurableBeforeItsObject() throws {
    files.putDirectory(store.root)
    for step in 0..<40 {
      let files = MemoryFiles.withHome()
      let store = Store(.test(files: files))
      files.putDirectory(store.root)
      try files.createDirectory(store.path(of: id), mode: 0o755)
      try files.create(store.path(of: id).appending("file"), [1], mode: 0o644)
      files.stop(before: files.operations + step)
      try? store.commit([receipt])
      let wasStopped = files.isStopped
      files.crash(.ordered(keeping: files.unsynchronizedNames))
      if store.isPresent(id) {
        #expect(try files.read(store.path(of: id).appending("file")) == [1])
      }
      if !wasStopped { return }
    }
    Issue.record("the commit never ended")
  }

  @Test func removalFirstEndsTheValidity() throws {
    files.putDirectory(store.path(of: id))
    files.put(store.path(of: id).appending("file"), "x")
    try store.commit([receipt])
    let start = files.operations
    try store.remove(id.description)
    #expect(!files.exists(store.path(of: id)))
    #expect(!files.exists(store.receiptPath(of: id)))
    let done = files.log[start...].map { String($0) }
    let receipt = try #require(done.firstIndex { $0.hasPrefix("remove \(store.receiptPath(of: id))") })
    let object = try #require(done.firstIndex { $0.contains("\(store.path(of: id))") })
    #expect(receipt < object)
    try store.remove(id.description)
  }

  @Test(arguments: ["", "..", ".", "a/b", "/etc"]) func onlyNamesAreRemoved(_ name: String) {
    #expect(throws: Failure.self) { try store.remove(name) }
  }

  @Test func whatIsBeingBuiltIsNotRemoved() throws {
    let lock = try store.tryLock(id.description)
    #expect(lock != nil)
    #expect(throws: Failure.self) { try store.remove(id.description) }
    withExtendedLifetime(lock) {}
  }
}
