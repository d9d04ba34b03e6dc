import OutfitCore
import OutfitEngine
import OutfitFetch
import OutfitProfile
import OutfitRender
import OutfitSystem
import OutfitTools
import SystemPackage

/// `doctor --network`: each server that is needed here is asked, and what answered is said.
struct NetworkExamination {
  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  /// One server's part of the result.
  private struct Row {
    var contact: Contacts.Contact
    var way: String
    /// `answers, 200`, or why it does not.
    var text: String
    var hint: String?
    var isWell: Bool
  }

  /// - Throws: status 1 when a server that is needed does not answer.
  func run(json: Bool) async throws {
    let (name, contacts) = try await self.contacts()
    let probe = NetworkProbe(host: host, libraries: Installation.locate(host).libraries)
    let rows = await withTaskGroup(of: (Int, Row).self) { group in
      for (index, contact) in contacts.sorted.enumerated() {
        group.addTask { (index, await ask(contact, probe)) }
      }
      var rows: [(Int, Row)] = []
      for await row in group { rows.append(row) }
      return rows.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let isWell = rows.allSatisfy(\.isWell)
    if json {
      session.write(document(rows, probe, contacts, isWell))
    } else {
      show(name, rows, probe, contacts)
    }
    if !isWell { throw Ended(.failed) }
  }

  /// What the profile here asks; before there is one, what the one that comes with Outfit would.
  private func contacts() async throws -> (name: String, Contacts) {
    let adopted = try ProfilePlace.adopted(host)
    let starter = ProfilePlace(
      scope: .machine, address: ProfilePlace.shipped(host).contains("starter") ? "starter" : "")
    let place = try Project.find(host)?.place ?? adopted ?? starter
    let profile = try await place.load(session)
    let lock = Tools.pins(of: profile, in: try Locks(host: host, profile: profile).merged)
    return (profile.name, Contacts(of: profile, lock, host))
  }

  private func ask(_ contact: Contacts.Contact, _ probe: NetworkProbe) async -> Row {
    guard let address = contact.probe else { return await askGit(contact) }
    let answer = await probe.ask(address)
    if let problem = answer.problem {
      return Row(
        contact: contact, way: answer.way, text: problem.message, hint: problem.hint,
        isWell: contact.isFollowed)
    }
    // What it says to a stranger who asks for nothing is no matter, but for what only a proxy says.
    return Row(
      contact: contact, way: answer.way, text: "answers\(answer.status.map { ", \($0)" } ?? "")", isWell: true
    )
  }

  /// Over ssh only git can ask, with the user's own settings; nothing waits for a person.
  private func askGit(_ contact: Contacts.Contact) async -> Row {
    let ssh = host.environment["GIT_SSH_COMMAND"] ?? "ssh"
    let name = contact.host.prefix { $0 != ":" }
    guard let program = Programs.find("ssh", host) else {
      return Row(
        contact: contact, way: "by ssh", text: "there is no ssh on PATH",
        hint: "sudo apt-get install openssh-client",
        isWell: false)
    }
    let port = contact.host.dropFirst(name.count + 1)
    let options = ["-oBatchMode=yes", "-oConnectTimeout=8"] + (port.isEmpty ? [] : ["-p", String(port)])
    let done = try? await host.processes.run(
      Invocation(program, options + ["--", "git@\(name)", "true"], environment: host.environment))
    // 255 is ssh's own: no connection, an unknown key of the host, or none of the user's keys will do.
    let said =
      (done?.errorText ?? "").split(whereSeparator: \.isNewline).last.map { String($0).harmless } ?? ""
    let isRefused = said.lowercased().contains("permission denied")
    guard let done, done.status != 255 || isRefused else {
      return Row(
        contact: contact, way: "by \(ssh.harmless)", text: said.isEmpty ? "no answer" : said,
        hint: "try it: ssh -v git@\(name)", isWell: false)
    }
    return Row(
      contact: contact, way: "by ssh", text: isRefused ? "answers, and takes none of your keys" : "answers",
      hint: isRefused ? "ssh-add -l lists the keys that are offered" : nil, isWell: !isRefused)
  }

  /// What decides about the way, beside proxies and certificates.
  private var settings: [(name: String, value: String)] {
    let names = ["OUTFIT_MIRROR", "OUTFIT_IMAGE_MIRROR", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]
    var found = names.compactMap { name in
      host.environment[name].flatMap { $0.isEmpty ? nil : (name, withoutPasswords($0)) }
    }
    let system = FilePath("/etc/outfit/outfit.yaml")
    if host.files.exists(system) { found.append(("system", system.string)) }
    return found
  }

  private func show(_ name: String, _ rows: [Row], _ probe: NetworkProbe, _ contacts: Contacts) {
    let style = session.outputStyle
    let width = session.host.terminal.width
    session.write("What \(name) asks, from here:")
    for setting in probe.settings + settings {
      for line in Contacts.entry(setting.name, setting.value.harmless, column: 18, width: width, style) {
        session.write("  \(line)")
      }
    }
    for row in rows {
      let mark =
        row.isWell && row.text.hasPrefix("answers")
        ? style.green("ok     ")
        : row.isWell ? style.yellow("unsure ") : style.red("wrong  ")
      session.write("\(mark)  \(style.bold(row.contact.host.harmless)) \(row.way)")
      let said = [row.text, row.contact.purposes.joined(separator: "; ")].filter { !$0.isEmpty }
      for text in said + [row.hint].compactMap(\.self) {
        for line in wrapped(text.harmless, width: max(20, width - 9)) { session.write("         \(line)") }
      }
    }
    for item in contacts.open { session.write("not asked: \(item)") }
  }

  private func document(
    _ rows: [Row], _ probe: NetworkProbe, _ contacts: Contacts, _ isWell: Bool
  ) -> JSONDocument {
    JSONDocument(
      .doctor, exit: isWell ? .done : .failed,
      [
        "findings": .array([]),
        "network": .object([
          "settings": .object(
            Dictionary((probe.settings + settings).map { ($0.name, JSONText.string($0.value)) }) { $1 }),
          "servers": .array(
            rows.map { row in
              .object([
                "host": .string(row.contact.host), "address": .string(row.contact.origin),
                "for": .array(row.contact.purposes.map { .string($0) }), "way": .string(row.way),
                "answer": .string(row.text), "ok": .bool(row.isWell),
                "hint": row.hint.map { .string($0) } ?? .null,
              ])
            }),
          "open": .array(contacts.open.map { .string($0) }),
        ]),
      ])
  }
}
