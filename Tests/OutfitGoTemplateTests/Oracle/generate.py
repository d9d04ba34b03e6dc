#!/usr/bin/env python3
"""Makes templates from a grammar, the same ones for the same seed. One JSON case a line."""
import json
import random
import sys

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 19

DATA = [
    {"name": "Zoë Ünal", "email": "zoe@example.org", "empty": "", "host": "box-7.example.org", "multi": "one\n two\nthree\n",
     "n": 3, "zero": 0, "neg": -17, "big": 1234567890123, "f": 2.5, "whole": 4.0, "small": 1.5e-9, "huge": 6.02e23, "on": True, "off": False, "nil": None,
     "list": ["b", "a", "c", "a", ""], "nums": [3, 1, 2, 10], "mixed": [1, "x", None, True, 2.25, ["n"], {"k": "v"}], "none": [],
     "map": {"b": 2, "a": "one", "c": [1, 2], "d": {"e": {"f": "deep"}}}, "flat": {"x": "1", "y": "2", "z-1": "three"}, "nothing": {},
     "json": '{"a": [1, 2.5, "x"], "b": {"c": null, "d": true}}', "toml": 'a = 1\nb = [1, 2]\n[c]\nd = "x"\ne = 1.5\n',
     "html": "<a href=\"x\">it's & more</a>", "path": "/home/zoe/.config//git/../nvim/init.lua", "version": "1.24.3-rc.1"},
    {"name": "root", "email": "", "empty": "", "host": "localhost", "multi": "", "n": 0, "zero": 0, "neg": -1, "big": 7, "f": -0.1, "whole": 100.0,
     "small": 0.001, "huge": 1e21, "on": False, "off": False, "nil": None, "list": ["only"], "nums": [], "mixed": [], "none": [],
     "map": {"a": "\"quoted\"\t\\", "b": False, "c": [], "d": {"e": {"f": 0}}}, "flat": {}, "nothing": {}, "json": "[1,", "toml": "a =",
     "html": "plain", "path": "relative/./file.tar.gz", "version": "v2"},
]
r = random.Random(SEED)
pick = r.choice
TEXTS = ["", "a", "zoe", "Hello, World", "a.b.c", "x y  z", "  pad ", "ünï", "line1\nline2\n", "tab\tq\"uote", "it's", "<b>&", "a,b,,c", "/usr/local/bin", "v1.2.3", "42", "-7", "3.14", "0x1f", "true", "camelCaseName", "日本", "🙂 ok", "%d%%", "$1-$2"]
ASCII = [t for t in TEXTS if t.isascii()]  # goutils takes bytes for runes
PATTERNS = ["[a-z]+", "^.", "(\\w)(\\w*)", "\\s+", "a|b", "[^a-z]", "(?i)HELLO", "x*", ".$", "\\d{1,2}", "(?P<first>[a-zé]+)", "b{0}", "(", "[z-a]", "a**", "o.*?l", "(a+)+$", "\\bw", "[[:upper:]]"]
REPLACEMENTS = ["", "-", "<$1>", "${1}x", "$first", "$$", "$2$1", "[$0]"]
FORMATS = ["%v", "%s", "%q", "%d", "%5d", "%-8s|", "%05d", "%x", "%X", "%t", "%6.2f", "%e", "%g", "%+d", "%T", "%%", "%c", "%U", "%#v", "%8.3s|", "%o", "%b", "% d", "%z", "%3v|", "%-5v|", "%08.3f", "%+v", "%+q", "%#q", "%.2v", "%[1]v", "%s=%v", "%v-%v"]


def quoted(text):
    out = ""
    for c in text:
        out += {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}.get(c, c)
    return '"' + out + '"'


class Scope:
    def __init__(self, outer=None):
        self.names = dict(outer.names) if outer else {}

    def of(self, kind):
        return [n for n, k in self.names.items() if k == kind]


