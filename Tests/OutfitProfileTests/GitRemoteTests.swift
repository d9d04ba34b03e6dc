import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

@Suite struct GitRemoteTests {
  @Test(arguments: [
    "https://github.com/acme/shop", "https://github.com/acme/shop.git", "https://github.com/acme/shop.git/",
    "https://ada@GitHub.com/acme/shop.git", "https://ada:secret@github.com:443/acme/shop",
    "http://github.com/acme/shop", "ssh://git@github.com/acme/shop.git", "ssh://git@github.com:22/acme/shop",
    "SSH://git@GITHUB.COM/acme/shop", "git+ssh://git@github.com/acme/shop", "git://github.com/acme/shop.git",
    "git@github.com:acme/shop.git", "git@github.com:/acme/shop", "github.com:acme/shop",
    "https://github.com//acme/shop",
  ])
  func oneRepositoryByManyAddresses(_ url: String) {
    #expect(GitRemote(url: url)?.description == "github.com/acme/shop")
    #expect(GitRemote(url) == GitRemote("github.com/acme/shop"))
  }

  @Test func othersAreOthers() {
    let shop = GitRemote("github.com/acme/shop")
    for other in [
      "https://github.com/acme/shop2", "https://github.com/Acme/shop",
      "https://github.com.evil.example/acme/shop",
      "https://evil.example/github.com/acme/shop", "https://github.com@evil.example/acme/shop",
      "git@evil.example:github.com/acme/shop", "/github.com/acme/shop", "file:///github.com/acme/shop",
      "https://github.com/acme", "https://github.com/evil/acme/shop",
    ] {
      #expect(GitRemote(url: other) != shop, "\(other)")
      #expect(GitRemote(url: other) != nil, "\(other)")
    }
    #expect(GitRemote(url: "/srv/git/shop.git")?.description == "/srv/git/shop")
    #expect(GitRemote("file:///srv/git/shop.git") == GitRemote("/srv/git/shop"))
    #expect(GitRemote("github:acme/shop") == shop)
    #expect(GitRemote(url: "ssh://git@[::1]:2222/shop.git")?.description == "[::1]/shop")
    #expect(GitRemote(url: "git@[::1]:shop.git")?.description == "[::1]/shop")
  }

  /// What names no repository by itself, or tries to be something else.
  @Test(arguments: [
    "", "shop", "../shop", "./github.com/acme/shop", "github.com/acme/shop", "ext::sh -c true",
    "ext::github.com/acme/shop",
    "https://github.com/acme/../evil/shop", "https://github.com/", "https:///acme/shop", "https://github.com",
    "https://github.com/acme/shop\nurl = x", "https://github.com/acme/shop?x",
    "https://github.com/acme/sh%6fp",
    "https://github.com/acme\\shop", "-oProxyCommand=touch:acme/shop", "ssh://-oProxyCommand=x/acme/shop",
    "javascript://github.com/acme/shop", "https://github.com:x/acme/shop", "git@git hub.com:acme/shop",
  ])
  func noRepository(_ url: String) { #expect(GitRemote(url: url) == nil) }

  @Test func remotesAreReadAsGitWritesThem() {
    let text = """
      [core]
      \tbare = false
      \turl = https://github.com/no/core
      [remote "origin"]
      \turl = git@github.com:acme/shop.git
      \tfetch = +refs/heads/*:refs/remotes/origin/*
      \tpushurl = https://github.com/no/push
      [REMOTE "up]stream"] URL="https://github.com/base/shop" ; a comment
      [remote "broken"]
      \turl = https://github.com/acme/\\
      long.git # comment
      [branch "main"]
      \tremote = origin
      \turl = https://github.com/no/branch
      [url "https://github.com/"]
      \tinsteadOf = gh:
      [remote]
      \turl = https://github.com/no/name
      [include]
      \tpath = ../../evil
      """
    #expect(
      GitConfiguration.remotes(text).map(\.description) == [
        "github.com/acme/shop", "github.com/base/shop", "github.com/acme/long",
      ])
    #expect(GitConfiguration.remotes("[remote \"origin\nurl = https://github.com/a/b").isEmpty)
    #expect(GitConfiguration.remotes("").isEmpty)
  }

  @Test func damagedConfigurationsAreRead() {
    let text = "[remote \"origin\"]\n\turl = \"https://github.com/acme/shop.git\" # \\\n[core]\n"
    for mutation in Fuzz("git configuration", [Array(text.utf8)]) {
      _ = GitConfiguration.remotes(String(decoding: mutation, as: UTF8.self))
    }
  }

  @Test func keptManifestsAreFoundByTheirRemotes() throws {
    let files = MemoryFiles.withHome()
    let host = Host.test(files: files)
    let projects = KeptManifests.folder(host)
    func put(_ name: String, _ text: String) throws {
      try files.createDirectories(projects.appending(name), mode: 0o700)
      files.put(projects.appending(name).appending("outfit.yaml"), text)
    }
    #expect(try KeptManifests(host).lines.isEmpty)
    try put("shop", "profile: shop\nremote: [github.com/acme/shop, git@gitlab.com:acme/shop.git]\n")
    try put("till", "remote: github.com/acme/till\n")
    try put("none", "profile: none\n")
    try put("odd", "remote: github.com/acme/odd\ntools: [\n")
    let kept = try KeptManifests(host)
    func folder(_ urls: String...) throws -> String? {
      try kept.folder(for: urls.compactMap { GitRemote(url: $0) })?.lastComponent?.string
    }
    #expect(try folder("https://github.com/acme/shop.git") == "shop")
    #expect(try folder("https://gitlab.com/acme/shop") == "shop")
    #expect(try folder("https://github.com/x/y", "https://github.com/acme/till") == "till")
    #expect(try folder("https://github.com/acme/odd") == "odd")
    #expect(try folder("https://github.com/acme") == nil)
    #expect(try folder() == nil)
    #expect(kept.problems.map(\.message).count == 1)
    #expect(kept.problems.first?.message.contains("none/outfit.yaml names no remote") == true)
    let failure = #expect(throws: Failure.self) {
      try folder("https://github.com/acme/shop", "https://github.com/acme/till")
    }
    #expect(failure?.status == .usage)
    let message = failure?.diagnostics.first?.message ?? ""
    #expect(
      message.contains("shop/outfit.yaml:2:10") && message.contains("till/outfit.yaml:1:9"), "\(message)")
  }
}
