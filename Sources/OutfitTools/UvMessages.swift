import OutfitCore
import OutfitEngine
import OutfitProfile

/// What uv said when it could not resolve or install, in words for the manifest's author.
struct UvMessage: Error {
  var diagnostic: Diagnostic
  /// The manifest asks for what does not exist: nothing but another manifest helps.
  var isMistake: Bool
  /// The package that can't be had without building it, normalised.
  private(set) var lacking: String?
  /// The package of which something else is served than the lock pins.
  private(set) var mismatched: String?

  /// - Parameters:
  ///   - what: The tool or file that was being resolved.
  ///   - request: The requirement as the manifest has it: `black==99.*`.
  ///   - asked: Where a package was looked for, by its name.
  ///   - known: Other names that may have been meant.
  ///   - variable: Of an index's address, what stands for its name in the variables that hold its password.
  ///   - place: Where a package is asked for, by its name.
  init(
    _ failure: Diagnostic, what: String, request: String, at source: Source,
    asked: (String) -> String? = { _ in nil }, known: Set<String> = [],
    variable: (String) -> String? = { _ in nil }, place: (String) -> SourceLocation? = { _ in nil }
  ) {
    let text = [failure.message, failure.excerpt, failure.hint].compactMap { $0 }.joined(separator: "\n")
    let flat = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let cause = flat.firstRange(of: "Because ").map { flat[$0.upperBound...] }
    func report(_ message: String, hint: String?, mistake: Bool, of package: String? = nil) -> UvMessage {
      UvMessage(
        diagnostic: Diagnostic(.error, message, at: package.flatMap(place) ?? source.location, hint: hint),
        isMistake: mistake)
    }
    if failure.reason == .dryRun {
      self = report("\(what) is not pinned yet", hint: failure.hint, mistake: false)
    } else if let index = Self.refusing(flat) {
      let name = variable(index)
      self = report(
        "\(what): the index \(index) wants a user name and a password",
        hint: name.map {
          "give them in OUTFIT_INDEX_\($0)_USERNAME and OUTFIT_INDEX_\($0)_PASSWORD, or in ~/.netrc"
        } ?? "give them in ~/.netrc", mistake: false)
    } else if let cause, let end = cause.firstRange(of: " was not found in the package registry") {
      let package = cause[..<end.lowerBound].split(separator: " ").last.map(String.init) ?? what
      self = report(
        "\(what): there is no package named \(package)" + (asked(package).map { " in \($0)" } ?? ""),
        hint: KnownNames.hint(python: package, others: known)
          ?? "look for a typing mistake; a package of your own needs its index under `indexes:`",
        mistake: true, of: package)
    } else if let package = Self.lackingWheel(flat) {
      diagnostic = Self.noWheel(package, what: what, at: source)
      if let line = place(package) { diagnostic.location = line }
      lacking = Requirement.normalized(package)
      if package == what, let other = KnownNames.package(ofProgram: package) {
        diagnostic.hint = "the program \(package) comes with the package \(other)"
      }
      isMistake = false
    } else if let cause, cause.contains("you require"), flat.contains("unsatisfiable") {
      if cause.hasPrefix("there is no version of \(Requirement.name(of: request))==") {
        self = report("\(what): no version matches \(request)", hint: nil, mistake: true)
      } else if let newest = Self.newest(cause, package: Requirement.name(of: request)) {
        self = report(
          "\(what): no version matches \(request)", hint: "the newest is \(newest)", mistake: true)
      } else {
        let reason = cause.firstRange(of: ", we can conclude").map { cause[..<$0.lowerBound] } ?? cause
        self = report(
          "\(what): no set of versions fits what is asked", hint: "because \(reason)", mistake: true)
      }
    } else if text.contains("hash") || text.contains("Hash") {
      self = report(
        "\(what): what the index serves is not what the lock pins",
        hint: Self.causes(text) ?? failure.hint, mistake: false)
    } else {
      self = report(
        "\(what): could not be resolved: \(Self.causes(text) ?? failure.message)",
        hint: Self.causes(text) == nil || !Self.isOfNetwork(flat)
          ? failure.hint : "check the network and try again", mistake: false)
      // The program's own last words, where they are not understood.
      if Self.causes(text) == nil { diagnostic.excerpt = failure.excerpt }
    }
  }

  private init(diagnostic: Diagnostic, isMistake: Bool) {
    self.diagnostic = diagnostic
    self.isMistake = isMistake
  }

