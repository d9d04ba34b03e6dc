import OutfitCore
import OutfitProfile

/// The variables that a repository's own sources read, and those that its examples show.
struct VariableNames {
  struct Use {
    var place: String
    /// It can't start without.
    var isNeeded: Bool
    /// The line that it stands on.
    var text: String
  }

  private(set) var read: [String: Use] = [:]
  /// By what an example or a compose file has: never a secret's value that is written anywhere.
  private(set) var examples: [String: (value: String, file: String)] = [:]

  /// - Parameter files: the sources that are looked at.
  init(_ sources: SourceFiles) {
    for name in sources.texts.keys.sorted() {
      let text = sources[name] ?? ""
      let base = SourceFiles.base(of: name).lowercased()
      if name.hasPrefix(".."), !SourceFiles.isExample(base) { continue }
      if SourceFiles.isExample(base) {
        for (key, value) in Self.assignments(text) where examples[key] == nil {
          examples[key] = (value, name)
        }
      } else if base.hasSuffix(".py") {
        scan(text, name, Self.python)
        if text.contains("BaseSettings") { scanFields(text, name) }
      } else if [".js", ".ts", ".mjs", ".cjs", ".prisma"].contains(where: base.hasSuffix) {
        scan(text, name, Self.node)
      }
    }
  }

