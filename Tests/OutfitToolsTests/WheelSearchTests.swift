import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitTools

@Suite struct WheelSearchTests {
  private static let lacking = """
    error: No solution found when resolving dependencies:
      cause: Because visitor==0.1.3 has no usable wheels and you require visitor==0.1.3, we can conclude that your
      requirements are unsatisfiable.
    """

  private func bench(_ answer: @escaping (Inquiry) -> Answer) -> Bench {
    var bench = Bench(python: nil)
    bench.answers = { query in
      if let inquiry = query.inquiry { return answer(inquiry) }
      guard case .interpreters = query else { return .absent }
      return .interpreters([
        FoundInterpreter(
          language: .python, version: Version([3, 13, 5]), program: "/usr/bin/python3.13", origin: .system,
          fingerprint: "1")
      ])
    }
    return bench
  }

  @Test func aPackageWithoutAWheelIsNamedAndLeftOutOfTheNextQuestion() throws {
    let search = WheelSearch(WheelQuestion(lines: ["six", "visitor==0.1.3"]), python: Version([3, 11]))
    let first = try bench { _ in failed(Self.lacking) }.rounds { try search.step($0, without: []) }
    guard case .lacking("visitor") = first.value else { throw Failure("\(first.value)") }
    let inquiry = try #require(first.asked.compactMap(\.inquiry).first)
    #expect(inquiry.steps.first?.words.contains("--no-build") == true)
    #expect(inquiry.steps.first?.words.contains("3.11") == true)
    // Wheels for other machines are none.
    #expect(inquiry.steps.first?.words.contains("--universal") == false)
    // Nothing of the repository is in it but the lines.
    #expect(inquiry.files["wanted.in"] == Array("six\nvisitor==0.1.3\n".utf8))
    let second = try bench { inquiry in
      inquiry.files["lacking.txt"] == Array("visitor ; python_version < '0'\n".utf8)
        ? .collected(["lock.txt": Array("six==1.17.0\n".utf8)]) : failed(Self.lacking)
    }.rounds { try search.step($0, without: ["visitor"]) }
    guard case .complete = second.value else { throw Failure("\(second.value)") }
  }

  @Test func thePinsOfALockAreAskedForAlone() throws {
    let search = WheelSearch(
      WheelQuestion(lines: ["six==1.17.0", "visitor==0.1.3"], isComplete: true), python: nil)
    let found = try bench { inquiry in
      inquiry.files["wanted.in"] == Array("six==1.17.0\n".utf8)
        ? .collected(["lock.txt": []]) : failed(Self.lacking)
    }.rounds { try search.step($0, without: ["visitor"]) }
    guard case .complete = found.value else { throw Failure("\(found.value)") }
    #expect(found.asked.compactMap(\.inquiry).first?.steps.first?.words.contains("--no-deps") == true)
  }

  @Test func whatCannotBeResolvedIsNoAnswer() throws {
    let search = WheelSearch(WheelQuestion(lines: ["nosuch"]), python: nil)
    let found = try bench { _ in
      failed(
        "error: No solution found\n  cause: Because nosuch was not found in the package registry and you require it"
      )
    }.rounds { try search.step($0, without: []) }
    guard case .unknown(let diagnostic) = found.value else { throw Failure("\(found.value)") }
    #expect(diagnostic.message.hasPrefix("there is no package named nosuch"), "\(diagnostic.message)")
    // The same once more would never end.
    let again = try bench { _ in failed(Self.lacking) }.rounds { try search.step($0, without: ["visitor"]) }
    guard case .unknown = again.value else { throw Failure("\(again.value)") }
  }

  /// uv names a package with all that it is asked for.
  @Test(arguments: [
    ("psycopg-c{implementation_name != 'pypy'}==3.3.4", "psycopg-c"),
    ("psycopg-c{implementation_name != 'pypy' and os_name == 'posix'}", "psycopg-c"),
    ("visitor[all]>=0.1", "visitor"), ("all versions of visitor", "visitor"),
  ]) func theNameAloneIsTaken(subject: String, name: String) throws {
    let verb = subject.hasPrefix("all") ? "have" : "has"
    let search = WheelSearch(WheelQuestion(lines: ["six"]), python: nil)
    let found = try bench { _ in
      failed(
        "error: No solution found\n  cause: Because \(subject) \(verb) no usable wheels and you require it, no."
      )
    }.rounds { try search.step($0, without: []) }
    guard case .lacking(let lacking) = found.value else { throw Failure("\(found.value)") }
    #expect(lacking == name)
  }

  @Test func whatIsNoNameIsNoAnswer() throws {
    let search = WheelSearch(WheelQuestion(lines: ["six"]), python: nil)
    let found = try bench { _ in
      failed(
        "error: No solution found\n  cause: Because 'pypy'} has no usable wheels and you require it, no.")
    }.rounds { try search.step($0, without: []) }
    guard case .unknown = found.value else { throw Failure("\(found.value)") }
  }

  @Test func withoutAPythonNothingIsAsked() throws {
    var bench = bench { _ in .absent }
    bench.answers = { query in if case .interpreters = query { .interpreters([]) } else { .absent } }
    let found = try bench.rounds {
      try WheelSearch(WheelQuestion(lines: ["six"]), python: nil).step($0, without: [])
    }
    guard case .unknown = found.value else { throw Failure("\(found.value)") }
    #expect(found.asked.compactMap(\.inquiry).isEmpty)
  }
}