def text(s, d):
    simple = [lambda: quoted(pick(TEXTS)), lambda: "`" + pick([t for t in TEXTS if "`" not in t]) + "`",
              lambda: pick(["$.name", "$.host", "$.multi", "$.html", "$.path", "$.empty", "$.map.a", "$.flat.x", "$.version"]),
              lambda: pick(s.of("text") or [quoted("v")])]
    if d <= 0:
        return pick(simple)()
    t, i, l, m, a, f, b = (lambda k=k: KINDS[k](s, d - 1) for k in ("text", "int", "list", "map", "any", "float", "bool"))
    calls = [
        lambda: f"upper {t()}", lambda: f"lower {t()}", lambda: f"title {t()}", lambda: f"untitle {t()}", lambda: f"swapcase {t()}",
        lambda: f"trim {t()}", lambda: f"trimAll {t()} {t()}", lambda: f"trimPrefix {t()} {t()}", lambda: f"trimSuffix {t()} {t()}",
        lambda: f"replace {t()} {t()} {t()}", lambda: f"repeat {pick('0123')} {t()}", lambda: f"trunc {pick(['3', '-2', '0', '100'])} {t()}",
        lambda: f"substr {pick(['0', '1', '2'])} {pick(['1', '3', '-1', '50'])} {t()}", lambda: f"nospace {quoted(pick(ASCII))}", lambda: f"initials {quoted(pick(ASCII))}",
        lambda: f"abbrev {pick(['4', '5', '9'])} {t()}", lambda: f"abbrevboth {pick(['0', '5'])} {pick(['8', '10'])} {t()}", lambda: f"wrap {pick(['3', '6'])} {t()}",
        lambda: f"wrapWith {pick(['3', '6'])} \"/\" {quoted(pick(ASCII))}", lambda: f"indent {pick('024')} {t()}", lambda: f"nindent {pick('02')} {t()}",
        lambda: f"quote {a()}", lambda: f"squote {a()} {a()}", lambda: f"cat {a()} {a()}", lambda: f"join {t()} {l()}", lambda: f"toString {a()}",
        lambda: f"plural \"one\" \"many\" {i()}", lambda: f"b64enc {t()}", lambda: f"b64dec {t()}", lambda: f"b64dec (b64enc {t()})", lambda: f"b32enc {t()}",
        lambda: f"b32dec (b32enc {t()})", lambda: f"sha256sum {t()}", lambda: f"sha1sum {t()}", lambda: f"adler32sum {t()}", lambda: f"hexEncode {t()}", lambda: f"hexDecode (hexEncode {t()})",
        lambda: f"base {t()}", lambda: f"dir {t()}", lambda: f"clean {t()}", lambda: f"ext {t()}", lambda: f"joinPath {t()} {a()} {t()}",
        lambda: f"toJson {a()}", lambda: f"toRawJson {a()}", lambda: f"toPrettyJson {a()}", lambda: f"toToml (dict \"a\" {t()} \"b c\" {i()} \"d\" $.map \"e\" (list (dict \"f\" $.flat)) \"g\" $.list)",
        lambda: f"regexFind {quoted(pick(PATTERNS))} {t()}", lambda: f"regexReplaceAll {quoted(pick(PATTERNS))} {t()} {quoted(pick(REPLACEMENTS))}",
        lambda: f"regexReplaceAllLiteral {quoted(pick(PATTERNS))} {t()} {quoted(pick(REPLACEMENTS))}", lambda: f"replaceAllRegex {quoted(pick(PATTERNS))} {quoted(pick(REPLACEMENTS))} {t()}",
        lambda: f"regexQuoteMeta {t()}", lambda: f"printf {quoted(pick(FORMATS))} {a()}", lambda: f"printf {quoted(pick(FORMATS))} {a()} {a()}",
        lambda: f"printf \"%*d|%.*f\" {i()} {i()} {pick('23')} {f()}",
        lambda: f"print {a()} {a()}", lambda: f"print {a()}", lambda: f"println {a()} {a()}", lambda: f"html {a()}", lambda: f"js {t()}", lambda: f"urlquery {a()}",
        lambda: f"comment \"# \" {t()}", lambda: f"ensureLinePrefix \"#\" \"# \" {t()}", lambda: f"index (splitList {t()} {t()}) 0", lambda: f"(split \".\" {t()})._0",
        lambda: f"ternary {t()} {t()} {b()}", lambda: f"default {t()} {t()}", lambda: f"coalesce {t()} {t()}", lambda: f"typeOf {a()}", lambda: f"kindOf {a()}",
        lambda: f"first (sortAlpha {l()})", lambda: f"get $.flat {t()}", lambda: f"dig \"d\" \"e\" \"f\" {t()} {m()}", lambda: f"seq {i()} {i()}", lambda: f"seq 1 {pick('135')}",
        lambda: f"(semver \"1.2.{pick('019')}\").Major", lambda: f"semver {t()}", lambda: f"include \"file\"", lambda: f"includeTemplate \"part\" {a()}",
    ]
    return pick(simple)() if r.random() < 0.35 else "(" + pick(calls)() + ")"


