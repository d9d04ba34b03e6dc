import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The workflow by which a profile's repository checks it. What is of this profile stands in variables, so that no name
/// of a folder is ever read as a command.
enum CheckWorkflow {
  static func text(of named: String, installer: String?, _ host: Host) throws -> String {
    guard
      case .folder(let folder) = try ProfileAddress(
        named, relativeTo: host.workingDirectory, home: host.user.home)
    else {
      throw Failure(
        "a workflow is of a repository here, and \(named) is an address",
        hint: "run it in a clone: `outfit check --workflow`", status: .usage)
    }
    guard host.files.exists(folder.appending(ProfileLoader.manifestName)) else {
      throw Failure(
        "there is no outfit.yaml in \(folder)", hint: "name the folder of a profile", status: .usage)
    }
    var relative = folder
    let root = try GitFolders.locate(from: folder, host: host)?.workTree ?? folder
    _ = relative.removePrefix(root)
    let path = relative == folder || relative.isEmpty ? "." : relative.string
    let template = Installation.locate(host).templates.appending("check").appending("outfit-profile.yml")
    guard let text = try host.files.text(template) else {
      throw Failure(
        "\(template) is missing: this Outfit is not whole", hint: "`outfit doctor` says what is missing")
    }
    let step = installer.map { _ in
      """
      run: |
                curl -fsSLo /tmp/install-outfit.sh "$OUTFIT_FROM/install.sh"
                sh /tmp/install-outfit.sh --from "$OUTFIT_FROM"
                echo "$HOME/.local/bin" >>"$GITHUB_PATH"
      """
    }
    return text.replacing("@PROFILE@", with: try quoted(path))
      .replacing("@OUTFIT_FROM@", with: try quoted(installer ?? ""))
      .replacing(
        "@OUTFIT@",
        with: step
          ?? "# The image has it; `--installer ADDRESS` writes how it is installed.\n        run: command -v outfit"
      )
  }

  /// A plain scalar of YAML in single quotes.
  private static func quoted(_ text: String) throws -> String {
    guard text == text.harmless else {
      throw Failure("a name with control characters can't stand in a workflow", status: .usage)
    }
    return "'\(text.replacing("'", with: "''"))'"
  }
}
