/// Reads tokens into trees, by the grammar of text/template.
struct Parser {
  typealias Mistake = Lexer.Mistake

  let input: Bytes
  let tokens: [Token]
  let maximumDepth: Int
  var position = 0
  private(set) var trees: [String: Tree] = [:]
  var variables = VariableNames()
  var depth = 0
  private let stack = StackSpan()
  private var rangeDepth = 0

  /// The trees of `input`, by name: the one named `name`, and those that it defines.
  static func trees(
    of input: Bytes, name: String, left: Bytes, right: Bytes, maximumDepth: Int
  ) throws(Mistake) -> [String: Tree] {
    let tokens = try Lexer.tokens(of: input, left: left, right: right)
    var parser = Parser(input: input, tokens: tokens, maximumDepth: maximumDepth)
    try parser.file(name)
    return parser.trees
  }

  private init(input: Bytes, tokens: [Token], maximumDepth: Int) {
    self.input = input
    self.tokens = tokens
    self.maximumDepth = maximumDepth
  }

  // MARK: Tokens

  var peek: Token { tokens[min(position, tokens.count - 1)] }

  mutating func next() -> Token {
    let token = peek
    position += 1
    return token
  }

  mutating func peekNonSpace() -> Token {
    while peek.kind == .space { position += 1 }
    return peek
  }

  mutating func nextNonSpace() -> Token {
    while peek.kind == .space { position += 1 }
    return next()
  }

  func text(_ token: Token) -> Bytes { Array(input[token.range]) }

  func keyword(_ token: Token) -> Keyword? {
    token.kind == .keyword ? Keyword(rawValue: String(bytes: input[token.range])) : nil
  }

  func unexpected(_ token: Token, _ context: String, hint: String? = nil) -> Mistake {
    let what =
      switch token.kind {
      case .end: "the template ends"
      case .rightDelimiter: "the action ends"
      case .text: "text stands"
      default: "`\(String(bytes: text(token).prefix(30)))` stands"
      }
    return Mistake(
      message: "\(what) where it can't: in \(context)", offset: token.range.lowerBound, hint: hint)
  }

  mutating func deeper() throws(Mistake) {
    depth += 1
    guard depth <= maximumDepth, !stack.isSpent else {
      throw Mistake(
        message: "too many blocks or parentheses lie within each other", offset: peek.range.lowerBound)
    }
  }

  // MARK: Blocks

  private mutating func file(_ name: String) throws(Mistake) {
    var nodes: [Node] = []
    while peek.kind != .end {
      if peek.kind == .leftDelimiter {
        let start = position
        _ = next()
        if keyword(nextNonSpace()) == .define {
          try definition()
          continue
        }
        position = start
      }
      switch try item() {
      case .node(let node?): nodes.append(node)
      case .node(nil): break
      case .end(let at):
        throw Mistake(
          message: "this end closes nothing", offset: at, hint: "take it out, or open a block before it")
      case .otherwise(let at):
        throw Mistake(message: "this else belongs to no if, with or range", offset: at)
      }
    }
    try add(Tree(name: name, nodes: nodes), at: 0)
  }

  private mutating func definition() throws(Mistake) {
    let name = try templateName("define")
    let token = nextNonSpace()
    guard token.kind == .rightDelimiter else { throw unexpected(token, "define") }
    let (outer, ranges) = (variables, rangeDepth)
    (variables, rangeDepth) = (VariableNames(), 0)
    let (nodes, ending) = try list()
    (variables, rangeDepth) = (outer, ranges)
    guard case .end = ending else { throw misplaced(ending, "define") }
    try add(Tree(name: name, nodes: nodes), at: token.range.lowerBound)
  }

  private mutating func add(_ tree: Tree, at offset: Int) throws(Mistake) {
    if let before = trees[tree.name], !before.isBlank {
      guard tree.isBlank else {
        throw Mistake(message: "the template \"\(tree.name)\" is defined twice", offset: offset)
      }
      return
    }
    trees[tree.name] = tree
  }

  private func misplaced(_ item: Item, _ context: String) -> Mistake {
    if case .otherwise(let at) = item {
      return Mistake(message: "a second else, or one where none can be, in \(context)", offset: at)
    }
    return Mistake(message: "an end is missing in \(context)", offset: peek.range.lowerBound)
  }

  enum Item {
    case node(Node?)
    case end(Int)
    case otherwise(Int)
  }

  private mutating func list(opened: Token? = nil) throws(Mistake) -> ([Node], Item) {
    try deeper()
    defer { depth -= 1 }
    var nodes: [Node] = []
    while peekNonSpace().kind != .end {
      let item = try item()
      guard case .node(let node) = item else { return (nodes, item) }
      if let node { nodes.append(node) }
    }
    throw Mistake(
      message: "the template ends within a block", offset: opened?.range.lowerBound ?? peek.range.lowerBound,
      hint: "write {{ end }} where the block ends")
  }

