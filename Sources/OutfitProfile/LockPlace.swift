import OutfitCore
import OutfitSystem
import SystemPackage

/// Where the pins of a profile are kept.
public struct LockPlace: Hashable, Sendable {
  /// The lock that others share by git: beside the project's manifest, or beside the machine profile's own
  /// where there is one.
  public var shared: FilePath?
  /// The lock that `up` writes.
  public var own: FilePath
  /// The lock of the personal layer.
  public var personal: FilePath
  /// Where a lock that others share would be, whether it is there or not.
  public var beside: FilePath?
  /// The lock that `up` writes has pins of this very profile: another's are none of its business.
  public var ownIsOfProfile = true

  /// For the machine, the profile's own lock serves where it exists, and `up` writes nothing into the
  /// profile's folder: what is missing there is kept in Outfit's state.
  public static func find(for profile: Profile, host: Host) -> LockPlace {
    let personal = host.places.config.appending(LockFile.name)
    switch profile.scope {
    case .project(let root):
      let folder = profile.layers.last { $0.kind == .profile }?.folder ?? root
      let path = folder.appending(LockFile.name)
      return LockPlace(shared: path, own: path, personal: personal, beside: path)
    case .machine:
      let beside = profile.layers.last { $0.kind == .profile }?.folder.appending(LockFile.name)
      return LockPlace(
        shared: beside.flatMap { host.files.exists($0) ? $0 : nil },
        own: host.places.state.appending("machine").appending(LockFile.name), personal: personal,
        beside: beside)
    }
  }

  /// All pins that this place holds for `profile`; empty where nothing was locked yet.
  /// - Throws: what is wrong with a lock, status 2.
  public func read(for profile: Profile, host: Host) throws -> Lock {
    var lock = try shared.flatMap { try LockFile.read($0, for: profile, host: host) } ?? Lock()
    if own != shared, ownIsOfProfile, let rest = try readOwn(for: profile, host) {
      lock = lock.completed(by: rest.only(for: profile))
    }
    guard profile.layers.contains(where: { $0.kind == .personal }),
      let theirs = try LockFile.read(personal, for: profile, host: host)
    else { return lock }
    return lock.merged(with: theirs, for: profile)
  }

  /// The lock in Outfit's state, which nobody has a copy of: one that can't be read is kept aside, and its pins are
  /// made anew.
  private func readOwn(for profile: Profile, _ host: Host) throws -> Lock? {
    do {
      return try LockFile.read(own, for: profile, host: host)
    } catch let failure as Failure {
      guard let text = try? host.files.text(own), !LockFile.isNewer(text) else { throw failure }
      var number = 1
      while host.files.exists(FilePath("\(own).corrupt-\(number)")) { number += 1 }
      let aside = FilePath("\(own).corrupt-\(number)")
      try host.files.rename(own, to: aside)
      host.terminal.talk(
        "warning: the lock of this machine can't be read (\(failure.diagnostics.first?.message ?? "it is damaged")); it is kept as \(aside), and its pins are made anew\n"
      )
      return nil
    }
  }

  /// The files that `up` has to write for `lock`, with their texts; empty when all are as they should be.
  public func texts(of lock: Lock, for profile: Profile, host: Host) throws -> [(
    path: FilePath, text: String
  )] {
    let (theirs, mine) = lock.split(for: profile)
    var texts: [(path: FilePath, text: String)] = []
    let isInShared =
      try own != shared && shared.flatMap { try LockFile.read($0, for: profile, host: host) } == theirs
    let text = LockFile.text(of: theirs, for: profile)
    if !isInShared, try host.files.text(own) != text, theirs != Lock() || host.files.exists(own) {
      texts.append((own, text))
    }
    let before = try host.files.text(personal)
    let hasPersonal = profile.layers.contains { $0.kind == .personal }
    if hasPersonal, mine != Lock() || before != nil {
      // In a project the personal lock keeps what only the machine asks for.
      var whole = mine
      if profile.scope != .machine, let present = try LockFile.read(personal, for: profile, host: host) {
        whole = whole.completed(by: present)
      }
      let text = LockFile.text(of: whole, for: profile)
      if before != text { texts.append((personal, text)) }
    }
    return texts
  }
}

