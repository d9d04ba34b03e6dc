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
    const verb = words.find((word) => !word.startsWith('-')) || '';
    const isLink = /^(link|ln)$/.test(verb);
    const ours =
      'outfit: this Node belongs to Outfit and holds no packages of its own.\\n' +
      '  For a command-line tool: outfit tool install NAME --from npm\\n';
    const cli = require.resolve('../node_modules/npm/bin/npm-cli.js');
    // Whether a prefix of the user's own goes before npm's file of defaults.
    const hasOwnPrefix = () => {
      const given = words.filter((word) => /^--(prefix|userconfig|globalconfig)=/.test(word));
      const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
      const { spawnSync } = require('child_process');
      const said = spawnSync(process.execPath, [cli, 'prefix', '--global', ...given], options).stdout || '';
      return said.trim() !== '/dev/null';
    };
    // What only asks is answered: nothing is there, which is no mistake.
    if (isGlobal && /^(ls|list|la|ll|outdated|root|prefix)$/.test(verb) && !hasOwnPrefix()) {
      process.stderr.write(ours);
      if (!/^(root|prefix)$/.test(verb)) {
        if (words.includes('--json')) process.stdout.write('{}\\n');
        process.exit(0);
      }
    }
    process.on('exit', (status) => {
      if (status === 0) return;
      if (isLink) {
        process.stderr.write(
          'outfit: npm link goes through the packages of a Node, and one that belongs to Outfit holds none.\\n' +
          '  For a package of this machine in a project: npm install ../FOLDER\\n');
      } else if (isGlobal) process.stderr.write(ours);
    });
    require(cli);

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
