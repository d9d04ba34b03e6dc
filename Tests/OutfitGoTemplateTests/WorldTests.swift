import Foundation
import OutfitGoTemplate
import Testing

@Suite struct WorldTests {
  @Test func questionsAreAnswered() throws {
    let answers: [TemplateQuestion: TemplateAnswer] = [
      .include("f"): .bytes(Array("inner".utf8)), .includeTemplate("p"): .bytes(Array("<{{ . }}>".utf8)),
      .lookPath("git"): .value("/usr/bin/git"), .env("HOME"): .value("/home/u"), .stat("/x"): .value(.null),
      .glob("*.sh", caseInsensitive: false): .value(["a.sh", "b.sh"]), .clock: .value(.int(1_700_000_000)),
      .prompt(.text, "Your name", choices: [], preset: "Z"): .value("Zoe"),
    ]
    #expect(
      try written(
        "{{ include \"f\" }} {{ includeTemplate \"p\" 3 }} {{ lookPath \"git\" }} {{ env \"HOME\" }} {{ expandenv \"${HOME}/x\" }}"
          + " {{ if stat \"/x\" }}y{{ end }} {{ glob \"*.sh\" | join \",\" }} {{ now | date \"2006-01-02\" }}"
          + " {{ promptStringOnce . \"name\" \"Your name\" \"Z\" }}", [:], answers: answers)
        == "inner <3> /usr/bin/git /home/u /home/u/x  a.sh,b.sh 2023-11-14 Zoe")
    #expect(try written("{{ promptStringOnce . \"name\" \"Your name\" }}", ["name": "known"]) == "known")
  }

  @Test func anUnknownAnswerEndsTheRunWithItsQuestion() throws {
    let error = try failure("x\n{{ if false }}{{ env \"A\" }}{{ end }}{{ lookPath \"git\" }}", [:])
    #expect(error.kind == .unanswered(.lookPath("git")))
    #expect((error.line, error.column) == (2, 40))
  }

  @Test func whatIsNotRunIsRefusedWhereItStands() throws {
    let error = try failure("a\n{{ output \"op\" \"read\" | trim }}", [:])
    #expect(error.kind == .refused(function: "output", .program))
    #expect((error.line, error.column) == (2, 4))
    #expect(error.hint != nil)
    // Not reached, not refused.
    #expect(try written("{{ if false }}{{ output \"op\" }}{{ end }}", [:]) == "")
    let ini = #"{{ $i := fromIni "a = x \\\n  y\nb = \\\n\nc = z" }}{{ $i.a }}|{{ $i.b }}|{{ $i.c }}"#
    #expect(try written(ini, [:]) == "x y||z")
  }

  @Test func callsAreListedWithoutARun() throws {
    let template = try Template(
      "{{ if eq .os \"x\" }}{{ output \"port\" (list \"a\") }}{{ end }}\n{{ define \"p\" }}{{ onepasswordRead \"op://v/i\" | quote }}{{ end }}"
        + "{{ template \"other\" (env \"X\") }}", name: "t")
    #expect(template.calls.map(\.function) == ["eq", "output", "list", "onepasswordRead", "quote", "env"])
    #expect(template.calls[1].kind == .program)
    #expect(template.calls[1].arguments == ["port", nil])
    #expect((template.calls[3].kind, template.calls[3].line, template.calls[3].column) == (.secret, 2, 20))
    #expect(template.templatesNeeded == ["other"])
  }

  @Test func mistakesInATemplateTakenInNameBoth() throws {
    let error = try failure(
      "\n{{ includeTemplate \"p\" . }}", [:],
      answers: [.includeTemplate("p"): .bytes(Array("\n\n {{ .no }}".utf8))])
    #expect((error.template, error.line, error.column) == ("p", 3, 5))
    #expect(error.callers == [TemplateError.Caller(template: "t", line: 2, column: 4)])
  }

  @Test func templatesBesideItAreFound() throws {
    let options = TemplateOptions(associated: ["part": try Template("[{{ .x }}]", name: "part")])
    #expect(try written("{{ template \"part\" . }}", ["x": 1], options: options) == "[1]")
  }

  @Test func aTemplateCanEndEarlyOrFail() throws {
    #expect(try failure("{{ abortEmpty }}", [:]).kind == .ended(isSkipped: false))
    let error = try failure("{{ fail \"no such role\" }}", [:])
    #expect(error.kind == .failed)
    #expect(error.message == "no such role")
  }
}

