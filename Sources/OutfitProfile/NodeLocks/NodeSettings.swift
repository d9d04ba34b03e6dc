import OutfitCore

/// What a repository's own settings of its package manager come to: lines that are known to change nothing but which
/// packages are installed are kept, those that name a registry are told besides, and all others are left out.
package struct NodeSettings: Hashable, Sendable {
  /// What the manager is given.
  package var text = ""
  package var members: [ResolutionInputs.Member] = []
  /// What was left out, by line.
  package var unknown: [(key: String, line: Int)] = []

  package static func == (a: NodeSettings, b: NodeSettings) -> Bool {
    a.text == b.text && a.members == b.members
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(text) }

  // MARK: .npmrc

  /// https://docs.npmjs.com/cli/configuring-npm/npmrc and https://pnpm.io/settings.
  private static let npmKeys: Set = [
    "legacy-peer-deps", "strict-peer-deps", "engine-strict", "prefer-dedupe", "install-strategy",
    "install-links",
    "global-style", "legacy-bundling", "include", "omit", "optional", "package-lock", "lockfile",
    "lockfile-version",
    "save", "save-exact", "save-prefix", "save-peer", "fund", "audit", "audit-level", "loglevel", "progress",
    "update-notifier", "tag-version-prefix", "git-tag-version", "sign-git-tag", "message", "access",
    "provenance",
    "init-author-name", "init-license", "init-version", "color", "heading", "unicode", "workspaces",
    "include-workspace-root", "workspaces-update", "replace-registry-host", "fetch-retries", "fetch-timeout",
    "fetch-retry-mintimeout", "fetch-retry-maxtimeout", "maxsockets", "network-concurrency", "always-auth",
    "shamefully-hoist", "hoist", "hoist-pattern", "hoist-pattern[]", "public-hoist-pattern",
    "public-hoist-pattern[]",
    "hoist-workspace-packages", "node-linker", "symlink", "auto-install-peers", "strict-peer-dependencies",
    "dedupe-peer-dependents", "dedupe-direct-deps", "resolve-peers-from-workspace-root",
    "link-workspace-packages",
    "prefer-workspace-packages", "shared-workspace-lockfile", "save-workspace-protocol",
    "inject-workspace-packages",
    "disable-repo-settings", "disallow-workspace-cycles", "ignore-workspace-cycles",
    "ignore-workspace-root-check",
    "prefer-frozen-lockfile", "resolution-mode", "ignore-scripts", "enable-pre-post-scripts",
    "side-effects-cache",
    "recursive-install", "use-beta-cli", "package-manager-strict", "package-manager-strict-version",
    "manage-package-manager-versions", "minimum-release-age", "verify-deps-before-run", "stream", "reporter",
    "aggregate-output", "catalog-mode", "exclude-links-from-lockfile", "peers-suffix-max-length",
    "modules-cache-max-age", "virtual-store-dir-max-length", "registry-supports-time-field",
    "force-legacy-deploy",
  ]

  /// Of a registry, after `//host/path/:`.
  private static let credentials: Set = [
    "_authToken", "_auth", "username", "_password", "email", "always-auth",
  ]

  /// - Parameter file: as people are told of it.
  package static func npmrc(_ text: String, file: String) -> NodeSettings {
    var settings = NodeSettings()
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let content = trimmed(line)
      guard let first = content.first, !"#;".contains(first) else { continue }
      let parts = content.split(separator: "=", maxSplits: 1).map { trimmed($0) }
      let (key, value) = (String(parts.first ?? ""), parts.count == 2 ? parts[1] : "")
      let location = SourceLocation(file: file, line: number)
      if key == "registry" || key.hasPrefix("@") && key.hasSuffix(":registry") {
        settings.members.append(.init(.index, "\(key)=\(withoutUser(unquoted(value)))", at: location))
      } else if key.hasPrefix("//"), let name = key.split(separator: ":").last.map(String.init),
        credentials.contains(name)
      {
        let host = key.dropLast(name.count + 1)
        let secret = value.contains("${") ? " with \(value)" : ""
        settings.members.append(.init(.option, "a password for \(host)\(secret)", at: location))
      } else if !npmKeys.contains(key) {
        settings.unknown.append((key, number))
        continue
      }
      settings.text += content + "\n"
    }
    return settings
  }

  // MARK: YAML

  /// https://pnpm.io/settings: those of pnpm-workspace.yaml.
  package static let pnpmKeys: Set = [
    "packages", "catalog", "catalogs", "overrides", "packageExtensions", "peerDependencyRules",
    "allowedDeprecatedVersions", "patchedDependencies", "allowUnusedPatches", "allowNonAppliedPatches",
    "onlyBuiltDependencies", "neverBuiltDependencies", "ignoredBuiltDependencies", "allowBuilds",
    "dangerouslyAllowAllBuilds", "strictDepBuilds", "ignoredOptionalDependencies", "supportedArchitectures",
    "updateConfig", "auditConfig", "autoInstallPeers", "strictPeerDependencies", "dedupePeerDependents",
    "dedupeDirectDeps", "resolvePeersFromWorkspaceRoot", "hoist", "hoistPattern", "hoistWorkspacePackages",
    "publicHoistPattern", "shamefullyHoist", "nodeLinker", "symlink", "linkWorkspacePackages",
    "preferWorkspacePackages", "sharedWorkspaceLockfile", "saveWorkspaceProtocol", "injectWorkspacePackages",
    "disallowWorkspaceCycles", "ignoreWorkspaceCycles", "ignoreWorkspaceRootCheck", "preferFrozenLockfile",
    "resolutionMode", "savePrefix", "saveExact", "catalogMode", "cleanupUnusedCatalogs", "engineStrict",
    "enablePrePostScripts", "sideEffectsCache", "packageManagerStrict", "packageManagerStrictVersion",
    "managePackageManagerVersions", "minimumReleaseAge", "minimumReleaseAgeExclude", "verifyDepsBeforeRun",
    "excludeLinksFromLockfile", "peersSuffixMaxLength", "includeWorkspaceRoot", "trustPolicy",
    "trustPolicyExclude", "blockExoticSubdeps",
  ]

  /// https://yarnpkg.com/configuration/yarnrc, without what names other programs.
  package static let yarnKeys: Set = [
    "nodeLinker", "nmHoistingLimits", "nmMode", "nmSelfReferences", "compressionLevel",
    "defaultSemverRangePrefix",
    "enableGlobalCache", "enableTelemetry", "enableScripts", "enableImmutableInstalls", "enableHardenedMode",
    "enableColors", "enableMessageNames", "enableProgressBars", "packageExtensions", "logFilters",
    "supportedArchitectures", "checksumBehavior", "cacheFolder", "changesetBaseRefs",
    "changesetIgnorePatterns",
    "initScope", "initFields", "preferAggregateCacheInfo", "preferDeferredVersions", "preferInteractive",
    "preferReuse", "npmAuditExcludePackages", "npmAuditIgnoreAdvisories", "npmMinimalAgeGate",
    "npmPreapprovedPackages", "approvedGitRepositories", "tsEnableAutoTypes", "winLinkType", "catalog",
    "catalogs",
  ]

  /// The blocks of a YAML mapping whose keys are known; of the others those that hold a registry are told.
  /// - Parameter registries: keys that name one: their block is kept, and told line by line.
  package static func yaml(
    _ text: String, file: String, known: Set<String>, registries: Set<String> = []
  ) -> NodeSettings {
    var settings = NodeSettings()
    var (isKept, isTold) = (false, false)
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let content = trimmed(line)
      if content.isEmpty || content.hasPrefix("#") { continue }
      let isItem = content.hasPrefix("- ") || content == "-"
      if !line.hasPrefix(" "), !line.hasPrefix("\t"), !isItem {
        let key = unquoted(content.prefix { $0 != ":" })
        isTold = registries.contains(key)
        isKept = isTold || known.contains(key)
        if !isKept { settings.unknown.append((key, number)) }
      }
      guard isKept else { continue }
      if isTold {
        settings.members.append(
          .init(.index, withoutUser(String(content)), at: SourceLocation(file: file, line: number)))
      }
      settings.text += line + "\n"
    }
    return settings
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return text
  }

  private static func unquoted(_ text: Substring) -> String {
    let text = trimmed(text)
    guard let first = text.first, "'\"".contains(first), text.last == first, text.count > 1 else {
      return String(text)
    }
    return String(text.dropFirst().dropLast())
  }
}
