import OutfitCore

/// Texts of `app:`.
extension TextForm {
  /// A tag, or `false` for a service that is to be left out.
  static let serviceVersion = TextForm(what: "a version", types: [.string, .number, .boolean]) { text in
    text == "true"
      ? Complaint("`true` is no version", hint: "write the tag of its image: \"17.2\"")
      : text == "false" ? nil : version.check(text)
  }

  /// A quantity of Kubernetes, without sign and exponent.
  static let quantity = TextForm(
    what: "a quantity", types: [.string, .number], pattern: "^[0-9]+(\\.[0-9]+)?(m|[kMGT]|[KMGT]i)?$"
  ) { text in
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let isOne =
      Double(number) != nil && !number.hasPrefix(".") && !number.hasSuffix(".")
      && ["", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"].contains(text.dropFirst(number.count))
    return isOne
      ? nil : Complaint("`\(text)` is no quantity", hint: "write it as Kubernetes does: 250m, 512Mi, 1Gi")
  }

  static let probePath = TextForm(what: "a path", pattern: "^(/[^\\s]*)?$") { text in
    let isOne =
      text.isEmpty
      || text.hasPrefix("/")
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'\\`$".utf8.contains($0) }
    return isOne ? nil : Complaint("`\(text)` is no path of a server", hint: "it starts with `/`: /healthz")
  }

  static let containerPath = TextForm(what: "a path in the container", pattern: "^/[A-Za-z0-9._/@+-]+$") {
    text in
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    let isOne =
      text.hasPrefix("/") && !parts.isEmpty
      && parts.allSatisfy { part in
        !part.isEmpty && part != "." && part != ".."
          && part.utf8.allSatisfy { $0 < 0x7F && $0 > 0x20 && !"\"'\\`$:{},[]#&*!|>%?".utf8.contains($0) }
      }
    return isOne
      ? nil : Complaint("`\(text)` is no path in a container", hint: "it starts at the root: /app/media")
  }

  /// Debian Policy 5.6.1.
  static let debianPackage = TextForm(
    what: "a package of the distribution", pattern: "^[a-z0-9][a-z0-9+.-]+$"
  ) { text in
    LockedImagePackages.isName(text)
      ? nil
      : Complaint(
        "`\(text)` is no name of a package",
        hint: text.contains("=")
          ? "versions are pinned in outfit.lock: write the name alone"
          : "lower-case letters, digits and `+-.`: libpq5")
  }

  /// Five fields, or a word, as Kubernetes' CronJob takes them.
  static let schedule = TextForm(what: "a time as cron writes it") { text in
    let fields = text.split(separator: " ")
    let isOne =
      fields.count == 5
      && fields.allSatisfy { field in
        field.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "*/,-?".utf8.contains(byte)
        }
      }
      || ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"].contains(text)
    return isOne
      ? nil
      : Complaint(
        "`\(text)` is no time that cron knows", hint: "write five fields: \"0 3 * * *\" is 3:00 each day")
  }

  /// A block of addresses (RFC 4632, RFC 4291), or one address.
  static let addressBlock = TextForm(what: "a block of addresses", pattern: "^[0-9A-Fa-f.:]+(/[0-9]+)?$") {
    text in
    AddressBlock(text) != nil
      ? nil
      : Complaint(
        "`\(text)` is no block of addresses",
        hint:
          "Kubernetes lets connections out by address, not by name: write 203.0.113.0/24, or leave `to` out")
  }
}

/// A block of addresses of one network (RFC 4632, RFC 4291).
public struct AddressBlock: Hashable, Sendable {
  /// With the length of its prefix.
  public var text: String

  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let address = parts.first, parts.count <= 2 else { return nil }
    let length: Int
    if address.contains(":") {
      let groups = address.split(separator: ":", omittingEmptySubsequences: true)
      guard address.utf8.allSatisfy({ $0 == 0x3A || Character(Unicode.Scalar($0)).isHexDigit }),
        groups.allSatisfy({ $0.count <= 4 }), !address.contains(":::"),
        address.contains("::") ? groups.count < 8 : groups.count == 8
      else { return nil }
      length = 128
    } else {
      let numbers = address.split(separator: ".", omittingEmptySubsequences: false)
      guard numbers.count == 4,
        numbers.allSatisfy({ part in
          part.count <= 3 && !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber }
            && (part == "0" || !part.hasPrefix("0")) && UInt8(part) != nil
        })
      else { return nil }
      length = 32
    }
    guard parts.count == 2 else {
      self.text = "\(address)/\(length)"
      return
    }
    guard let prefix = Int(parts[1]), (0...length).contains(prefix), "\(prefix)" == parts[1] else {
      return nil
    }
    self.text = text
  }
}
