import OutfitSystem

/// One request, and where its answer goes.
struct Transfer: Sendable {
  var address: Address
  /// Whole lines: `Range: bytes=100-`.
  var headers: [String] = []
  var receiver: any Receiver
}

/// Takes the body of an answer. Called on libcurl's thread.
protocol Receiver: Sendable {
  /// A body follows, of an answer with a status from 200 to 299. False ends the transfer.
  func begin(_ response: Response) -> Bool
  /// False ends the transfer.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool
  /// Puts what came in order, and says, once, why it wanted no more. Called when the transfer has ended.
  func settle() -> Stop?
}

/// Why a receiver wanted no more.
enum Stop: Sendable {
  case file(FileError)
  /// The server sent another part than the one that was asked for.
  case wrongRange
  /// More than this many bytes.
  case tooLong(Int64)
}

/// The head of an answer.
struct Response: Sendable {
  var status: Int
  /// In the order in which they came; names in lower case.
  var headers: [(name: String, value: String)] = []
  /// The absolute address that a redirect names.
  var redirect: String?

  /// The last header of that name.
  subscript(name: String) -> String? { headers.last { $0.name == name }?.value }

  /// Bytes of the body; nil when the server does not say, or says nonsense.
  var length: Int64? { self["content-length"].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 } }

  /// `Content-Range: bytes 100-199/200` (RFC 9110, 14.4).
  var range: (start: Int64, total: Int64?)? {
    guard let value = self["content-range"], value.lowercased().hasPrefix("bytes ") else { return nil }
    let pieces = value.dropFirst(6).split(separator: "/")
    guard pieces.count == 2, let first = pieces[0].split(separator: "-").first,
      let start = Int64(first)
    else { return nil }
    return (start, Int64(pieces[1]))
  }

  /// What `If-Range` may send: a strong entity tag, or a date (RFC 9110, 13.1.5).
  var validator: String? {
    if let tag = self["etag"], tag.hasPrefix("\"") { return tag }
    return self["last-modified"]
  }
}

/// How a transfer ended.
struct Outcome: Sendable {
  /// The head, when one came.
  var response: Response?
  /// Nil when the answer came whole.
  var trouble: Trouble?

  enum Trouble: Sendable {
    /// libcurl's code and words.
    case curl(UInt32, String)
    /// The proxy refused to connect, with this status.
    case proxy(Int)
    case slow
    /// The receiver wanted no more.
    case stopped
    /// There is no libcurl: why.
    case noLibrary(String)
    case cancelled
  }
}
