import Support
import Testing

@testable import OutfitProfile

/// Each mistake that a person can make in a manifest: its place, and what helps.
@Suite struct ManifestMistakesTests {
  @Test func unknownKeys() async {
    #expect(
      await mistakes(
        """
        profile: p
        interpreters:
          ①pyhton: "3.13"
        ③frobnicate: 1
        tools:
          black: {④vresion: "25.*"}
        """) == [])
  }

  @Test func wrongTypes() async {
    #expect(
      await mistakes(
        """
        profile: ①[p]
        interpreters: ②"3.13"
        tools:
          ③- black
        data: {editor: ④{name: vim}, shell:⑤}
        extends: ⑥{a: b}
        packages: {apt: ripgrep}
        ask:
          email: {prompt: E, default: ⑦[]}
        """) == [])
  }

  @Test func badValues() async {
    #expect(
      await mistakes(
        """
        outfit: ①newest
        interpreters:
          python: {versions: [②3.x, 3.10], providers: [③weel], system: ④yes, mirror: ⑤ftp://m}
          node: ⑥[]
        tools:
          ⑦black[d]: "25.*"
          ⑧isort==5: latest
          sphinx: {with: [⑨"-r evil"]}
        """) == [])
    #expect(
      await mistakes(
        """
        tools:
          a: {from: ①nmp}
          b: {②url: "https://x/{os}"}
          c: ③{from: url, version: ④"2.*"}
          d: {from: url, version: 2.1.0, url: "https://x/⑤{platform}", sha256: {⑥linux-x86: ⑦abc}}
        indexes: {acme: {url: "https://me:secret@x/simple", priority: ⑧top}}
        scripts: {s: {run: s.sh, when: ⑨sometimes}}
        """, files: ["s.sh": ""]) == [])
  }

  @Test func paths() async {
    #expect(
      await mistakes(
        """
        dotfiles:
          ①/etc/passwd: {copy: a}
          ②~/.zshrc: {copy: a}
          ③../x: {copy: a}
          .a: {copy: ④../a}
          .b: {copy: ⑤missing}
          .c/: {copy: ⑥a}
          .d: {copy: a, mode: ⑦"999"}
          .e: {copy: a, ⑧if-present: true}
          ⑨.f: {copy: a, link: a}
        """, files: ["a": ""]) == [])
    #expect(
      await mistakes(
        """
        dotfiles:
          .vimrc: {link: ①vimrx}
          .b: {copy: ②folder}
          .c/: {copy: ③a/}
        scripts: {fonts: ④scripts/font.sh}
        """, files: ["vimrc": "", "folder/x": "", "a": "", "scripts/fonts.sh": ""]) == [])
  }

  @Test func projects() async {
    #expect(
      await mistakes(
        """
        virtualenv: ①requirements.txt
        env: {②1X: y}
        hooks: {black: {stage: [x], stages: [③pre-comit]}}
        app:
          ④template: django
          services: {postgres: ⑤new}
          processes: {⑥Web: {port: ⑦80000, command: ⑧"a | b"}}
          environments: {dev: {host: ⑨https://shop, replicas: many}}
        """, files: ["requirement.txt": ""], project: true) == [])
  }

  @Test func yaml() async {
    #expect(await mistakes("tools:\n①\tblack: 1\n②\tisort: 2\n") == [])
    #expect(await mistakes("tools:\n  black: \"25①\n") == [])
    #expect(await mistakes("tools: {black: 1\nprofile: x\n") == [])
    #expect(await mistakes("profile: a: ①b\n") == [])
    #expect(await mistakes("tools:\n  black: 1\n ①isort: 2\n") == [])
    #expect(await mistakes("profile: a\n①garbage\n") == [])
    #expect(await mistakes("profile: ①@x\n") == [])
    #expect(await mistakes("a: 1\n①---\nb: 2\n") == [])
    #expect(await mistakes("data: {a: 1, ①a: 2, b: 3, ②b: 4, ③a: 5}\nprofile: ④*x\n") == [])
    #expect(await mistakes("profile: ①!evil x\n") == [])
    #expect(await mistakes("- a\n") == [])
    #expect(await mistakes("profile: \"\\①q\"\n") == [])
  }
}
