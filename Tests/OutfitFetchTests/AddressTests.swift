import Testing

@testable import OutfitFetch

struct AddressTests {
  @Test func partsAreTakenApart() throws {
    let address = try #require(Address("HTTPS://An%40n:p:w@Host.Example:8443/a%20b/c?d=e#f"))
    #expect(address.scheme == .https)
    #expect(address.user == "An@n")
    #expect(address.password == "p:w")
    #expect(address.authority == "host.example:8443")
    #expect(address.plain == "https://host.example:8443/a%20b/c?d=e")
    #expect("\(address)" == "https://***@host.example:8443/a%20b/c?...")
    #expect(Address("http://host")?.plain == "http://host/")
    #expect(Address("http://host?x")?.plain == "http://host/?x")
    #expect(Address("http://[::1]/x")?.authority == "[::1]")
    #expect(Address("http://[::1]:80/x")?.authority == "[::1]:80")
    #expect(Address("file:///a%2Fb%zz%4")?.filePath == "/a/b%zz%4")
  }

  @Test(arguments: [
    "", "http:", "http://", "http:///x", "host/path", "/path", "ftp://host/x", "file://host/x",
    "http://host/a b", "http://host/\u{7f}", "http://host/\nX: y", "http://:80/", "javascript:alert(1)",
    "http://127.0.0.1:", "https://host:/x", "https://host:0/", "https://host:65536/", "https://host:8o/",
  ])
  func otherTextsAreNone(_ text: String) { #expect(Address(text) == nil) }

  @Test func redirectsKeepCredentialsAtOneOrigin() throws {
    let start = try #require(Address("https://me:word@host/a"))
    #expect(start.following("https://host/b")?.password == "word")
    #expect(start.following("https://host:444/b")?.user == nil)
    #expect(start.following("https://other/b")?.user == nil)
    #expect(start.following("http://host/b") == nil)
    #expect(start.following("file:///etc/passwd") == nil)
    let plain = try #require(Address("http://host/a"))
    #expect(plain.following("https://host/b") != nil)
  }
}