def integer(s, d):
    simple = [lambda: str(pick([0, 1, 2, 3, 7, -1, 42, 1000])), lambda: pick(["$.n", "$.zero", "$.neg", "$.big"]), lambda: pick(["0x1F", "0b101", "0o17", "017", "1_000", "'a'"]), lambda: pick(s.of("int") or ["5"])]
    if d <= 0:
        return pick(simple)()
    t, i, l, a = (lambda k=k: KINDS[k](s, d - 1) for k in ("text", "int", "list", "any"))
    calls = [lambda: f"len {pick([t, l])()}", lambda: f"int {a()}", lambda: f"int64 {a()}", lambda: f"add {i()} {i()}", lambda: f"add1 {i()}", lambda: f"sub {i()} {i()}", lambda: f"mul {i()} {i()}",
             lambda: f"div {i()} {i()}", lambda: f"mod {i()} {i()}", lambda: f"max {i()} {i()}", lambda: f"min {i()} {i()}", lambda: f"atoi {t()}", lambda: f"toDecimal {pick(['0644', quoted('755')])}", lambda: f"int (round {a()} 0)"]
    return pick(simple)() if r.random() < 0.5 else "(" + pick(calls)() + ")"


def floating(s, d):
    simple = [lambda: pick(["1.5", "-0.25", "1e3", "2.0", "1e-7", ".5", "1e21", "3.14159", "1E2"]), lambda: pick(["$.f", "$.small", "$.huge", "$.whole"])]
    if d <= 0:
        return pick(simple)()
    i, f, a = (lambda k=k: KINDS[k](s, d - 1) for k in ("int", "float", "any"))
    calls = [lambda: f"float64 {a()}", lambda: f"addf {f()} {f()}", lambda: f"subf {f()} {f()}", lambda: f"mulf {f()} {i()}", lambda: f"divf {f()} {pick(['2', '4', '0.5'])}", lambda: f"floor {f()}", lambda: f"ceil {f()}",
             lambda: f"round {f()} {pick('0123')}", lambda: f"maxf {f()} {f()}", lambda: f"minf {f()} {f()}"]
    return pick(simple)() if r.random() < 0.6 else "(" + pick(calls)() + ")"


def boolean(s, d):
    simple = [lambda: pick(["true", "false"]), lambda: pick(["$.on", "$.off"]), lambda: pick(s.of("bool") or ["true"])]
    if d <= 0:
        return pick(simple)()
    t, i, l, m, a, f, b = (lambda k=k: KINDS[k](s, d - 1) for k in ("text", "int", "list", "map", "any", "float", "bool"))
    kind = pick([t, i, f])
    calls = [lambda: f"not {a()}", lambda: f"{pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])} {kind()} {kind()}", lambda: f"eq {a()} {a()}", lambda: f"eq {t()} {t()} {t()}",
             lambda: f"empty {a()}", lambda: f"contains {t()} {t()}", lambda: f"hasPrefix {t()} {t()}", lambda: f"hasSuffix {t()} {t()}", lambda: f"hasKey {m()} {t()}", lambda: f"has {a()} {l()}",
             lambda: f"kindIs {quoted(pick(['string', 'map', 'slice', 'int', 'int64', 'float64', 'bool', 'invalid']))} {a()}", lambda: f"typeIs \"string\" {a()}", lambda: f"deepEqual {a()} {a()}",
             lambda: f"regexMatch {quoted(pick(PATTERNS))} {t()}", lambda: f"eqFold {t()} {t()}", lambda: f"all {a()} {a()}", lambda: f"any {a()} {a()}", lambda: f"isAbs {t()}",
             lambda: f"semverCompare {quoted(pick(['>=1.2', '^1.0', '~1.24', '<2', '1.x', '>1, <3', '!=1.2.3', '1.2 - 1.25']))} {pick(['$.version', quoted('1.2.3'), quoted('1.24.9'), quoted('2.0.0-beta')])}"]
    return pick(simple)() if r.random() < 0.25 else "(" + pick(calls)() + ")"