  /// The pairs of a file of variables.
  static func assignments(_ text: String) -> [(String, String)] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      var bare = line.drop(while: \.isWhitespace)
      if bare.hasPrefix("export ") { bare = bare.dropFirst(7) }
      guard let equals = bare.firstIndex(of: "=") else { return nil }
      let name = bare[..<equals].trimmed
      guard Names.isVariable(name) else { return nil }
      return (name, bare[bare.index(after: equals)...].trimmed.trimmingQuotes)
    }
  }

  /// What comes before a variable's name, and whether it is needed where nothing stands behind it.
  private static let python: [(form: String, needs: Bool, isCall: Bool)] = [
    ("environ[", true, false), ("environ.get(", false, true), ("getenv(", false, true), ("env(", true, true),
    ("env.str(", true, true), ("env.bool(", true, true), ("env.int(", true, true), ("env.list(", true, true),
    ("env.url(", true, true), ("env.db(", true, true), ("env.db_url(", true, true),
    ("env.cache(", true, true),
    ("env.cache_url(", true, true), ("env.path(", true, true), ("env.float(", true, true),
    ("env.json(", true, true),
    ("config(", true, true), ("envbool(", false, true), ("envint(", false, true), ("envsecret(", false, true),
    ("get_env(", false, true), ("get_secret(", false, true),
    ("environ.setdefault(", false, true), ("get_list(os.environ.get(", false, true),
  ]
  private static let node: [(form: String, needs: Bool, isCall: Bool)] = [
    ("process.env.", false, false), ("process.env[", false, false), ("env(", true, true),
  ]

  private mutating func scan(
    _ text: String, _ file: String, _ forms: [(form: String, needs: Bool, isCall: Bool)]
  ) {
    guard text.contains("env") || text.contains("config(") || text.contains("dj_database_url") else { return }
    var number = 0
    var blocks: [Int] = []
    let asked = Self.asked(text)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let bare = line.trimmed
      if bare.isEmpty || bare.hasPrefix("#") || bare.hasPrefix("//") || bare.count > 2000 { continue }
      // What stands below a condition is needed by some.
      let depth = line.prefix { $0 == " " || $0 == "\t" }.count
      blocks.removeAll { $0 >= depth }
      let isCertain = blocks.isEmpty
      if bare.hasSuffix(":"), let word = bare.split(whereSeparator: { $0 == " " || $0 == ":" }).first,
        ["if", "elif", "else", "try", "except", "def", "for", "with", "class", "async"].contains(word)
      {
        blocks.append(depth)
      }
      func take(_ name: String, _ isNeeded: Bool) {
        guard Names.isVariable(name), name == name.uppercased(), name.count > 1 else { return }
        if var known = read[name] {
          known.isNeeded = known.isNeeded || isNeeded
          read[name] = known
        } else {
          read[name] = Use(place: "\(file):\(number)", isNeeded: isNeeded, text: bare)
        }
      }
      if bare.contains("dj_database_url.config(") || bare.hasSuffix("env.db()") || bare.contains("env.db(),")
      {
        take("DATABASE_URL", false)
      }
      for (form, needs, isCall) in forms {
        var rest = Substring(bare)
        while let range = rest.firstRange(of: form) {
          let before = rest[..<range.lowerBound].last
          rest = rest[range.upperBound...]
          if form.hasPrefix("env(") || form == "config(", before?.isLetter == true || before == "_" {
            continue
          }
          var name = rest.drop { $0 == " " || $0 == "\"" || $0 == "'" }
          if isCall, name.startIndex == rest.startIndex { continue }
          name = name.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
          let after = rest[name.endIndex...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
          let next = after.dropFirst().drop { $0 == " " }
          // A value that the program gives it is none that it asks for.
          if form == "environ[", next.hasPrefix("="), !next.hasPrefix("==") { continue }
          let isBare = after.first == ")" || after.first == "]"
          take(String(name), needs && isCertain && isBare && !asked.contains(String(name)))
        }
      }
    }
  }

  /// Names that a program looks for before it reads them: `if "NAME" in os.environ`.
  private static func asked(_ text: String) -> Set<String> {
    var names: Set<String> = []
    for line in text.split(separator: "\n") where line.contains("environ") {
      var rest = line[...]
      while let place = ["in os.environ", "in environ"].compactMap({ rest.firstRange(of: $0) }).first {
        let name = rest[..<place.lowerBound].split { "\"'".contains($0) }.last {
          Names.isVariable(String($0))
        }
        if let name { names.insert(String(name)) }
        rest = rest[place.upperBound...]
      }
    }
    return names
  }

  /// The fields of a class of settings of pydantic's.
  private mutating func scanFields(_ text: String, _ file: String) {
    guard !text.contains("env_prefix") else { return }
    var number = 0
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      if line.hasPrefix("class ") { isInside = line.contains("Settings") }
      guard isInside, line.hasPrefix("    "), let first = line.dropFirst(4).first, first.isLetter else {
        continue
      }
      let name = line.dropFirst(4).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      let after = line[name.endIndex...].drop { $0 == " " }
      let upper = name.uppercased()
      let isField = !["else", "try", "finally", "pass", "lambda", "except"].contains(name)
      guard isField, after.first == ":", Names.isVariable(upper), name != "model_config", read[upper] == nil
      else {
        continue
      }
      read[upper] = Use(
        place: "\(file):\(number)", isNeeded: !after.contains("=") && !after.contains("None"),
        text: line.trimmed)
    }
  }

  // MARK: Secrets

  private static let secret: Set<String> = [
    "PASSWORD", "PASS", "PASSWD", "PWD", "SECRET", "SECRETS", "TOKEN", "KEY", "KEYS", "CREDENTIAL",
    "CREDENTIALS", "DSN",
    "SALT", "APIKEY", "SECRETKEY", "JWT",
  ]
  private static let harmless: Set<String> = [
    "EXPIRE", "EXPIRES", "EXPIRY", "EXPIRATION", "MINUTES", "SECONDS", "HOURS", "DAYS", "AGE", "TTL", "URL",
    "FILE",
    "PATH", "NAME", "LENGTH", "ALGORITHM", "HEADER", "LIFETIME", "TIMEOUT", "PREFIX", "ENABLED", "REQUIRED",
    "TYPE",
    "ISSUER", "AUDIENCE", "TIME", "LOCK", "ALLOW", "COUNT", "SIZE", "VALIDATORS",
  ]

  /// Whether a name says that what it holds is for few.
  static func isSecret(_ name: String) -> Bool {
    let words = name.uppercased().split(separator: "_").map(String.init)
    guard !words.contains(where: harmless.contains) || words.last == "PASSWORD" else { return false }
    return words.contains(where: secret.contains)
  }
}

/// Variables of a project that say where its database or its Redis is, out of those that the templates hand out.
struct Connections {
  let hasPostgres: Bool
  let hasRedis: Bool
  /// What the rendered containers have anyway.
  static let handedOut: Set<String> = [
    "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_PASSWORD",
  ]

  private static let postgres = ["postgres", "postgresql", "postgis", "psql", "pgsql", "timescalegis"]

