import OutfitGoTemplate
import Testing

private let data: GoValue = [
  "name": "Zoë", "n": 3, "f": 2.5, "on": true, "nil": .null, "list": ["a", "b", 3], "none": [],
  "map": ["b": 2, "a": "one", "d": ["e": ["f": "deep"]]],
]

func written(
  _ text: String, _ data: GoValue = data, answers: [TemplateQuestion: TemplateAnswer] = [:],
  options: TemplateOptions = TemplateOptions()
) throws(TemplateError) -> String {
  String(
    decoding: try Template(text, name: "t").render(data, world: KnownAnswers(answers), options: options),
    as: UTF8.self)
}

func failure(
  _ text: String, _ data: GoValue = data, answers: [TemplateQuestion: TemplateAnswer] = [:],
  options: TemplateOptions = TemplateOptions()
) throws -> TemplateError {
  try #require(throws: TemplateError.self) {
    _ = try written(text, data, answers: answers, options: options)
  }
}

@Suite struct LanguageTests {
  @Test(arguments: [
    ("a {{- 1 -}} b", "a1b"), ("a {{ 1 -}}\n\n\tb", "a 1b"), ("{{-3}}", "-3"),
    ("{{/* c */}}x{{- /* c */ -}} y", "xy"),
    ("{{ .map }}", "map[a:one b:2 d:map[e:map[f:deep]]]"), ("{{ .list }}", "[a b 3]"),
    ("{{ .nil }}", "<no value>"),
    ("{{ list nil }}", "[<nil>]"),
    (
      "{{ 1e6 }} {{ 100000.0 }} {{ 1.5e-7 }} {{ 0x1F }} {{ 'a' }} {{ 1_000 }}",
      "1e+06 100000 1.5e-07 31 97 1000"
    ),
    ("{{ `a\\n` }}{{ \"\\u00e9\\x41\\101\" }}", "a\\néAA"),
    ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"),
    ("{{ range $i, $e := .list }}{{ if eq $i 2 }}{{ break }}{{ end }}{{ $i }}{{ $e }};{{ end }}", "0a;1b;"),
    ("{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02"),
    ("{{ range .none }}x{{ else }}none{{ end }}", "none"),
    ("{{ range $k, $v := .map.d.e }}{{ $k }}={{ $v }}{{ end }}", "f=deep"),
    ("{{ with .none }}x{{ else with .name }}{{ . }}{{ else }}y{{ end }}", "Zoë"),
    ("{{ if .nil }}x{{ else if .on }}y{{ end }}", "y"),
    ("{{ define \"a\" }}<{{ . }}>{{ end }}{{ template \"a\" .n }}", "<3>"),
    ("{{ block \"b\" .map.a }}[{{ . }}]{{ end }}", "[one]"),
    ("{{ (index .map \"d\").e.f }} {{ (.map.d).e.f | upper }}", "deep DEEP"),
    ("{{ or 0 \"\" .name (fail \"no\") }}{{ and 0 (fail \"no\") }}", "Zoë0"),
    ("{{ eq 1 2 1 }} {{ lt \"a\" \"b\" }} {{ eq .nil nil }}", "true true true"),
    (
      "{{ printf \"%05d|%-4s|%q|%x|%v|%6.2f|%+d|%t|%T\" 42 \"a\" \"q\\\"\" \"hi\" .list .f 3 true .n }}",
      "00042|a   |\"q\\\"\"|6869|[a b 3]|  2.50|+3|true|int64"
    ),
    ("{{ printf \"%d %s %d\" \"x\" 1 }}", "%!d(string=x) %!s(int=1) %!d(MISSING)"),
    ("{{ slice .list 1 }}{{ len .name }}{{ index .name 0 }}", "[b 3]490"),
    ("{{ html \"<a>\" }} {{ js \"it's\" }} {{ urlquery \"a b&\" }}", "&lt;a&gt; it\\'s a+b%26"),
    ("{{ .name | printf \"%s-%s\" \"x\" }}", "x-Zoë"),
    ("{{ print 1 2 \"a\" 3 }}{{ println \"x\" }}", "1 2a3x\n"), ("{{\n  .n\n}}", "3"),
    ("{{ len .list | add 1 | printf \"%d!\" }}", "4!"),
  ])
  func itWritesWhatGoWrites(_ text: String, _ expected: String) throws {
    #expect(try written(text) == expected)
  }

