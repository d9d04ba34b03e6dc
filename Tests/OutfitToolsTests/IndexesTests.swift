import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage
import Testing

@testable import OutfitTools

struct IndexesTests {
  private func index(_ url: String, _ priority: IndexSection.Priority, _ bench: Bench) -> Sourced<
    IndexSection
  > {
    Sourced(IndexSection(url: url, priority: priority), bench.source(20))
  }

  @Test func nothingIsSaidWhereNothingIsSet() throws {
    #expect(try Indexes(Bench().context()).variables().isEmpty)
  }

  @Test func prioritiesBecomeAnOrder() throws {
    var bench = Bench()
    bench.profile.indexes = [
      "two": index("https://two.example/simple", .supplemental, bench),
      "one": index("https://one.example/simple", .primary, bench),
      "own": index("https://own.example/simple", .explicit, bench),
    ]
    bench.environment["UV_DEFAULT_INDEX"] = "https://mirror.example/simple"
    let indexes = try Indexes(bench.context())
    #expect(indexes.variables()["UV_INDEX"] == "one=https://one.example/simple")
    #expect(indexes.variables()["UV_DEFAULT_INDEX"] == "two=https://two.example/simple")
    #expect(!indexes.variables().values.contains { $0.contains("own.example") })
    #expect(
      indexes.only("own") == ["UV_DEFAULT_INDEX": "own=https://own.example/simple", "UV_INDEX": ""])
    #expect(indexes.only("other") == nil)
  }

  /// uv itself comes from the index that stands in place of the public one, and nobody else is asked for it first.
  @Test func aPrimaryIndexIsAskedForUvFirst() throws {
    var bench = Bench()
    bench.profile.indexes = ["acme-east": index("https://acme.example/simple", .primary, bench)]
    #expect(
      try Indexes(bench.context()).pipVariables == ["OUTFIT_FIRST_INDEX": "https://acme.example/simple"])
    bench.environment["OUTFIT_INDEX_ACME_EAST_USERNAME"] = "ada"
    bench.environment["OUTFIT_INDEX_ACME_EAST_PASSWORD"] = "p@ss"
    #expect(
      try Indexes(bench.context()).pipVariables == [
        "OUTFIT_FIRST_INDEX": "https://ada:p%40ss@acme.example/simple"
      ])
    let settings = IndexSettings(bench.context())
    #expect(settings.pipIndex == ["PIP_INDEX_URL": "https://ada:p%40ss@acme.example/simple"])
    #expect(settings.primary == ["acme-east=https://acme.example/simple"])
    bench.environment["UV_DEFAULT_INDEX"] = "https://mine.example/simple"
    #expect(try Indexes(bench.context()).pipVariables.isEmpty)
  }

  @Test func pipIsToldWithoutPasswords() throws {
    var bench = Bench()
    bench.profile.indexes = [
      "two": index("https://two.example/simple", .supplemental, bench),
      "own": Sourced(
        IndexSection(url: "https://own.example/simple", priority: .explicit, packages: ["Acme_Core"]),
        bench.source(20)),
    ]
    bench.environment["OUTFIT_INDEX_TWO_PASSWORD"] = "hunter2"
    #expect(
      try Indexes(bench.context()).lines == """
        index own explicit https://own.example/simple
        index two supplemental https://two.example/simple
        bound acme-core own

        """)
  }

  @Test func withoutPrimaryTheUsersDefaultStays() throws {
    var bench = Bench()
    bench.profile.indexes = ["two": index("https://two.example/simple", .supplemental, bench)]
    bench.environment["PIP_INDEX_URL"] = "https://mirror.example/simple"
    let variables = try Indexes(bench.context()).variables()
    #expect(variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple")
    #expect(variables["UV_INDEX"] == "two=https://two.example/simple")
  }

  /// uv has no variable for that: `UV_NO_INDEX` is none of its own.
  @Test func wherePipAsksNoIndexUvAsksNoneEither() throws {
    var bench = Bench()
    bench.profile.indexes = [
      "one": index("https://one.example/simple", .primary, bench),
      "own": index("https://own.example/simple", .explicit, bench),
    ]
    bench.environment = bench.environment.merging(["PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"]) { $1 }
    let indexes = try Indexes(bench.context())
    for variables in [indexes.variables(), indexes.only("own") ?? [:]] {
      #expect(variables["UV_DEFAULT_INDEX"] == "file:///nonexistent/outfit-no-index")
      #expect(variables["UV_INDEX"] == "" && variables["UV_FIND_LINKS"] == "/wheels")
    }
    // uv's own settings come first.
    bench.environment["UV_DEFAULT_INDEX"] = "https://mirror.example/simple"
    let open = try Indexes(bench.context())
    #expect(open.only("own")?["UV_DEFAULT_INDEX"] == "own=https://own.example/simple")
  }

  @Test func credentialsComeFromTheEnvironment() throws {
    var bench = Bench()
    bench.profile.indexes = ["acme-east": index("https://acme.example/simple", .explicit, bench)]
    bench.environment["OUTFIT_INDEX_ACME_EAST_USERNAME"] = "ada"
    bench.environment["POETRY_HTTP_BASIC_ACME_EAST_PASSWORD"] = "secret"
    let only = try Indexes(bench.context()).only("acme-east")
    #expect(only?["UV_INDEX_ACME_EAST_USERNAME"] == "ada")
    #expect(only?["UV_INDEX_ACME_EAST_PASSWORD"] == "secret")
  }

  @Test func credentialsInAnAddressAreRefused() throws {
    var bench = Bench()
    bench.profile.indexes = ["acme": index("https://ada:secret@acme.example/simple", .primary, bench)]
    let failure = #expect(throws: Failure.self) { try Indexes(bench.context()) }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.location?.line == 20)
    #expect("\(failure?.diagnostics ?? [])".contains("secret") == false)
  }

  @Test func pipsConfigurationIsReadWhereUvHasNone() throws {
    let bench = Bench()
    let queries = Indexes.queries(bench.context())
    #expect(queries.contains(.contents("/home/ada/.config/pip/pip.conf")))
    var facts = Facts()
    for query in queries { facts[query] = .absent }
    facts[.contents("/etc/pip.conf")] = .contents(
      Array("[global]\nindex-url = https://a.example/simple\n[list]\nindex-url = x\n".utf8))
    facts[.contents("/home/ada/.config/pip/pip.conf")] = .contents(
      Array(
        "# mine\n[global]\nextra_index_url =\n    https://b.example/simple\n    https://c.example/simple\n"
          .utf8))
    let variables = try Indexes(bench.context(facts)).variables()
    #expect(variables["UV_DEFAULT_INDEX"] == "https://a.example/simple")
    #expect(variables["UV_INDEX"] == "https://b.example/simple https://c.example/simple")

    facts[.contents("/home/ada/.config/uv/uv.toml")] = .contents(Array("[[index]]\nurl = \"x\"\n".utf8))
    #expect(try Indexes(bench.context(facts)).variables().isEmpty)
  }

  @Test func aSettingInTheEnvironmentNeedsNoFile() {
    var bench = Bench()
    bench.environment["UV_INDEX_URL"] = "https://mirror.example/simple"
    #expect(Indexes.queries(bench.context()).isEmpty)
  }
}