  /// `postgresql+asyncpg` of such an address, where it is one.
  private static func scheme(_ value: String) -> String? {
    guard let range = value.firstRange(of: "://") else { return nil }
    let scheme = value[..<range.lowerBound]
    return scheme.allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) } ? String(scheme) : nil
  }

  static func isPostgres(_ value: String) -> Bool {
    scheme(value).map { postgres.contains(String($0.prefix { $0 != "+" })) } ?? false
  }

  static func isRedis(_ value: String) -> Bool {
    scheme(value).map { ["redis", "rediss"].contains($0) } ?? false
  }

  static func isOther(_ value: String) -> Bool {
    scheme(value).map {
      ["mysql", "mysql2", "mariadb", "mongodb", "amqp", "amqps", "oracle", "mssql"].contains(
        String($0.prefix { $0 != "+" }))
    }
      ?? false
  }

  /// What an address has behind the host.
  private static func tail(_ value: String) -> Substring {
    guard let range = value.firstRange(of: "://"), let slash = value[range.upperBound...].firstIndex(of: "/")
    else {
      return ""
    }
    return value[slash...]
  }

  /// - Parameters:
  ///   - example: a value that somebody gave it.
  ///   - scheme: of a database's address, where no example tells.
  func value(_ name: String, example: String?, scheme: String) -> String? {
    guard !Self.handedOut.contains(name) else { return nil }
    let words = name.split(separator: "_").map(String.init)
    if let example, Self.scheme(example) != nil {
      if hasPostgres, Self.isPostgres(example) {
        let query = Self.tail(example).firstIndex(of: "?").map { String(Self.tail(example)[$0...]) } ?? ""
        return Self.postgres(Self.scheme(example) ?? scheme) + (query.contains("$") ? "" : query)
      }
      if hasRedis, Self.isRedis(example) { return Self.redis(Self.tail(example)) }
      return nil
    }
    let isURL =
      ["URL", "URI", "DSN"].contains(words.last ?? "") && !words.contains("TLS") && !words.contains("SSL")
    if hasPostgres {
      if isURL, Self.isOfDatabase(words.dropLast()) { return Self.postgres(scheme) }
      if let part = Self.part(words) { return part }
    }
    if hasRedis {
      let isNamed = words.contains("REDIS")
      if isURL, isNamed || ["CELERY_BROKER_URL", "BROKER_URL", "CACHE_URL"].contains(name) {
        return Self.redis("/0")
      }
      if isNamed {
        switch words.last ?? "" {
        case "HOST", "HOSTNAME", "SERVER", "ADDR": return "${REDIS_HOST}"
        case "PORT": return "${REDIS_PORT}"
        case "PASSWORD", "PASS", "AUTH": return "${REDIS_PASSWORD}"
        default: return nil
        }
      }
    }
    return nil
  }

  private static func postgres(_ scheme: String) -> String {
    scheme + "://${POSTGRES_USER}:${POSTGRES_PASSWORD}@${POSTGRES_HOST}:${POSTGRES_PORT}/${POSTGRES_DB}"
  }

  private static func redis(_ tail: Substring) -> String {
    let number = tail.drop { $0 == "/" }.prefix { $0.isNumber }
    return "redis://:${REDIS_PASSWORD}@${REDIS_HOST}:${REDIS_PORT}/\(number.isEmpty ? "0" : number)"
  }

  private static let databases: Set<String> = [
    "DB", "DATABASE", "SQL", "POSTGRES", "POSTGRESQL", "PG", "PGSQL", "PSQL", "SQLALCHEMY",
  ]
  private static let filling: Set<String> = [
    "DJANGO", "DEFAULT", "RDS", "TYPEORM", "APP", "MAIN", "PRIMARY", "PRISMA", "WRITER",
  ]

  /// Whether a variable says which database it is: `SQL_ENGINE`, `DB_TYPE`.
  static func isKind(_ name: String) -> Bool {
    let words = name.split(separator: "_").map(String.init)
    return ["ENGINE", "TYPE", "CLIENT", "DIALECT", "BACKEND", "VENDOR", "DRIVER", "CONNECTION", "KIND"]
      .contains(words.last ?? "") && words.dropLast().contains(where: databases.contains)
  }

  private static func isOfDatabase(_ words: ArraySlice<String>) -> Bool {
    words.contains(where: databases.contains)
      && words.allSatisfy { databases.contains($0) || filling.contains($0) }
  }

  private static func part(_ words: [String]) -> String? {
    if words.count == 1, let word = words.first, word.hasPrefix("PG"), word.count > 2 {
      return part(["PG", String(word.dropFirst(2))])
    }
    guard words.count > 1, isOfDatabase(words.dropLast()) else { return nil }
    return switch words.last ?? "" {
    case "HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS": "${POSTGRES_HOST}"
    case "PORT": "${POSTGRES_PORT}"
    case "NAME", "DB", "DATABASE", "DBNAME": "${POSTGRES_DB}"
    case "USER", "USERNAME": "${POSTGRES_USER}"
    case "PASSWORD", "PASS", "PASSWD", "PWD": "${POSTGRES_PASSWORD}"
    default: nil
    }
  }
}
