/// `*` stands for any text, `?` for one character.
public struct Wildcard: Sendable {
  private let parts: [Character]

  public init(_ text: String) { parts = Array(text) }

  public func matches(_ text: String) -> Bool {
    let text = Array(text)
    var (at, place) = (0, 0)
    var retry: (at: Int, place: Int)?
    while place < text.count {
      if at < parts.count, parts[at] == "*" {
        retry = (at, place)
        at += 1
      } else if at < parts.count, parts[at] == "?" || parts[at] == text[place] {
        (at, place) = (at + 1, place + 1)
      } else if let last = retry {
        retry = (last.at, last.place + 1)
        (at, place) = (last.at + 1, last.place + 1)
      } else {
        return false
      }
    }
    return parts[at...].allSatisfy { $0 == "*" }
  }
}
