import OutfitCore

/// The keys of `hooks:` and `hook-settings:`.
extension ManifestKeys {
  private static let stages = [
    "commit-msg", "manual", "post-checkout", "post-commit", "post-merge", "post-rewrite", "pre-commit",
    "pre-merge-commit", "pre-push", "pre-rebase", "prepare-commit-msg",
  ]

  static let hook: [Field] =
    attributes + [
      Field(
        "entry", .either([.text(.hookEntry), .list(.text(.anything))]),
        "The command; without it, Outfit's own for a tool that it knows", example: "entry: [black, --check]"),
      Field(
        "args", .list(.text(.anything)), "Arguments before the files", example: "args: [--profile, black]"),
      Field("files", .text(.anything), "Only files that match this expression", example: "files: '^src/'"),
      Field(
        "exclude", .text(.anything), "No files that match this expression", example: "exclude: '/migrations/'"
      ),
      Field("types", .oneOrMore(.line), "Only files of these types", example: "types: [python]"),
      Field(
        "stages", .oneOrMore(.choice(stages, "a stage of git")), "When it runs; pre-commit without it",
        example: "stages: [pre-push]"),
      Field(
        "types_or", .oneOrMore(.line), "Only files of any of these types", example: "types_or: [css, scss]"),
      Field(
        "exclude_types", .oneOrMore(.line), "No files of these types", example: "exclude_types: [svg]"),
      Field(
        "pass_filenames", .text(.boolean), "The files are its arguments; true without it",
        example: "pass_filenames: false"),
      Field(
        "always_run", .text(.boolean), "Also where no file matches; false without it",
        example: "always_run: true"),
      Field(
        "require_serial", .text(.boolean), "One process for all files, never several at once",
        example: "require_serial: true"),
      Field(
        "verbose", .text(.boolean), "Show what it prints also when it passes", example: "verbose: true"),
      Field(
        "language", .choice(HookSection.Language.self, "a kind of hook"),
        "`entry` is an expression that no line may match (pygrep), what to say of each file (fail), or a command in an environment of this language that the runner makes",
        example: "language: pygrep"),
      Field(
        "additional_dependencies", .list(.text(.line)),
        "Packages in the environment that the runner makes, for `language` and `repo`",
        example: "additional_dependencies: [pyyaml]"),
      Field(
        "language_version", .text(.line), "The version of the interpreter in that environment",
        example: "language_version: python3.12"),
      Field(
        "repo", .text(.hookRepository), "The repository that has the hook, locked by commit",
        example: "repo: https://github.com/acme/hooks"),
      Field("rev", .text(.hookRevision), "Its tag, branch or commit", example: "rev: v1.2.0"),
      Field(
        "id", .text(.line), "What it calls the hook; the entry's name without it", example: "id: check-terms"),
      Field("name", .text(.line), "What people read of it", example: "name: no tabs"),
      Field(
        "cache", .text(.boolean),
        "Leave out files that passed, until they, the tool, its arguments or its configuration change; without it, for tools that are known to look at each file by itself",
        example: "cache: false"),
      Field(
        "with", .oneOrMore(.companion), "Other packages in the environment of the tool that it runs",
        example: "with: [flake8-bugbear]"),
      Field("alias", .text(.entryName), "Another name of it, for SKIP", example: "alias: tabs"),
      Field(
        "log_file", .text(.line), "Where what it prints when it fails is written too",
        example: "log_file: hook.log"),
      Field(
        "fail_fast", .text(.boolean), "No hook runs after it when it fails", example: "fail_fast: true"),
    ]

  static let hookSettings: [Field] = [
    Field(
      "files", .text(.anything), "For all hooks: only files that match this expression",
      example: "files: '^src/'"),
    Field(
      "exclude", .text(.anything), "For all hooks: no files that match this expression",
      example: "exclude: '^vendor/'"),
    Field(
      "stages", .oneOrMore(.choice(stages, "a stage of git")), "When hooks run that say no stages",
      example: "stages: [pre-commit, pre-push]"),
    Field(
      "fail_fast", .text(.boolean), "No hook runs after one that fails", example: "fail_fast: true"),
    Field(
      "file", .choice(HookSettings.File.self, "a way to write the hooks"),
      "Keep them in .pre-commit-config.yaml too, run by `outfit exec` or installed at the locked versions",
      example: "file: exec"),
    Field(
      "default_language_version", .dictionary(key: .line, value: .text(.line), example: "python: python3.12"),
      "Of the interpreters in the environments that the runner makes, by language",
      example: "default_language_version: {python: python3.12}"),
    Field(
      "default_install_hook_types", .oneOrMore(.choice(stages.filter { $0 != "manual" }, "a hook of git")),
      "What git runs besides what the hooks' own stages need: a hook of a repository may have stages that are said there",
      example: "default_install_hook_types: [pre-commit, commit-msg]"),
  ]
}
