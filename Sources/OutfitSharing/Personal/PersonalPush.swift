import OutfitCore
import OutfitProfile
import OutfitSystem

extension PersonalRepository {
  /// Commits all that is here, and pushes it.
  /// - Parameter message: nil names the files.
  /// - Returns: the commit that is there now; nil where there was nothing to push.
  /// - Throws: where something that would go is a secret, or the other side has more.
  public func push(_ message: String?) async throws -> String? {
    let theirs = try await fetch()
    let head = try await head()
    let snapshot = try await snapshot()
    let edits = try await changes(from: head, to: snapshot.commit)
    if let theirs {
      guard head != nil, try await has(theirs) else {
        throw Failure(
          "another machine has pushed meanwhile", hint: "bring it here first: outfit personal pull",
          status: .failed)
      }
    }
    guard !edits.isEmpty || head != theirs else { return nil }
    let secrets = try await secrets(in: snapshot.commit, theirs)
    guard secrets.isEmpty else { throw Failure(secrets, status: .failed) }
    if !edits.isEmpty {
      let names = edits.map(\.path)
      let text = message ?? names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
      try await mustRun(["add", "--all"])
      // What was looked at is what goes.
      let tree = try await mustRun(["write-tree"]).filter { !$0.isWhitespace }
      guard tree == snapshot.tree else {
        throw Failure(
          "somebody is writing in \(folder) just now", hint: "when that is done: outfit personal push")
      }
      try await mustRun(["commit", "--quiet", "-m", text], hooks: true, hint: Self.identityHint)
    }
    let branch = try await branch()
    let pushed = try await git.talk(
      ["push", "--quiet", "origin", "HEAD:refs/heads/\(branch)"], of: place, hooks: true)
    guard pushed.succeeded else {
      let isBehind = ["fetch first", "non-fast-forward"].contains(where: pushed.errorText.contains)
      throw Failure([
        Diagnostic(
          .error,
          isBehind
            ? "another machine has pushed meanwhile"
            : "can't push to \(withoutPasswords(try await origin()))",
          excerpt: isBehind ? nil : GitProgram.said(pushed),
          hint: isBehind
            ? "bring it here first: outfit personal pull"
            : "try it yourself: git -C \(folder) push origin \(branch)")
      ])
    }
    _ = try await fetch()
    return try await self.head()
  }

  /// What looks like a secret in anything that the other side would get, earlier commits among that.
  private func secrets(in commit: String, _ theirs: String?) async throws -> [Diagnostic] {
    var seen: Set<String> = []
    var found: [Diagnostic] = []
    let named = try await mustRun(
      ["rev-list", "--objects", commit] + (theirs.map { ["^\($0)"] } ?? []))
    for line in named.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: " ", maxSplits: 1).map(String.init)
      guard fields.count == 2, !fields[1].isEmpty, seen.insert(fields[0]).inserted else { continue }
      let blob = try await run(["cat-file", "blob", fields[0]])
      guard blob.succeeded else { continue }
      found += Self.secrets(in: blob.output, fields[1])
    }
    return found
  }

  private static func secrets(in bytes: [UInt8], _ path: String) -> [Diagnostic] {
    let hint =
      "take it out, or let Outfit have it by a command; what is none goes by git itself: git -C ~/.config/outfit push"
    guard !CredentialPlaces.has(path) else {
      return [
        Diagnostic(
          .error, "\(path) has the name of a file with credentials, and nothing was pushed",
          at: SourceLocation(file: path), hint: hint)
      ]
    }
    // What Outfit itself writes is versions and digests.
    if path.hasSuffix(LockFile.name), (try? LockFile.parse(bytes, file: path)) != nil { return [] }
    return SecretFinder.find(in: String(decoding: bytes, as: UTF8.self).utf8Lines.map(PublicText.removed)).map
    {
      Diagnostic(
        .error, "this looks like \($0.what), and nothing was pushed",
        at: SourceLocation(file: path, line: $0.line, column: 1), hint: hint)
    }
  }
}