@Suite struct LimitTests {
  @Test(arguments: [
    "{{ range 1000000000 }}{{ end }}", "{{ until 1000000000 }}", "{{ repeat 1000000000 \"x\" }}",
    "{{ printf \"%1000000d\" 1 | repeat 1000 }}",
    "{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
    "{{ $x := \"xxxxxxxxxxxxxxxx\" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}",
    "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
    "{{ $x := list }}{{ range 100000 }}{{ $x = list $x }}{{ end }}",
    "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ $x }}",
    "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ $x | toJson }}",
    "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ deepCopy $x }}",
    "{{ range 1000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}",
    "{{ $x := repeat 100000 \"a\" }}{{ replace \"a\" $x $x }}", "{{ seq 1 1000000000 }}",
    "{{ indent 100000000 \"a\" }}",
    "{{ regexReplaceAll \"a\" (repeat 100000 \"a\") (repeat 10000 \"b\") }}",
    "{{ fromJson (repeat 100000 \"[\") }}",
    "{{ range untilStep 0 1000000000 1 }}{{ end }}",
    "{{ $l := until 3000 }}{{ range $l }}{{ range $l }}{{ $x := uniq $l }}{{ end }}{{ end }}",
  ])
  func noTemplateRunsAwayWithTheMachine(_ text: String) throws {
    #expect(try failure(text, [:]).kind == .limit)
  }

  @Test func deepChainsOfMapsAreFreed() throws {
    #expect(
      try written(
        "{{ $top := dict }}{{ $at := $top }}{{ range 100000 }}{{ $n := dict }}{{ $_ := set $at \"n\" $n }}{{ $at = $n }}{{ end }}ok",
        [:]) == "ok")
  }

  @Test func aHostileExpressionEnds() throws {
    #expect(try written("{{ regexMatch \"(a+)+$\" (print (repeat 5000 \"a\") \"b\") }}", [:]) == "false")
  }

  /// As little as a thread of macOS has beside the main one.
  @Test(arguments: [
    "{{ define \"r\" }}{{ if true }}{{ range 1 }}{{ with 1 }}{{ template \"r\" (print (print (print 1))) }}{{ end }}{{ end }}{{ end }}{{ end }}{{ template \"r\" }}",
    "{{ includeTemplate \"self\" . }}",
    "{{ (((((((((((((((((((((((((((((( 1 )))))))))))))))))))))))))))))) }}",
    "{{ $x := dict }}{{ range 1000 }}{{ $x = dict \"x\" $x }}{{ end }}{{ $x | toJson }}",
    "{{ $x := list }}{{ range 400 }}{{ $x = list $x }}{{ end }}{{ $x | toYaml }}",
    "{{ regexMatch (repeat 90 \"(\") \"\" }}{{ fromJson (repeat 190 \"[\") }}",
  ])
  func aSmallStackIsEnough(_ text: String) throws {
    let isDone = DispatchSemaphore(value: 0)
    let thread = Thread {
      let answers: [TemplateQuestion: TemplateAnswer] = [
        .includeTemplate("self"): .bytes(Array("{{ if 1 }}{{ includeTemplate \"self\" . }}{{ end }}".utf8))
      ]
      _ = try? written(text, [:], answers: answers)
      isDone.signal()
    }
    thread.stackSize = 512 * 1024
    thread.start()
    isDone.wait()
  }

  @Test func depthIsBoundWhileReading() throws {
    let nested = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
    #expect(try failure("{{ \(nested) }}", [:]).kind == .syntax)
    #expect(try failure(String(repeating: "{{ if 1 }}", count: 5000), [:]).kind == .syntax)
  }
}