def sequence(s, d):
    simple = [lambda: pick(["$.list", "$.nums", "$.mixed", "$.none", "$.map.c"]), lambda: pick(s.of("list") or ["$.list"])]
    if d <= 0:
        return pick(simple)()
    t, i, l, m, a = (lambda k=k: KINDS[k](s, d - 1) for k in ("text", "int", "list", "map", "any"))
    calls = [lambda: f"list {a()} {a()} {a()}", lambda: "list", lambda: f"append {l()} {a()}", lambda: f"prepend {l()} {a()}", lambda: f"concat {l()} {l()}", lambda: f"rest {l()}", lambda: f"initial {l()}", lambda: f"reverse {l()}",
             lambda: f"uniq {l()}", lambda: f"compact {l()}", lambda: f"without {l()} {a()}", lambda: f"sortAlpha {l()}", lambda: f"splitList {t()} {t()}", lambda: f"until {pick('0135')}", lambda: f"untilStep 0 {pick('59')} {pick('23')}",
             lambda: f"keys {m()} | sortAlpha", lambda: f"values {m()}", lambda: f"slice {l()} {pick('01')}", lambda: f"slice {l()} 0 {pick('123')}", lambda: f"chunk {pick('12')} {l()}", lambda: f"quoteList {l()}", lambda: f"pluck {t()} {m()} {m()}",
             lambda: f"regexFindAll {quoted(pick(PATTERNS))} {t()} {pick(['-1', '2'])}", lambda: f"regexSplit {quoted(pick(PATTERNS))} {t()} {pick(['-1', '2'])}", lambda: f"toStrings {a()} {a()}"]
    return pick(simple)() if r.random() < 0.4 else "(" + pick(calls)() + ")"


def mapping(s, d):
    simple = [lambda: pick(["$.map", "$.flat", "$.nothing", "$.map.d"]), lambda: pick(s.of("map") or ["$.map"])]
    if d <= 0:
        return pick(simple)()
    t, m, a = (lambda k=k: KINDS[k](s, d - 1) for k in ("text", "map", "any"))
    calls = [lambda: f"dict {t()} {a()} {t()} {a()}", lambda: "dict", lambda: f"set {m()} {t()} {pick([text, integer, sequence])(s, 0)}", lambda: f"unset {m()} {t()}", lambda: f"pick {m()} {t()} \"a\"", lambda: f"omit {m()} \"a\" {t()}",
             lambda: f"merge (dict \"a\" 1) {m()}", lambda: f"mergeOverwrite (dict \"a\" 1 \"z\" (dict \"q\" 1)) {m()}", lambda: f"deepCopy {m()}", lambda: "fromJson $.json", lambda: "fromToml $.toml",
             lambda: f"setValueAtPath {quoted(pick(['a', 'q.r', 'd.e.g', '']))} {text(s, 0)} {m()}", lambda: f"deleteValueAtPath {quoted(pick(['a', 'd.e', 'no.no']))} {m()}", lambda: f"pruneEmptyDicts {m()}"]
    return pick(simple)() if r.random() < 0.45 else "(" + pick(calls)() + ")"


def anything(s, d):
    if r.random() < 0.08:
        return pick(["$.nil", ".", "$.absent", "$.map.absent.more", "nil", "(index $.map \"nokey\")", "(first $.none)", "$.flat.x.y", "(index $.nums 9)", "(index $.nums 0)", "(index $.map \"d\" \"e\" \"f\")", "(index $.name 1)", "(print)"])
    return pick([text, text, integer, floating, boolean, sequence, mapping])(s, d)


KINDS = {"text": text, "int": integer, "float": floating, "bool": boolean, "list": sequence, "map": mapping, "any": anything}
counter = [0]


def piped(s, d):
    value = anything(s, d)
    value = value[1:-1] if value.startswith("(") and value.endswith(")") and value.count("(") == 1 and r.random() < 0.6 else value
    for _ in range(pick([0, 0, 0, 1, 1, 2])):
        value += " | " + pick(["quote", "toString", "toJson", "printf \"%v\"", "default \"none\"", "len", "upper", "trim", "not", "squote", "print", "eq 3", "toString | upper", "first", "int", "add 1", "list 1", "join \",\"", "kindOf", "html"])
    return value


def fix(body):
    """Delimiters, with or without trimming."""
    return ("{{- " if r.random() < 0.25 else pick(["{{ ", "{{"])) + body + (" -}}" if r.random() < 0.25 else pick([" }}", "}}"]))


def words():
    return pick(["", " ", "\n", "text ", "\n  indented: ", "a\n\n\tb", "# comment\n", "}} ", "{ }", "é\n", "key = "])


def block(s, d, loop=False):
    return "".join(words() + statement(s, d, loop) for _ in range(pick([1, 1, 2, 3]))) + words()


