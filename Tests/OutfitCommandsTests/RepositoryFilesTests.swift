import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitCommands

/// What `outfit init` reads of a repository, and what it leaves alone.
@Suite struct RepositoryFilesTests {
  let scratch: ScratchFolder
  let root: FilePath

  init() throws {
    scratch = try ScratchFolder()
    root = scratch.path.appending("repository")
    try scratch.host.files.createDirectory(root, mode: 0o755)
  }

  @Test func requirementsAreFoundWithWhatTheyInclude() throws {
    try scratch.put(
      "repository/requirements/dev.txt", "-r ../lists/more.in\n-c c.txt\n-r ../../outside.txt\npytest\n")
    try scratch.put("repository/lists/more.in", "-r again.list\nsix\n")
    try scratch.put("repository/lists/again.list", "-r more.in\nidna\n")
    try scratch.put("repository/pylock.dev.toml", "")
    try scratch.put("repository/notes.txt", "")
    try scratch.put("outside.txt", "evil\n")
    let found = RepositoryFiles(root, scratch.host).project()
    #expect(
      found.keys.sorted() == ["lists/again.list", "lists/more.in", "pylock.dev.toml", "requirements/dev.txt"])
  }

  @Test func noLinkIsFollowedOutOfIt() throws {
    let files = scratch.host.files
    try scratch.put("secret", "password\n")
    try scratch.put("away/dev.txt", "pytest\n")
    try scratch.put("repository/kept/requirements.txt", "six\n")
    try files.createLink(root.appending("requirements.txt"), to: "kept/requirements.txt")
    try files.createLink(root.appending("pyproject.toml"), to: "../secret")
    try files.createLink(root.appending("setup.py"), to: scratch.path.appending("secret").string)
    try files.createLink(root.appending("uv.lock"), to: "nowhere")
    try files.createLink(root.appending("requirements"), to: "../away")
    try files.createDirectory(root.appending("setup.cfg"), mode: 0o755)
    let repository = RepositoryFiles(root, scratch.host)
    #expect(repository.project() == ["requirements.txt": "six\n"])
    #expect(
      repository.notes.map(\.message).sorted() == [
        "pyproject.toml is not read: it is a link that leads out of the repository",
        "setup.py is not read: it is a link that leads out of the repository",
      ])
  }

  @Test func whatIsReadIsBounded() throws {
    try scratch.put("repository/uv.lock", String(repeating: "#", count: 17 << 20))
    for number in 0..<400 { try scratch.put("repository/requirements/r\(number).txt", "six\n") }
    let repository = RepositoryFiles(root, scratch.host)
    let found = repository.project()
    #expect(found["uv.lock"] == nil && found.count <= 300)
    #expect(repository.notes.map(\.message) == ["uv.lock is not read: it has 17825792 bytes"])
  }

  @Test func filesForContainersLieBesideTheFolderToo() throws {
    try scratch.put("repository/.git/HEAD", "ref: refs/heads/main\n")
    for name in ["config", "objects/x", "refs/x"] { try scratch.put("repository/.git/\(name)", "") }
    try scratch.put("repository/docker/docker-compose.prod.yml", "services: {}\n")
    try scratch.put("repository/docker/notes.txt", "")
    try scratch.put("repository/backend/manage.py", "")
    let folder = root.appending("backend")
    let names = RepositoryFiles(folder, scratch.host).sources().texts.keys.sorted()
    #expect(names == ["../docker/docker-compose.prod.yml", "manage.py"])
  }

  @Test func windowsWritesUTF16() throws {
    let bytes: [UInt8] = [0xFF, 0xFE] + "six\n".utf8.flatMap { [$0, 0] as [UInt8] }
    try scratch.host.files.create(root.appending("requirements.txt"), bytes, mode: 0o644)
    #expect(RepositoryFiles(root, scratch.host).project() == ["requirements.txt": "six\n"])
  }
}
