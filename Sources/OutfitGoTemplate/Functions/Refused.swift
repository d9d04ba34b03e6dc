/// Functions that are known and not run; each says why.
extension FunctionTable {
  static let refused: [Function] = {
    func group(_ kind: TemplateFunctionKind, _ reason: String, _ hint: String?, _ names: String) -> [Function]
    {
      names.split(separator: " ").map {
        Function(
          name: String($0), kind: kind, parameters: [], rest: .any,
          body: .refused(Function.Refusal(reason: reason, hint: hint)))
      }
    }
    return group(
      .program, "it runs a program while a template is read",
      "make what the program says a value of data:, or write the file by a script", "output outputList exec")
      + group(
        .download, "it downloads while a template is read",
        "write the value into data:, where a commit pins it",
        "getRedirectedURL gitHubKeys gitHubLatestRelease gitHubLatestReleaseAssetURL gitHubLatestTag gitHubRelease "
          + "gitHubReleaseAssetURL gitHubReleases gitHubTags getHostByName")
      + group(
        .secret, "it asks a password manager",
        "write that file yourself, or by a script of the tree: what is there stays",
        "awsSecretsManager awsSecretsManagerRaw azureKeyVault bitwarden bitwardenAttachment bitwardenAttachmentByRef "
          + "bitwardenFields bitwardenSecrets dashlaneNote dashlanePassword doppler dopplerProjectJson ejsonDecrypt "
          + "ejsonDecryptWithKey gopass gopassCat gopassRaw hcpVaultSecret hcpVaultSecretJson keepassxc "
          + "keepassxcAttachment keepassxcAttribute keeper keeperDataFields keeperFindPassword keyring lastpass "
          + "lastpassRaw onepassword onepasswordDetailsFields onepasswordDocument onepasswordItemFields onepasswordRead "
          + "pass passFields passRaw passhole protonPass protonPassJSON rbw rbwFields secret secretJSON vault"
      )
      + group(
        .secret, "it needs a key", "decrypt it yourself, or by a script of the tree: what is there stays",
        "decrypt encrypt encryptAES decryptAES")
      + group(
        .chance, "it gives something else at each run", "write the value into data:",
        "randAlphaNum randAlpha randAscii randNumeric randBytes randInt shuffle uuidv4 bcrypt htpasswd genPrivateKey "
          + "genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey "
          + "buildCustomCert derivePassword")
      + group(
        .unsupported, "Outfit has no such function", nil,
        "jq ioreg mozillaInstallHash call exit urlParse urlJoin")
  }()
}
