import Foundation
import OutfitSystem
import SystemPackage
import Testing

/// The page of `outfit show --html`, looked at in a real browser as people look at it: on a phone and on a wall, in the
/// dark, with the keyboard alone; and of a profile whose every word wants to be more than text.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ShowPageTests {
  private static let isThere = Browser.program != nil
  private static let hint: Comment = "no browser is here, and none can be got: apt-get install chromium"

  /// A team's profile with two layers and something of everything.
  private func write(_ machine: Machine) throws {
    try machine.write(
      "base/outfit.yaml",
      """
      profile: acme-base
      interpreters: {python: {versions: ["3"], system: true}}
      tools: {black: "26.*", httpie: "3.*"}
      locked: [tools.black]
      ask: {email: Your work e-mail}
      dotfiles: {.gitconfig: {template: gitconfig}, .bashrc: {block: bashrc}}
      packages: {apt: [ripgrep, fzf]}
      """)
    try machine.write("base/gitconfig", "[user]\n\temail = {{email}}\n[alias]\n\tst = status --short\n")
    try machine.write("base/bashrc", "alias ll='ls -lh'\nbind '\"\\C-p\": history-search-backward'\n")
    try machine.write(
      "team/outfit.yaml",
      """
      profile: web-team
      description: Everything that our team needs to write for the web, on any machine
      extends: ../base
      tools:
        httpie: latest
        sphinx: {version: "9.*", with: [furo, myst-parser]}
      scripts: {fonts: {run: fonts.sh, when: changed}}
      dotfiles:
        .tmux.conf: {copy: tmux.conf}
        .vimrc: {link: vimrc}
        .config/kitty/: {copy: kitty/}
        .zshrc: {block: zshrc}
        .netrc: {copy: netrc, secret: true}
        .secret_aliases: {copy: secret, secret: true}
      """)
    try machine.write("team/fonts.sh", "echo fonts\n")
    try machine.write("team/tmux.conf", "bind | split-window -h\nbind -n M-Left select-pane -L\n")
    try machine.write("team/vimrc", "nnoremap <silent> <leader>w :write<CR>\ninoremap jk <Esc>\n")
    try machine.write("team/kitty/kitty.conf", "map ctrl+shift+enter new_window_with_cwd\n")
    try machine.write("team/zshrc", "alias k=kubectl\nbindkey '^R' history-incremental-search-backward\n")
    try machine.write("team/netrc", "machine x login a password hunter2hunter2\n")
    try machine.write("team/secret", "alias vault='open --key hunter3hunter3'\n")
  }

  /// Tab goes through all that can be gone to, in order, and one sees where one is.
  private func tab(_ browser: Browser, _ name: String) async throws {
    let all = try await browser.texts(
      "[...document.querySelectorAll('a[href], button, input, summary, [tabindex]')].map(e => e.textContent)")
    #expect(all.count > 4)
    var seen: [String] = []
    for _ in all {
      try await browser.press("Tab", code: 9)
      let here = try await browser.texts(
        """
        (() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
          const sees = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2
            && b.left >= 0 && b.top >= 0 && b.bottom <= innerHeight;
          return [e.textContent, sees ? 'seen' : 'not seen']; })()
        """)
      seen.append(here[0])
      #expect(here[1] == "seen", "\(name): \(here)")
    }
    #expect(seen == all, "\(name)")
    try await browser.press("Enter", code: 13, text: "\r")
    let place = try await browser.value("document.querySelector(location.hash).getBoundingClientRect().top")
    let top = (place as? NSNumber)?.doubleValue ?? -1
    #expect(top >= 0 && top < 900, "\(name): the last link leads to \(top)")
  }

  @Test(.enabled(if: isThere, hint)) func onAPhoneAndOnAWall() async throws {
    let machine = try Machine()
    try write(machine)
    let shown = try await machine.outfit("show", "team", "--html", "page.html")
    #expect(shown.status == 0, "\(shown.errorText)")
    #expect(shown.errorText.contains("Wrote ~/page.html"))
    let again = try await machine.outfit("show", "team")
    #expect(again.outputText == shown.outputText, "the terminal has what it had")
    let text = try #require(try machine.read("page.html"))
    for secret in ["hunter2", "hunter3", "vault", machine.home.string] { #expect(!text.contains(secret)) }
    let page = machine.home.appending("page.html")
    try await Browser.with(folder: machine.home.appending("browser")) { browser in
      var grounds: Set<String> = []
      for (width, dark) in [(390, false), (390, true), (1600, false), (1600, true)] {
        let name = "\(width) \(dark ? "dark" : "light")"
        try await browser.look(width: width, dark: dark)
        try await browser.open(page)
        try await browser.check(name, width: width)
        try await tab(browser, name)
        let ground = try await browser.value("getComputedStyle(document.body).backgroundColor") as? String
        grounds.insert(ground ?? "")
        try await browser.keep("show \(name)")
      }
      #expect(grounds.count == 2, "dark is dark: \(grounds)")
      // Paper of A4.
      try await browser.look(width: 794, media: "print")
      try await browser.open(page)
      try await browser.check("print", width: 794)
      try await browser.keep("show print")
      let words = try await browser.value("document.body.innerText") as? String ?? ""
      for word in [
        "web-team", "outfit up team", "sphinx", "over acme-base", "fixed by acme-base", "git st",
        "status --short", "prefix |", "<leader>w", "ctrl+shift+enter", "k\nkubectl", "^R",
        "Runs the script fonts", "~/.tmux.conf", "nothing", "Your work e-mail",
      ] {
        #expect(words.contains(word), "\(word) is not on the page")
      }
      let grave = try await browser.texts("[...document.querySelectorAll('.is-grave')].map(e => e.innerText)")
      #expect(grave.contains { $0.contains("apt") }, "\(grave)")
    }
  }

  @Test(.enabled(if: isThere, hint)) func ofAStranger() async throws {
    let machine = try Machine()
    let evil = "</style></code><script>document.title=1</script><img src=x onerror=alert(1)>&amp;\u{202E}"
    let long = String(repeating: "W", count: 300)
    let folder = "<svg onload=alert(3)>\(long.prefix(180))"
    try machine.write(
      "evil/outfit.yaml",
      """
      profile: \(long.prefix(60))
      description: '\(evil) \(long)'
      extends: '../\(folder)'
      interpreters: {python: {versions: ["3"], system: true}}
      ask: {name: '\(evil) \(long)'}
      dotfiles:
        '.config/<img src=x onerror=alert(2)>': {copy: aliases}
        '.config/\(long.prefix(200))/.bash_aliases': {copy: aliases}
        .tmux.conf: {copy: tmux}
      packages: {apt: ['ripgrep']}
      scripts: {fonts: '<b>fonts<i>/"onload=alert(7)'}
      """)
    try machine.write("\(folder)/outfit.yaml", "profile: base\ntools: {black: latest}\n")
    try machine.write("evil/<b>fonts<i>/\"onload=alert(7)", "")
    try machine.write(
      "evil/aliases",
      "alias '<script>alert(4)</script>'='<a href=\"javascript:alert(5)\">\(long)'\nalias \(long)=x\n"
        + "alias pull='git clone https://ann:hunter4hunter4@git.example/x'\n")
    try machine.write("evil/tmux", "bind '\"><script>alert(6)</script>' run '\(evil)'\n")
    let shown = try await machine.outfit("show", "evil", "--html", "page.html")
    #expect(shown.status == 0, "\(shown.errorText)")
    let text = try #require(try machine.read("page.html"))
    #expect(!text.contains("hunter4"))
    try await Browser.with(folder: machine.home.appending("browser")) { browser in
      for (width, dark) in [(390, false), (1600, true)] {
        try await browser.look(width: width, dark: dark)
        try await browser.open(machine.home.appending("page.html"))
        try await browser.check("evil \(width)", width: width)
        try await browser.keep("show evil \(width)")
        #expect(
          try await browser.value(
            "document.images.length + document.querySelectorAll('svg, b:not(.grave)').length") as? Int == 0)
        let title = try await browser.value("document.title") as? String
        #expect(title?.hasSuffix("what is in it") == true, "\(title ?? "")")
        let words = try await browser.value("document.body.innerText") as? String ?? ""
        #expect(words.contains("<script>alert(4)</script>"), "it is there, as text")
      }
    }
  }

  @Test func aFolderIsNoPage() async throws {
    let machine = try Machine()
    try write(machine)
    let refused = try await machine.outfit("show", "team", "--html", "team")
    #expect(refused.status == 2, "\(refused.errorText)")
    #expect(refused.errorText.contains("is a folder"))
    let json = try await machine.outfit("show", "team", "--html", "page.html", "--json")
    #expect(json.status == 0, "\(json.errorText)")
    #expect(json.outputText.contains("\"kind\": \"show\""))
    #expect(try machine.read("page.html")?.contains("web-team") == true)
  }
}
