import OutfitCore
import OutfitEngine
import OutfitProfile

extension Interpreters: Outdating {
  public func outdated(_ context: Context) throws -> Round<[OutdatedRow]> {
    var rows: [OutdatedRow] = []
    var asked: [Query] = []
    for language in [Language.python, .node] {
      guard let section = context.profile.interpreters[language]?.value else { continue }
      let pins = section.versions.compactMap { request in
        context.lock.interpreters[language]?.first { $0.request == request.text }
      }
      guard !pins.isEmpty else { continue }
      var inquirer = Inquirer(context.facts)
      let found = inquirer.interpreters(language)
      asked += inquirer.asked
      switch Catalogue.ask(language, context) {
      case .ask(let queries): asked += queries
      case .done(let catalogue):
        rows += pins.map { row($0, language, section, catalogue, found ?? []) }
      }
    }
    return asked.isEmpty ? .done(rows) : .ask(asked)
  }

  private func row(
    _ pin: LockedInterpreter, _ language: Language, _ section: InterpreterSection, _ catalogue: Catalogue?,
    _ found: [FoundInterpreter]
  ) -> OutdatedRow {
    let name = section.versions.count == 1 ? language.rawValue : "\(language) \(pin.request)"
    var row = OutdatedRow(kind: .interpreter, name: name, current: pin.version.description)
    guard let catalogue else {
      row.note = "no index of \(language.title)'s releases answers"
      return row
    }
    let request = VersionRequest(pin.request) ?? .latest
    let adoptable = section.adoptable(request, among: found)?.version
    // What any good one of the machine may serve for does not move by itself to one that must be fetched.
    let published = section.system ? nil : request.best(of: catalogue.versions)
    let wanted = [adoptable, published, pin.version].compactMap(\.self).max()
    let latest = catalogue.versions.first {
      !$0.isPrerelease && $0.isFreeThreaded == pin.version.isFreeThreaded
    }
    row.wanted = wanted?.description
    row.latest = latest.map { max($0, pin.version).description }
    let target = row.wanted == row.current ? latest : wanted
    if let target, target > pin.version { row.since = catalogue.dates[target] }
    return row
  }
}
