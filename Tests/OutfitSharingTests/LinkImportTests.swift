import Testing

@testable import OutfitSharing

@Suite("Links of stow and dotbot")
struct LinkImportTests {
  private func listing(_ files: [String]) -> LinkImport.Listing {
    var kinds: [String: LinkImport.Listing.Kind] = [:]
    for path in files {
      kinds[path] = .file
      var folder = path
      while let slash = folder.lastIndex(of: "/") {
        folder = String(folder[..<slash])
        kinds[folder] = .folder
      }
    }
    return LinkImport.Listing(kinds)
  }

  private func stow(
    _ files: [String], _ texts: [String: String] = [:], named: [String] = [], standing: Set<String> = []
  ) -> (links: [String], remarks: Int) {
    let read = StowFolder.read(listing(files), texts: texts, home: "/home/ada", named: named) {
      standing.contains($0)
    }
    return (read.links.map { "\($0.target)\($0.isFolder ? "/" : "") \($0.file)" }, read.remarks.count)
  }

  @Test("a folder that one package has is one link, and one that many have is none")
  func packages() {
    let found = stow([
      "a/.config/a/x", "b/.config/b/y", "b/.bashrc", "a/.app/one", "b/.app/two", "a/README.md", "README.md",
      "a/.gitignore", "nodots/x",
    ])
    #expect(
      found.links == [
        ".app/one a/.app/one", ".app/two b/.app/two", ".bashrc b/.bashrc", ".config/a/ a/.config/a",
        ".config/b/ b/.config/b",
      ])
    #expect(found.remarks == 1)
    #expect(stow(["a/.app/one"], standing: [".app"]).links == [".app/one a/.app/one"])
  }

  @Test("a folder with dot names of its own is the package, and packages can be named")
  func itself() {
    let files = [".zshrc", ".config/kitty/a", "themes/zen", "scripts/.env", ".gitignore", "README.md"]
    #expect(
      stow(files, [".stow-local-ignore": "scripts\n.gitignore\nREADME.md\n"]).links
        == [".config/kitty/ .config/kitty", ".zshrc .zshrc", "themes/ themes"])
    #expect(stow(files).links.contains(".zshrc .zshrc"))
    let beside = ["zsh/.zshrc", "docs/notes.txt", "setup.sh", ".github/a.yml", ".luarc.json", "README.md"]
    #expect(stow(beside).links == [".zshrc zsh/.zshrc"] && stow(beside).remarks == 2)
    #expect(stow(beside, named: ["docs"]).links == ["notes.txt docs/notes.txt"])
    #expect(stow(["docs/notes.txt"]).links.isEmpty)
  }

  @Test("options of .stowrc are taken or named")
  func stowrc() {
    let files = ["a/.config/a/x", "a/.config/a/y", "a/setup.sh", "a/.zshrc"]
    let found = stow(files, [".stowrc": "--no-folding\n--ignore='README.md|setup.sh' -v 2 --odd\n--dir=x\n"])
    #expect(found.links == [".config/a/x a/.config/a/x", ".config/a/y a/.config/a/y", ".zshrc a/.zshrc"])
    #expect(found.remarks == 2)
    #expect(stow(["nvim/a"], [".stowrc": "-t ~/.config\n"]).links == [".config/nvim/ nvim"])
  }

  @Test("options of .stowrc, and what a package leaves out")
  func options() {
    let found = stow(
      ["nvim/init.lua", "tmux/tmux.conf", "atuin/x", "setup.sh"],
      [".stowrc": "--target=~/.config\n--ignore=setup.sh\n--ignore=atuin/*\n"])
    // As stow reads it: an expression that what is left out ends with, so that `/*` is any number of slashes.
    #expect(found.links == [".config/nvim/ nvim", ".config/tmux/ tmux"])
    let dots = stow(
      ["a/dot-zshrc", "a/drop.txt"], [".stowrc": "--dotfiles\n", "a/.stow-local-ignore": "drop\\..*\n"])
    #expect(dots.links == [".zshrc a/dot-zshrc"])
    #expect(stow(["a/.x", "b/.x"]).remarks == 1)
  }

  @Test("dotbot: short and long forms, patterns, and what is left with its line")
  func dotbot() throws {
    let text = """
      - defaults: {link: {relink: true}}
      - link:
          ~/.vimrc:
          ~/.vim: vim/
          ~/.config/:
            glob: true
            path: config/*
          /etc/x: x
          ~/.mac: {path: x, if: '[ `uname` = Darwin ] && [ -n "$X" ]'}
          ~/.linux: {path: x, if: '[[ "$(uname -s)" == "Linux" ]] && [ -z "$WINDIR" ]'}
          ~/.sub: sub/module
          ~/.whole: ''
          ~/.x:
      - create: [~/tmp]
      - shell: [[make, Make]]
      """
    let read = try DotbotFile.read(
      text, name: "install.conf.yaml", listing: listing(["vimrc", "vim/a", "config/a/1", "config/b", "x"]),
      home: "/home/ada")
    #expect(
      read.links.map { "\($0.target)\($0.isFolder ? "/" : "") \($0.file)" }
        == [
          ".config/a/ config/a", ".config/b config/b", ".vim/ vim", ".vimrc vimrc", ".x x", ".linux x",
          "/etc/x x",
        ].sorted())
    #expect(
      read.links.filter { $0.system != nil }.map { "\($0.target) \($0.system ?? "")" } == [".linux linux"])
    #expect(read.remarks.compactMap(\.line) == [9, 11, 12, 14, 15])
  }
}