  private mutating func item() throws(Mistake) -> Item {
    let token = nextNonSpace()
    switch token.kind {
    case .text: return .node(.text(text(token)))
    case .leftDelimiter: return try action(token.range.lowerBound)
    default: throw unexpected(token, "the text")
    }
  }

  private mutating func action(_ at: Int) throws(Mistake) -> Item {
    let token = nextNonSpace()
    let place = token.range.lowerBound
    switch keyword(token) {
    case .end?:
      let next = nextNonSpace()
      guard next.kind == .rightDelimiter else { throw unexpected(next, "end") }
      return .end(place)
    case .else?:
      let next = peekNonSpace()
      if keyword(next) == .if || keyword(next) == .with { return .otherwise(place) }
      guard nextNonSpace().kind == .rightDelimiter else { throw unexpected(next, "else") }
      return .otherwise(place)
    case .if?: return .node(.condition(try control(.if, token)))
    case .with?: return .node(.with(try control(.with, token)))
    case .range?: return .node(.range(try control(.range, token)))
    case .break?, .continue?:
      let next = nextNonSpace()
      guard next.kind == .rightDelimiter else { throw unexpected(next, keyword(token)?.rawValue ?? "") }
      guard rangeDepth > 0 else {
        throw Mistake(message: "\(keyword(token)?.rawValue ?? "") stands outside of a range", offset: place)
      }
      return .node(keyword(token) == .break ? .stop(at: place) : .next(at: place))
    case .template?:
      let name = try templateName("template")
      if peekNonSpace().kind == .rightDelimiter {
        _ = next()
        return .node(.template(name, nil, at: place))
      }
      return .node(.template(name, try pipeline("template", until: .rightDelimiter), at: place))
    case .block?:
      let name = try templateName("block")
      let pipeline = try pipeline("block", until: .rightDelimiter)
      let (outer, ranges) = (variables, rangeDepth)
      (variables, rangeDepth) = (VariableNames(), 0)
      let (nodes, ending) = try list(opened: token)
      (variables, rangeDepth) = (outer, ranges)
      guard case .end = ending else { throw misplaced(ending, "block") }
      try add(Tree(name: name, nodes: nodes), at: place)
      return .node(.template(name, pipeline, at: place))
    case .define?:
      throw unexpected(token, "a block", hint: "a define stands at the top of a template")
    case nil:
      position -= 1
      return .node(.action(try pipeline("command", until: .rightDelimiter)))
    }
  }

  private mutating func control(_ word: Keyword, _ token: Token) throws(Mistake) -> Branch {
    let mark = variables.mark
    defer { variables.forget(to: mark) }
    try deeper()
    defer { depth -= 1 }
    let pipeline = try pipeline(word.rawValue, until: .rightDelimiter)
    if word == .range { rangeDepth += 1 }
    let (body, ending) = try list(opened: token)
    if word == .range { rangeDepth -= 1 }
    var branch = Branch(pipeline: pipeline, body: body, otherwise: nil, at: token.range.lowerBound)
    guard case .otherwise = ending else { return branch }
    let following = keyword(peek)
    if peek.kind != .text, following == .if || following == .with {
      guard following == word else { throw unexpected(peek, "else of \(word.rawValue)") }
      let token = next()
      let inner = try control(word, token)
      branch.otherwise = [word == .if ? .condition(inner) : .with(inner)]
      return branch
    }
    let (otherwise, second) = try list(opened: token)
    guard case .end = second else { throw misplaced(second, word.rawValue) }
    branch.otherwise = otherwise
    return branch
  }

  private mutating func templateName(_ context: String) throws(Mistake) -> String {
    let token = nextNonSpace()
    guard let name = try string(token) else {
      throw unexpected(token, context, hint: "a name is written in quotes: {{ \(context) \"name\" … }}")
    }
    return String(bytes: name)
  }

  /// A quoted text, or nil.
  func string(_ token: Token) throws(Mistake) -> Bytes? {
    let inner = input[token.range].dropFirst().dropLast()
    switch token.kind {
    case .rawString: return inner.filter { $0 != 13 }
    case .string:
      guard let text = Quoting.unquoted(inner, quote: 34) else {
        throw Mistake(
          message: "the text has an escape that Go does not know", offset: token.range.lowerBound,
          hint: "write \\\\ for a backslash, or put the text between ` signs")
      }
      return text
    default: return nil
    }
  }
}

/// The names of variables in scope while a template is read; each declared name has a number.
struct VariableNames {
  private(set) var scope: [Bytes] = [Bytes("$")]
  private var numbers: [Bytes: Int] = [Bytes("$"): 0]

  var mark: Int { scope.count }

  mutating func forget(to mark: Int) { scope.removeLast(scope.count - mark) }

  func contains(_ name: Bytes) -> Bool { scope.contains(name) }

  mutating func number(of name: Bytes) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = numbers.count
    return numbers.count - 1
  }

  mutating func declare(_ name: Bytes) -> Int {
    scope.append(name)
    return number(of: name)
  }
}