  @Test(arguments: [
    ("x\n{{ .nam }}", 2, 4, "no key `nam`"), ("{{ if .on }}\nx", 1, 4, "ends within a block"),
    ("{{ end }}", 1, 4, "closes nothing"),
    ("{{ nofunc 1 }}", 1, 4, "no function `nofunc`"), ("é {{ $x }}", 1, 6, "no variable `$x`"),
    ("{{ \"a }}", 1, 4, "never ends"),
    ("{{ .a.b-c }}", 1, 8, "can't be followed"), ("{{ 1 | 2 }}", 1, 8, "must be a function"),
    ("{{ (1 }}", 1, 7, "not closed"),
    ("{{ upper 3 }}", 1, 10, "wants a text"), ("{{ until (add 1 2) }}", 1, 11, "wants a whole number (int)"),
    ("{{ index .list 7 }}", 1, 4, "no element 7"), ("{{ .name.x }}", 1, 4, "a text has no key"),
    ("{{ eq 1 \"a\" }}", 1, 4, "can't be compared"),
    ("{{ break }}", 1, 4, "outside of a range"), ("{{ template \"no\" }}", 1, 4, "no template \"no\""),
    ("{{ 1i }}", 1, 4, "not a number"),
    ("{{ .map.d.e.g }}", 1, 4, "no key `g`"), ("{{ div 1 0 }}", 1, 4, "divided by zero"),
    ("{{ trunc 1 }}", 1, 4, "wants 2 arguments, and has 1"),
  ])
  func eachMistakeHasItsPlace(_ text: String, _ line: Int, _ column: Int, _ message: String) throws {
    let error = try failure(text)
    #expect(error.message.contains(message), "\(error)")
    #expect((error.line, error.column) == (line, column), "\(error)")
  }

  @Test func nearNamesAreHinted() throws {
    #expect(try failure("{{ .nam }}").hint == "did you mean `name`?")
    #expect(try failure("{{ uper .name }}").hint == "did you mean `upper`?")
  }

  @Test func missingKeysAreWhatTheOptionSays() throws {
    let lenient = TemplateOptions(missingKey: .default)
    #expect(try written("{{ .no }} {{ .no.more }}", options: lenient) == "<no value> <no value>")
    #expect(try written("chezmoi:template:missing-key=default\n{{ .no }}") == "<no value>")
  }

  @Test func directivesSetDelimitersLineEndsAndIndents() throws {
    #expect(
      try written("# chezmoi:template:left-delimiter=\"# [[\" right-delimiter=]]\n# [[ .name ]] {{ x }}")
        == "Zoë {{ x }}")
    #expect(try written("chezmoi:template:line-endings=crlf\na\nb\r\n") == "a\r\nb\r\n")
    #expect(
      try written("chezmoi:template:format-indent-width=3\n{{ toJson (dict \"a\" (list 1)) }}")
        == "{\n   \"a\": [\n      1\n   ]\n}\n")
    // The place counts the line that was taken out.
    #expect(try failure("x\nchezmoi:template:left-delimiter=[[ right-delimiter=]]\n\n[[ .no ]]").line == 4)
    #expect(try failure("# chezmoi:template:encoding=latin\n").message.contains("latin"))
  }

  @Test func bytesThatAreNoTextGoThrough() throws {
    let template = try Template([0xFF, 0x7B, 0x7B, 0x31, 0x7D, 0x7D, 0xFE], name: "t")
    #expect(try template.render([:], world: KnownAnswers()) == [0xFF, 0x31, 0xFE])
    #expect(try written("{{ \"\u{e9}\" | eq \"e\u{301}\" }}") == "false")
  }
}
