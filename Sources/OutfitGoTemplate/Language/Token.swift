struct Token: Sendable {
  enum Kind: Sendable {
    case text, leftDelimiter, rightDelimiter, space
    case identifier, keyword, field, variable, dot, null, bool
    case number, character, string, rawString
    case pipe, declare, assign, leftParenthesis, rightParenthesis, other, end
  }

  var kind: Kind
  /// Its bytes in the template.
  var range: Range<Int>
}

enum Keyword: String {
  case block, `break`, `continue`, define, `else`, end, `if`, range, template, with
}
