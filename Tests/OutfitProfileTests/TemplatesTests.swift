import OutfitCore
import Testing

@testable import OutfitProfile

@Suite struct TemplatesTests {
  private func mistakes(_ text: String, _ context: [String: TemplateValue] = [:]) -> [String] {
    do {
      _ = try Templates.render(text, with: context, file: "t")
      return []
    } catch {
      return error.diagnostics.map {
        "\($0.location.map { "\($0)" } ?? "-") \($0.message)" + ($0.hint.map { " (\($0))" } ?? "")
      }
    }
  }

  @Test func namesAndSections() throws {
    let text = """
      {{#name}}
      [user]
        name = {{name}} & "co"
      {{/name}}
      {{^email}}
      none
      {{/email}}
      {{! a comment }}
      {{#list}}{{.}}{{^last()}}, {{/last()}}{{/list}}
      {{#people}}{{name}}:{{address.city}} {{/people}}

      """
    let context: [String: TemplateValue] = [
      "name": "Ann", "email": "", "list": ["a", "b"],
      "people": [["name": "X", "address": ["city": "Y"]], ["address": ["city": "Z"]]],
    ]
    #expect(
      try Templates.render(text, with: context, file: "t") == """
        [user]
          name = Ann & "co"
        none
        a, b
        X:Y Ann:Z 

        """)
  }

  @Test func otherDelimiters() throws {
    #expect(try Templates.render("{{=<% %>=}}\n{{x}} <% y %>\n", with: ["y": "1"], file: "t") == "{{x}} 1\n")
  }

  @Test func theTextStaysAsItIs() throws {
    for text in ["", "\n", "\n\na\n", "a", "{ {x} }", "a\r\nb\r\n", "{{"] where text != "{{" {
      #expect(try Templates.render(text, with: [String: String](), file: "t") == text)
    }
  }

  @Test func missingNames() {
    #expect(
      mistakes("a\n  {{emial}} {{x.y}} {{#no}}{{/no}}\n", ["email": "", "x": ["z": ""]]) == [
        "t:2:3 the template names `emial`, which has no value (did you mean `email`?)",
        "t:2:13 the template names `x.y`, which has no value (did you mean `z`?)",
        "t:2:21 the template names `no`, which has no value (the names here are email, x)",
      ])
    #expect(
      mistakes("{{#list}}{{b}}{{/list}}", ["list": [["a": "1"], ["b": "1"]]]) == [
        "t:1:10 the template names `b`, which has no value (did you mean `a`?)"
      ])
  }

  @Test func mistakesInTags() {
    #expect(
      mistakes("{{#a}}\n{{/b}}", ["a": true]) == [
        "t:2:1 {{/b}} closes {{#a}}, which was opened in line 1 (write {{/a}})"
      ])
    #expect(
      mistakes("x {{#a}}", ["a": true]) == [
        "t:1:3 {{#a}} is never closed (put {{/a}} where the section ends)"
      ])
    #expect(
      mistakes("{{/a}}") == [
        "t:1:1 {{/a}} closes a section that nothing opened (put {{#a}} before it, or take it out)"
      ])
    #expect(
      mistakes("{{ x") == [
        "t:1:1 the tag is never closed (write }} after it; for a literal {{ set other delimiters, {{=<% %>=}})"
      ])
    #expect(
      mistakes("{{> other}}").first?.hasPrefix("t:1:1 {{>other}}: a template can't take in others") == true)
    #expect(mistakes("{{ a b }}").first?.hasPrefix("t:1:1 {{ a b }} is not a name") == true)
  }

  @Test func mutationsNeverCrash() {
    var random = SplitMix(seed: 5)
    let seed = Array("{{#a}}x{{b.c}}{{/a}}\n{{^d}}\n {{{e}}} {{&e}}\n{{/d}}{{=<% %>=}}<%e%>{{ }}\n".utf8)
    for _ in 0..<1000 {
      var bytes = seed
      for _ in 0...Int.random(in: 0..<4, using: &random) { mutate(&bytes, &random) }
      let context: [String: TemplateValue] = ["a": ["1", "2"], "b": ["c": ""], "d": false, "e": "x"]
      _ = try? Templates.render(String(decoding: bytes, as: UTF8.self), with: context, file: "t")
    }
  }
}