extension Lock {
  /// The pins of the profile itself, and those of the personal layer.
  public func split(for profile: Profile) -> (profile: Lock, personal: Lock) {
    var (own, personal) = (self, Lock())
    for (language, pins) in interpreters where profile.interpreters[language]?.source.layer.kind == .personal
    {
      own.interpreters[language] = nil
      personal.interpreters[language] = pins
    }
    let elsewhere = Dictionary(
      profile.toolsElsewhere.map { ($0.key, $0.section.source) }, uniquingKeysWith: { $1 })
    for (name, tool) in tools
    where (profile.tools[name]?.source ?? elsewhere[name])?.layer.kind == .personal {
      own.tools[name] = nil
      personal.tools[name] = tool
    }
    for (address, pin) in externals where profile.externalIsPersonal(address) {
      own.externals[address] = nil
      personal.externals[address] = pin
    }
    return (own, personal)
  }

  /// This lock, with the pins of `personal` for what the personal layer asks.
  public func merged(with personal: Lock, for profile: Profile) -> Lock {
    var lock = self
    for (language, section) in profile.interpreters where section.source.layer.kind == .personal {
      lock.interpreters[language] = personal.interpreters[language]
    }
    for (name, section) in profile.tools where section.source.layer.kind == .personal {
      lock.tools[name] = personal.tools[name]
    }
    for tool in profile.toolsElsewhere where tool.section.source.layer.kind == .personal {
      lock.tools[tool.key] = personal.tools[tool.key]
    }
    for (address, pin) in personal.externals where profile.externalIsPersonal(address) {
      lock.externals[address] = pin
    }
    return lock
  }

  /// The pins of what a profile asks for, in its order.
  public func only(for profile: Profile) -> Lock {
    var lock = self
    lock.interpreters = interpreters.reduce(into: [:]) { kept, section in
      let requests = profile.pinned(section.key)?.requests.map(\.text) ?? []
      let pins = requests.compactMap { request in section.value.first { $0.request == request } }
      if !pins.isEmpty { kept[section.key] = pins }
    }
    // The runner of git hooks is pinned as a tool that no manifest names.
    if profile.hooks.isEmpty {
      let elsewhere = Set(profile.toolsElsewhere.map(\.key))
      lock.tools = tools.filter { profile.tools[$0.key] != nil || elsewhere.contains($0.key) }
    }
    if profile.virtualenv == nil { lock.virtualenv = nil }
    if profile.nodeModules == nil { lock.nodeModules = nil }
    // Which those of chezmoi's folders are is not known here.
    if !profile.dotfiles.values.contains(where: { $0.value.kind == .chezmoi }) {
      let addresses = Set(
        profile.dotfiles.values.compactMap(\.value.external?.pin)
          + profile.hooks.values.compactMap(\.value.repository?.pin))
      lock.externals = externals.filter { addresses.contains($0.key) }
    }
    if profile.app == nil {
      lock.images = [:]
      lock.imagePackages = nil
    }
    let addresses = Set(profile.layers.compactMap { $0.origin?.with(subfolder: "").description })
    lock.layers = layers.filter { addresses.contains($0.key) }
    return lock
  }

  /// This lock, and from `other` what it does not have.
  public func completed(by other: Lock) -> Lock {
    var lock = self
    lock.interpreters.merge(other.interpreters) { mine, theirs in
      mine + theirs.filter { pin in !mine.contains { $0.request == pin.request } }
    }
    lock.tools.merge(other.tools) { mine, _ in mine }
    lock.images.merge(other.images) { mine, _ in mine }
    lock.externals.merge(other.externals) { mine, _ in mine }
    lock.layers.merge(other.layers) { mine, _ in mine }
    lock.virtualenv = virtualenv ?? other.virtualenv
    lock.nodeModules = nodeModules ?? other.nodeModules
    lock.imagePackages = imagePackages ?? other.imagePackages
    return lock
  }
}

extension Profile {
  /// Only the user's own layer asks for what is at an address.
  fileprivate func externalIsPersonal(_ address: String) -> Bool {
    let those = dotfiles.values.filter { $0.value.external?.pin == address }
    return !those.isEmpty && those.allSatisfy { $0.source.layer.kind == .personal }
  }
}