  /// What uv said when it could not install what is locked; nil for what it says of anything else.
  /// - Parameter tool: The tool whose environment it was.
  init?(ofBuild failure: Diagnostic, tool: String, at source: Source) {
    let text = [failure.message, failure.excerpt].compactMap { $0 }.joined(separator: "\n")
    let flat = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    isMistake = false
    if let package = Self.lackingWheel(flat) {
      diagnostic = Self.noWheel(package, what: tool, at: source)
      lacking = Requirement.normalized(package)
    } else if let start = flat.firstRange(of: "but none were provided for: ") {
      let pin = flat[start.upperBound...].prefix { !$0.isWhitespace }
      diagnostic = Diagnostic(
        .error, "\(tool): the lock has no hash of \(pin), so what is served for it can't be checked",
        at: source.location, hint: "`outfit update \(tool)` pins it anew")
    } else if let start = flat.firstRange(of: "no trusted hash was provided for: `") {
      let name = flat[start.upperBound...].prefix { $0 != "`" }
      diagnostic = Diagnostic(
        .error, "\(tool): what is built asks for \(name), and the lock does not have that",
        at: source.location,
        hint: "`outfit update virtualenv` pins what builds it anew")
    } else if let start = flat.firstRange(of: "Hash mismatch for `") {
      let pin = flat[start.upperBound...].prefix { $0 != "`" }
      mismatched = Requirement.name(of: pin)
      diagnostic = Diagnostic(
        .error, "\(tool): what is served for \(pin) is not what the lock pins, so nothing of it is used",
        at: source.location,
        hint: "tell those who run the index, or those who changed the lock; \(failure.hint ?? "")")
    } else {
      return nil
    }
  }

  /// What uv says where a host did not answer, or not as it should.
  private static func isOfNetwork(_ flat: String) -> Bool {
    [
      "error sending request", "Failed to fetch", "Failed to download", "dns error", "timed out",
      "Connection refused",
      "connection closed", "Network connectivity is disabled", "invalid peer certificate",
      "Could not connect",
      "failed to clone", "Git operation failed",
    ].contains { flat.contains($0) }
  }

  /// The package that has no wheel for what is asked.
  private static func lackingWheel(_ flat: String) -> String? {
    if let start = flat.firstRange(of: "Building source distributions for `") {
      let name = flat[start.upperBound...].prefix { $0 != "`" }
      if flat[name.endIndex...].hasPrefix("` is disabled") { return String(name) }
    }
    guard let start = flat.firstRange(of: "Because ") else { return nil }
    let cause = flat[start.upperBound...]
    guard let end = cause.firstRange(of: " no usable wheels") else { return nil }
    // What it is asked for stands behind the name: `psycopg-c{implementation_name != 'pypy'}==3.2`, `idna[all]`.
    var subject = ""
    var depth = 0
    for character in cause[..<end.lowerBound] {
      if "{[".contains(character) { depth += 1 }
      if depth == 0 { subject.append(character) }
      if "}]".contains(character) { depth -= 1 }
    }
    guard let word = subject.split(separator: " ").dropLast().last else { return nil }
    let name = word.prefix { !"=<>!~".contains($0) }
    let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    return isName && !name.isEmpty ? String(name) : nil
  }

  /// Others can be had all the same, and a wheel may come to be published.
  private static func noWheel(_ package: String, what: String, at source: Source) -> Diagnostic {
    // What is named nearly as something that many use may be anybody's, and not what was meant.
    let near = package == what ? KnownNames.hint(python: package, others: []) : nil
    return Diagnostic(
      .error,
      "\(what): \(package) is published as source only for what is asked here, and Outfit builds nothing from "
        + "source unasked", at: source.location,
      hint: (near.map { "\($0) Otherwise " } ?? "")
        + "ask for a version of \(package) that has a wheel, or allow its code to run while it is built: "
        + "`build: [\(package)]`", reason: .notBuilt)
  }

  /// The address of the index that asked for a password, or refused the one it got.
  private static func refusing(_ text: String) -> String? {
    guard text.contains("authentication credentials") || text.contains("401 Unauthorized") else { return nil }
    for marker in ["index URL (", "for url (", "Failed to fetch: `"] {
      guard let start = text.firstRange(of: marker) else { continue }
      return String(text[start.upperBound...].prefix { $0 != ")" && $0 != "`" && !$0.isWhitespace })
    }
    return "that it comes from"
  }

  /// The newest version that uv names: `only black<=26.10.1 is available`.
  private static func newest(_ cause: Substring, package: String) -> String? {
    for marker in ["only \(package)<=", "only \(package)=="] {
      guard let start = cause.firstRange(of: marker) else { continue }
      let version = cause[start.upperBound...].prefix { !$0.isWhitespace && $0 != "," }
      return version.isEmpty ? nil : String(version)
    }
    return nil
  }

  /// The chain of causes, from the outermost to the innermost, in one line.
  private static func causes(_ text: String) -> String? {
    let lines = text.split(separator: "\n").map(\.trimmed)
    var chain: [String] = []
    for line in lines {
      for prefix in ["error: ", "cause: ", "Caused by: "] where line.hasPrefix(prefix) {
        chain.append(String(line.dropFirst(prefix.count)))
      }
    }
    guard let first = chain.first, let last = chain.last else { return nil }
    return chain.count == 1 ? first : "\(chain.count > 2 ? chain[1] : first): \(last)"
  }
}
