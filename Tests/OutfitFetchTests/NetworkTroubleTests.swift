import Testing

@testable import OutfitFetch

/// What programs say of proxies and certificates, each in its own words.
@Suite struct NetworkTroubleTests {
  @Test(arguments: [
    "fatal: unable to access 'https://git.acme.example/a.git/': Received HTTP code 407 from proxy after CONNECT",
    "fatal: unable to access 'https://git.acme.example/a.git/': CONNECT tunnel failed, response 407",
    "OSError('Tunnel connection failed: 407 Proxy Authentication Required')",
    "  Caused by: client error (Connect)\n  Caused by: tunnel error: proxy authorization required",
    "npm error 407 Proxy Authentication Required - GET https://registry.npmjs.org/left",
  ])
  func aProxyWantsAPassword(_ text: String) {
    let trouble = NetworkTrouble(saidIn: text)
    #expect(trouble == .credentials)
    #expect(trouble?.hint([:]) == "give its credentials in https_proxy, or name the host in no_proxy")
    // To tell somebody who has given a password to give one leads in a circle.
    let given = trouble?.hint(["HTTPS_PROXY": "http://ada:word@proxy:1"]) ?? ""
    #expect(given.hasPrefix("it does not take the name and the password that HTTPS_PROXY has"))
    #expect(!given.contains("word@"))
  }

  @Test(arguments: [
    "SSL certificate problem: unable to get local issuer certificate",
    "server certificate verification failed. CAfile: none CRLfile: none",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain",
    "invalid peer certificate: UnknownIssuer",
    "npm error code SELF_SIGNED_CERT_IN_CHAIN", "npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ])
  func nobodyVouchesForAServer(_ text: String) {
    let trouble = NetworkTrouble(saidIn: text)
    #expect(trouble == .authority)
    let hint = trouble?.hint([:], authority: "GIT_SSL_CAINFO") ?? ""
    #expect(hint.contains("network: {certificates: FILE}"))
    #expect(hint.hasSuffix("GIT_SSL_CAINFO"))
  }

  @Test(arguments: [
    "", "fatal: repository not found", "line 407 of proxy.py", "No matching distribution found",
  ])
  func nothingElseIsTakenForIt(_ text: String) {
    #expect(NetworkTrouble(saidIn: text) == nil)
  }
}
