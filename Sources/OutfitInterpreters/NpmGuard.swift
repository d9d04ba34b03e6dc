import OutfitEngine

/// Keeps `npm install -g` out of a Node of ours, which other things stand on and no generation would know of.
///
/// npm's own file of defaults names a prefix where nothing can be written, however the command is spelled and whoever
/// runs it; a prefix of the user's own goes before it. What npm says of that is followed by the right verb.
///
/// `corepack enable` would put links into the folder of commands, which nothing but a switch changes.
enum NpmGuard {
  static let script = "lib/outfit/npm.cjs"
  static let corepack = "lib/outfit/corepack.cjs"

  /// - Parameter prefix: the Node's folder inside the object.
  static func additions(_ prefix: String) -> [TreeEntry] {
    let folder = prefix.isEmpty ? "" : "\(prefix)/"
    return [
      TreeEntry("\(folder)lib/node_modules/npm/npmrc", .file(Array("prefix=/dev/null\n".utf8), mode: 0o644)),
      TreeEntry("\(folder)\(script)", .file(Array(program.utf8), mode: 0o644)),
      TreeEntry("\(folder)\(corepack)", .file(Array(corepackProgram.utf8), mode: 0o644)),
    ]
  }

  private static let program = """
    // Runs npm, and names the right verb where something was to be installed for all.
    const words = process.argv.slice(2);
    const isGlobal = words.some((word, i) =>
      /^(-\\w*g\\w*|--global(=true)?|--location=global)$/.test(word) ||
      (word === '--location' && words[i + 1] === 'global')) ||
      process.env.npm_config_global === 'true' || process.env.npm_config_location === 'global';
    process.on('exit', (status) => {
      if (status === 0 || !isGlobal) return;
      process.stderr.write(
        'outfit: this Node belongs to Outfit and holds no packages of its own.\\n' +
        '  For a command-line tool: outfit tool install NAME --from npm\\n');
    });
    require('../node_modules/npm/bin/npm-cli.js');

    """

  private static let corepackProgram = """
    // Runs corepack, but for links in the folder of Outfit's commands.
    const [verb, ...rest] = process.argv.slice(2);
    if (/^(enable|disable)$/.test(verb) && !rest.some((word) => /^(--install-directory|-h|--help)/.test(word))) {
      process.stderr.write(
        `outfit: corepack ${verb} would change the folder of Outfit's commands, where only a manifest says what is.\\n` +
        '  For a command everywhere: outfit tool install pnpm --from npm\\n' +
        '  For the version that a package.json names: corepack pnpm ..., corepack yarn ...\\n');
      process.exit(1);
    }
    require('../node_modules/corepack/dist/corepack.js');

    """
}
