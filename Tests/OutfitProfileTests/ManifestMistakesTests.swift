import Support
import Testing

@testable import OutfitProfile

/// Each mistake that a person can make in a manifest: its place, and what helps.
@Suite struct ManifestMistakesTests {
  @Test func unknownKeys() async {
    await expect(
      """
      profile: p
      interpreters:
        ①pyhton: "3.13"
      ②frobnicate: 1
      tools:
        black: {③vresion: "25.*"}
      """,
      gives: """
        ① unknown key `pyhton` in `interpreters` (did you mean `python`?)
        ② unknown key `frobnicate` (the keys here are profile, description, outfit, extends, remote, locked, defaults, remove, tags, use, channel, signers, network, bundles, receipts, cooldown, interpreters, tools, indexes, data, ask, secrets, dotfiles, packages, scripts, virtualenv, node_modules, env, hooks, hook-settings, app)
        ③ unknown key `vresion` in `tools.black` (did you mean `version`?)
        """)
  }

  @Test func wrongTypes() async {
    await expect(
      """
      profile: ①[p]
      interpreters: ②"3.13"
      tools:
        ③- black
      data: {editor: {name: vim}, shell: ④}
      extends: ⑤{⑥a: b}
      packages: {apt: ripgrep}
      ask:
        email: {prompt: E, default: ⑦[]}
      """,
      gives: """
        ① `profile` should be a profile's name, not a list (for example `profile: web-team`)
        ② `interpreters` should be a mapping, not a text (for example `interpreters: {python: "3.13"}`)
        ③ `tools` should be a mapping, not a list (for example `tools: {black: "25.*"}`)
        ④ `data.shell` should be a value, not nothing (for example `editor: vim`)
        ⑤ `extends` lacks `from` (for example `from: ../work`)
        ⑥ unknown key `a` in `extends` (the keys here are from, if)
        ⑦ `ask.email.default` should be a text, not a list (for example `default: ""`)
        """)
  }

  @Test func badValues() async {
    await expect(
      """
      outfit: ①newest
      interpreters:
        python: {versions: [②3.x, 3.10], providers: [③weel], system: ④yes, mirror: ⑤ftp://m}
        node: ⑥[]
      tools:
        ⑦black[d]: "25.*"
        ⑧isort==5: latest
        sphinx: {with: [⑨"-r evil"]}
      """,
      gives: """
        ① `newest` is not a version (write 3.13, 3.13.5, 25.*, ">=3.11,<3.14" or latest)
        ② `3.x` is not a version (write 3.13, 3.13.5, 25.*, ">=3.11,<3.14" or latest)
        ③ `weel` is not a provider (did you mean `wheel`?)
        ④ `yes` is neither true nor false (write `true`)
        ⑤ `ftp://m` is not an address (it starts with https:// or http:// or file://)
        ⑥ `interpreters.node` names no version (write one, or take the line out)
        ⑦ extras don't go with the name (write `black: {extras: [d]}`)
        ⑧ a version doesn't go with the name (write `isort: "…"` with the version there)
        ⑨ `-r evil` is not a package with or without a version (write `furo` or `"furo>=2024.1"`)
        """)
    await expect(
      """
      tools:
        a: {from: nmp}
        b: {②url: "https://x/{os}"}
        c: ③{from: url, version: ④"2.*"}
        d: {from: url, version: 2.1.0, url: ⑤"https://x/{platform}", sha256: {⑥linux-x86: ⑦abc}}
      indexes: {acme: {url: ①"https://me:secret@x/simple", priority: ⑧top}}
      scripts: {s: {run: s.sh, when: ⑨sometimes}}
      """, files: ["s.sh": ""],
      gives: """
        p/outfit.yaml:2:13 `nmp` is not an origin of tools (did you mean `npm`?)
        ② `url` says nothing of a tool from pypi (add `from: url`, or take it out)
        ③ `tools.c` lacks `url` (for example `url: "https://downloads.example/c-{os}-{arch}"`)
        ④ a tool from an address needs an exact version (for example `version: "2.16.1"`)
        ⑤ `{platform}` is nothing that Outfit fills in (it knows {version}, {os}, {system}, {arch} and {machine})
        ⑥ `linux-x86` is not a platform (write one of linux-amd64, linux-arm64, macos-amd64, macos-arm64)
        ⑦ `abc` is not a SHA-256 digest (it has 64 hexadecimal digits)
        ① an address in a manifest can't hold a user or a password (put them in ~/.netrc or in uv's own variables, and take them out here)
        ⑧ `top` is not a priority (write one of primary, supplemental, explicit)
        ⑨ `sometimes` is not a moment (write one of once, changed, always)
        """)
  }