def declare(s, d):
    kind = pick(["text", "int", "bool", "list", "map"])
    if s.of(kind) and r.random() < 0.4:
        return fix(f"{pick(s.of(kind))} = {KINDS[kind](s, d)}")
    counter[0] += 1
    name = f"$v{counter[0]}"
    out = fix(f"{name} := {KINDS[kind](s, d)}")
    s.names[name] = kind
    return out


def statement(s, d, loop):
    x = r.random()
    if d <= 0 or x < 0.45:
        return fix(piped(s, pick([0, 1, 1, 2])))
    if x < 0.55:
        return declare(s, 1)
    if x < 0.70:
        inner = Scope(s)
        head = pick(["if", "if", "with"])
        out = fix(f"{head} {piped(s, 1) if head == 'with' else pick([boolean, anything])(s, 2)}") + block(inner, d - 1, loop)
        if r.random() < 0.3:
            out += fix(f"else {head} {boolean(s, 1)}") + block(Scope(s), d - 1, loop)
        if r.random() < 0.5:
            out += fix("else") + block(Scope(s), d - 1, loop)
        return out + fix("end")
    if x < 0.88:
        inner = Scope(s)
        over = pick([sequence, sequence, mapping, lambda s, d: pick(["3", "$.n", "(len $.list)", "0"])])(s, 1)
        head = pick(["", "$e := ", "$i, $e := "])
        out = fix(f"range {head}{over}")
        if head:
            inner.names["$e"] = "any"
            if r.random() < 0.7:
                out += fix("print " + ("$i \" \" $e" if "$i" in head else "$e"))
        if r.random() < 0.25:
            out += fix(f"if {boolean(inner, 1)}") + fix(pick(["break", "continue"])) + fix("end")
        out += block(inner, d - 1, True) + fix(". | toString") if r.random() < 0.5 else block(inner, d - 1, True)
        if r.random() < 0.3:
            out += fix("else") + block(Scope(s), d - 1, loop)
        return out + fix("end")
    if x < 0.92:
        return fix(f"template \"{pick(['part', 'shared', 'own', 'nowhere' if r.random() < 0.1 else 'part'])}\" {anything(s, 1)}")
    if x < 0.95:
        return pick(["{{/* a comment */}}", "{{- /* trimmed */ -}}", "{{ /* not at once */}}", "{{\"{{\"}}", "{{`raw }}`}}", "{{ with $x := 3 }}{{ $x }}{{ end }}", "{{-3}}", "{{- 3 -}}"])
    if x < 0.97:
        return pick(["{{ end }}", "{{ if }}", "{{ nofunc 1 }}", "{{ $undeclared }}", "{{ .a | }}", "{{ break }}", "{{ 1 | 2 }}", "{{", "{{ (1 }}", "{{ \"a }}", "{{ else }}", "{{ .x.y-z }}", "{{ 1a }}", "{{ \"\\q\" }}", "{{ ) }}", "{{ template part }}", "{{ range $i $e := .list }}{{ end }}", "{{ len 1 2 }}", "{{ eq 1 }}", "{{ upper 3 }}", "{{ until (add 1 2) }}", "{{ and }}", "{{ fail \"stop\" }}"]) if r.random() < 0.5 else fix("or 0 \"\" (and 1 $.n)")
    return fix(pick(["and", "or"]) + f" {anything(s, 1)} {anything(s, 1)} {anything(s, 0)}")


def case(number):
    s = Scope()
    body = block(s, 3)
    extra = ""
    if "own" in body or r.random() < 0.1:
        extra = fix("define \"own\"") + fix(pick([".", "print . \"!\"", "kindOf .", "range $i, $e := . }}{{ $i }}{{ end"])) + fix("end")
    if r.random() < 0.05:
        extra += fix("block \"blk\" $.map") + fix(". | toJson") + fix("end")
    return {"template": extra + body if r.random() < 0.5 else body + extra, "data": number % len(DATA), "missing": pick(["error", "error", "error", "default", "zero"])}


print(json.dumps({"data": DATA, "templates": {"part": "<{{ . | toString }}>", "shared": "{{ define \"in\" }}[{{ . }}]{{ end }}{{ if . }}yes{{ else }}no{{ end }}"},
                  "includes": {"file": "# a file\nof two lines\n", "part": "({{ kindOf . }} {{ . | toJson }})"}}, ensure_ascii=False))
for number in range(COUNT):
    print(json.dumps(case(number), ensure_ascii=False))