  @Test func paths() async {
    await expect(
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
        .g: {copy: a, ⑩outside-home: true}
        /etc/acme.conf: {copy: a, outside-home: true}
        ⑪/etc/../x: {copy: a, outside-home: true}
      """, files: ["a": ""],
      gives: """
        ① `/etc/passwd` lies outside your home folder (write it from there: `.config/…`; if it is meant, add `outside-home: true` to the entry)
        ② targets start at your home folder already (write `.zshrc`)
        ③ `../x` leaves your home folder (write it from there, without `..`)
        ④ `../a` leaves the profile's folder (copy the file there, and name it from there)
        ⑤ there is no missing in p (make /home/ann/p/missing)
        ⑥ a folder's name ends with `/`, in the target and in the source (write `.c/: {copy: a/}` for a folder, and no `/` for a file)
        ⑦ `999` is not a mode (write `"0644"`, or `"0600"` for what only you may read)
        ⑧ `if-present` belongs to a block (take it out)
        ⑨ `.f` can't be copy and link at once (write one of template, copy, link, block, keys, tree, create, link-to, absent, chezmoi, external: `.f: {copy: …}`)
        ⑩ `.g` is in your home folder (take `outside-home` out, or write the target in full: `/etc/acme.conf`)
        ⑪ `/etc/../x` is no target (write it in full: `/etc/acme.conf`)
        """)
    await expect(
      """
      dotfiles:
        .a: {copy: a, ①as: link}
        .b/: {tree: d/, as: link, ②templates: "*.x"}
        .c/: {tree: d, as: fold, ③exact: true}
        .d: {link-to: ../x, ④mode: "0600"}
        .e: {copy: a, ⑤template: true}
        .f: {absent: ⑥false}
        ./: {tree: d, ⑦exact: true}
        .g/: {tree: d, exclude: [⑧../x]}
        .h/: {tree: ⑨a}
        ⑩$HOME/x: {copy: a}
      """, files: ["a": "", "d/x": ""],
      gives: """
        ① `as` belongs to a tree (take it out, or write `tree:` for a folder)
        ② a link can't be rendered (take `templates` out, or write `as: copy`)
        ③ `exact` says nothing of one link to a folder (take it out, or write `as: link`)
        ④ a link has no mode of its own, and neither has what is absent (take it out)
        ⑤ `template: true` belongs to a block, to `create` and to `link-to` (write `template:` for the file)
        ⑥ `absent` is true or not there (take the entry out, or write `absent: true`)
        ⑦ `exact` can't be said of the home folder itself (take it out, or name a folder in it)
        ⑧ `../x` is not in the folder (write a name, or a path from the tree's folder)
        ⑨ a/ is not a folder (write `copy:` for a file)
        ⑩ targets start at your home folder already (write `x`)
        """)
    await expect(
      """
      dotfiles:
        .a/: {external: ①"ftp://x/y.tar"}
        .b/: {external: ②"https://me:secret@x/y.tar"}
        .c/: {external: ③"git+https://me:secret@x/y"}
        .d/: {external: ④"https://x/y.git"}
        ⑤.e: {external: "github:a/b@v1"}
        .f/: {external: "github:a/b", ⑥strip: 1}
        .g: {copy: a, ⑦sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
        .h/: {external: "https://x/y.tar", ⑧executable: true}
        .i/: {external: ⑨"github:a"}
      """, files: ["a": ""],
      gives: """
        ① `ftp://x/y.tar` is not an address of a profile (write `https://HOST/PATH` or `git@HOST:PATH`)
        ② an address in a manifest can't hold a user or a password (put them in ~/.netrc or in uv's own variables, and take them out here)
        ③ an address of a profile can't hold a user or a password (let git have them, by a credential helper or by a line in ~/.netrc (machine x login USER password PASSWORD), and leave them out here)
        ④ `https://x/y.git` is a repository's address (write `git+https://x/y.git`)
        ⑤ a repository is a folder (write `.e/`, or name a file of it: `github:a/b//FILE`)
        ⑥ `strip` says nothing of a repository (a folder or a file of it is named by the address (`//FOLDER@REF`), and outfit.lock has its commit)
        ⑦ `sha256` belongs to an external (take it out, or write `external:`)
        ⑧ what is a program in an archive, the archive says (take it out)
        ⑨ `github:a` is not an address of a profile (write `github:OWNER/REPO//FOLDER@REF`)
        """)
    await expect(
      """
      dotfiles:
        a.json: {keys: {x: 1}, ①secret: true}
        b: {keys: ②{x: 1}}
        c.ini: {keys: ③{a: {b: {c: 1}}}}
        d.toml: {keys: ④{}}
        .gitconfig: {keys: ⑤{a: 1}}
        e: {copy: a, ⑥format: ini}
        f.json: {keys: {x: 1}, ⑦position: top}
        g.json: {keys: ⑧[x]}
      """, files: ["a": ""],
      gives: """
        ① the values of keys stand in the manifest, so that they are no secret (take it out)
        ② the name of `b` does not say how it is written (add `format:` with one of json, yaml, toml, ini, git)
        ③ `a.b.c` is in more than one section (write what can stand in a file of this kind, or take it out)
        ④ `keys` sets nothing (for example `keys: {editor: {tabSize: 2}}`)
        ⑤ git's keys are in a section, with or without a subsection: `a` is not (write what can stand in a file of this kind, or take it out)
        ⑥ `format` belongs to keys (take it out)
        ⑦ `position` belongs to a block (take it out)
        ⑧ `dotfiles.g.json.keys` should be a mapping, not a list (for example `keys: {editor.tabSize: 2}`)
        """)
    await expect(
      """
      dotfiles:
        .vimrc: {link: ①vimrx}
        .b: {copy: ②folder}
        .c/: {copy: ③a/}
      scripts: {fonts: ④scripts/font.sh}
      """, files: ["vimrc": "", "folder/x": "", "a": "", "scripts/fonts.sh": ""],
      gives: """
        ① there is no vimrx in p (did you mean `vimrc`?)
        ② folder is a folder (a folder's name ends with `/`, in the target too)
        ③ a/ is not a folder (write it without `/`, in the target too)
        ④ there is no scripts/font.sh in p (did you mean `scripts/fonts.sh`?)
        """)
  }

  @Test func targetsThatCanNotBe() async {
    await expect(
      """
      dotfiles:
        ①.config/outfit/outfit.yaml: {copy: a}
        .vim: {link: a}
        ②.vim/after/x: {copy: a}
        .d/: {copy: d/}
        .d/more: {copy: a}
        .e: {copy: a}
        ③./.e: {copy: a}
      """, files: ["a": "", "d/x": ""],
      gives: """
        ① `.config/outfit/outfit.yaml` is in Outfit's own folders (your own layer is for you to write: outfit tool install, or an editor)
        ② `.vim/after/x` is in `.vim`, which is a link (p/outfit.yaml:3 makes it: keep one of them)
        ③ `.e` is written twice (keep one of them)
        """)
  }

  @Test func packagesOfNpmAreWrittenAsNpmHasThem() async {
    await expect(
      """
      tools:
        eslint: {from: npm, with: ["@eslint/js@9.0.0-beta.1", globals@16.5.0, ①"x@../y", "@vue/cli"]}
        black: {with: [②"click@8.1"]}
      """,
      gives: """
        ① `x@../y` is not a package with or without a version (write `furo` or `"furo>=2024.1"`)
        ② `click@8.1` is not a package with or without a version (write `furo` or `"furo>=2024.1"`)
        """)
  }

  @Test func hooksOfARepositoryHaveOnlyWhatIsTheirs() async {
    await expect(
      """
      hooks:
        a: {repo: ①"https://example.org/x"}
        b: {repo: ②"ext::sh -c x", rev: ③-x}
        c: {repo: "https://example.org/x", rev: v1, language: ④python}
        d: {entry: x, rev: ⑤v1, additional_dependencies: ⑥[y]}
        e: {language: python, entry: ⑦"x 'y", additional_dependencies: [y]}
        f: {language: pygrep, entry: "it's", language_version: ⑧x}
      """, project: true,
      gives: """
        ① a repository of hooks has a `rev:` (name the tag, the branch or the commit of it)
        ② `ext::sh -c x` is not the address of a repository (write it as git takes it, and its tag as `rev:`)
        ③ `-x` is not a tag, a branch or a commit (for example `rev: v1.2.0`)
        ④ `language` is not for a hook of a repository (take it out)
        ⑤ `rev` is of a repository, and there is no `repo:` (name the repository, or take it out)
        ⑥ `additional_dependencies` is for hooks with an environment of their own (say which: `language: python`)
        ⑦ a quote in this command is not closed (write it as a list: `[black, --check]`)
        ⑧ `language_version` is for hooks with an environment of their own (say which: `language: python`)
        """)
  }

  @Test func projects() async {
    await expect(
      """
      virtualenv: ①requirements.txt
      env: {②1X: y}
      hooks: {black: {stage: [x], stages: [③pre-comit]}}
      app:
        ④template: django
        services: {postgres: ⑤new}
        processes: {⑥Web: {port: ⑦80000, command: ⑧"a | b"}}
        environments: {dev: {host: ⑨https://shop, replicas: many}}
      """, files: ["requirement.txt": ""], project: true,
      gives: """
        ① there is no requirements.txt in p (did you mean `requirement.txt`?)
        ② `1X` is not a variable's name (it has letters, digits and `_`)
        p/outfit.yaml:3:17 unknown key `stage` in `hooks.black` (did you mean `stages`?)
        ③ `pre-comit` is not a stage of git (did you mean `pre-commit`?)
        ④ `app` lacks `name` (for example `name: shop`)
        ④ `app` lacks `image` (for example `image: registry.example.com/shop`)
        ⑤ `new` is not a version (write 3.13, 3.13.5, 25.*, ">=3.11,<3.14" or latest)
        ⑥ `Web` can't be a name in Kubernetes (it has small letters, digits and `-`)
        ⑦ `80000` is not a port (write a number from 1 to 65535)
        ⑧ this command needs a shell to be understood (write it as a list: `[celery, -A, shop]`)
        ⑨ `https://shop` is not a host's name (write it without https:// and without a path)
        p/outfit.yaml:8:54 `many` is not a number of replicas (write a number from 0 to 1000)
        """)
  }

  @Test func yaml() async {
    await expect(
      "tools:\n①\tblack: 1\n②\tisort: 2\n",
      gives: """
        ① a tab can't indent YAML (use spaces)
        ② a tab can't indent YAML (use spaces)
        """)
    await expect(
      "tools:\n  black: ①\"25\n",
      gives: """
        ① the quote is never closed (write the same quote where the text ends)
        """)
    await expect(
      "tools: {black: 1\nprofile①: x\n",
      gives: """
        ① the mapping that `{` opened in line 1 is not closed (write `}`)
        """)
    await expect(
      "profile: a: ①b\n",
      gives: """
        p/outfit.yaml:1:11 `: ` can't stand here (put a text with a colon in quotes, or start the mapping on a line of its own)
        """)
    await expect(
      "tools:\n  black: 1\n ①isort: 2\n",
      gives: """
        ① this does not belong to the mapping that began in line 1 (everything in one mapping starts in the same column: here that is column 1)
        """)
    await expect(
      "profile: a\n①garbage\n",
      gives: """
        ① `:` is missing after the key (a key is written `name: value`; an entry of a list starts with `- `)
        """)
    await expect(
      "profile: ①@x\n",
      gives: """
        ① a text can't start with this character (put the text in quotes)
        """)
    await expect(
      "a: 1\n①---\nb: 2\n",
      gives: """
        ① a second document starts here (one file holds one document: take `---` out)
        """)
    await expect(
      "data: {a: 1, ①a: 2, b: 3, ②b: 4, ③a: 5}\nprofile: ④*x\n",
      gives: """
        ① `a` is written twice; the first is in line 1 (keep one of them)
        ② `b` is written twice; the first is in line 1 (keep one of them)
        ③ `a` is written twice; the first is in line 1 (keep one of them)
        ④ `*x` has no anchor before it (write `&x` before the value that it repeats)
        """)
    await expect(
      "profile: ①!evil x\n",
      gives: """
        ① the tag `!evil` means nothing here (take it out)
        """)
    await expect(
      "- a\n",
      gives: """
        p/outfit.yaml:1:1 the manifest should be a mapping, not a list (for example `profile: web-team`)
        """)
    await expect(
      "profile: \"①\\q\"\n",
      gives: """
        ① this escape is not known in double quotes (write `\\\\` for a backslash, or use single quotes)
        """)
  }
}
