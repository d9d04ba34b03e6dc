import OutfitCore
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the user told Docker or Podman about registries: `auths`, `credHelpers` and `credsStore` of their
/// configuration.
///
/// A helper is a program that the user named there; it gets the registry's name on standard input, and what it
/// answers is never written anywhere.
struct RegistryCredentials: Sendable {
  struct Pair: Hashable, Sendable {
    var user: String
    var password: String

    /// The value of an `Authorization` header (RFC 7617).
    var basic: String { "Basic " + Data("\(user):\(password)".utf8).base64EncodedString() }
  }

  private struct Configuration: Decodable {
    struct Entry: Decodable {
      var auth: String?
      var username: String?
      var password: String?
    }
    var auths: [String: Entry]?
    var credHelpers: [String: String]?
    var credsStore: String?
  }

  private struct Answer: Decodable {
    var user: String
    var secret: String
    enum CodingKeys: String, CodingKey {
      case user = "Username"
      case secret = "Secret"
    }
  }

  let host: Host

  /// Where the configuration may be, the first that is there counting.
  private var places: [FilePath] {
    var places: [FilePath] = []
    if let folder = host.environment["DOCKER_CONFIG"], !folder.isEmpty {
      places.append(FilePath(folder).appending("config.json"))
    } else {
      places.append(host.user.home.appending(".docker").appending("config.json"))
    }
    if let file = host.environment["REGISTRY_AUTH_FILE"], !file.isEmpty { places.append(FilePath(file)) }
    if let folder = host.environment["XDG_RUNTIME_DIR"], !folder.isEmpty {
      places.append(FilePath(folder).appending("containers").appending("auth.json"))
    }
    return places
  }

  /// The names under which a configuration may have the registry.
  private func keys(_ registry: String) -> [String] {
    registry == ImageName.dockerHub
      ? ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"]
      : [registry, "https://\(registry)", "https://\(registry)/", "http://\(registry)"]
  }

  /// Nil where the user has given none: the registry is asked as anybody then.
  /// - Throws: a configuration that can't be read, a helper that fails.
  func pair(for registry: String) async throws -> Pair? {
    for place in places where host.files.exists(place) {
      let configuration: Configuration
      do {
        configuration = try JSONDecoder().decode(Configuration.self, from: Data(try host.files.read(place)))
      } catch let error as FileError {
        throw error
      } catch {
        throw Failure("\(place) is not a configuration of Docker", hint: "see whether it is JSON")
      }
      for key in keys(registry) {
        if let helper = configuration.credHelpers?[key], let pair = try await ask(helper, key, place) {
          return pair
        }
        guard let entry = configuration.auths?[key] else { continue }
        if let pair = pair(entry) { return pair }
        if let store = configuration.credsStore, let pair = try await ask(store, key, place) { return pair }
      }
    }
    return nil
  }

  private func pair(_ entry: Configuration.Entry) -> Pair? {
    if let user = entry.username, let password = entry.password {
      return Pair(user: user, password: password)
    }
    guard let auth = entry.auth, let data = Data(base64Encoded: auth) else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    guard let colon = text.firstIndex(of: ":") else { return nil }
    return Pair(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
  }

  private func ask(_ helper: String, _ registry: String, _ place: FilePath) async throws -> Pair? {
    guard !helper.isEmpty, !helper.contains("/") else {
      throw Failure("\(place) names the helper `\(helper)`, which is not the end of a program's name")
    }
    let name = "docker-credential-\(helper)"
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    guard
      let program = folders.filter(\.isAbsolute).map({ $0.appending(name) }).first(where: host.files.exists)
    else {
      throw Failure("\(place) names the helper \(name), which is not on PATH", hint: "install it")
    }
    let done = try await host.processes.run(
      Invocation(
        program, ["get"], environment: host.environment, workingDirectory: host.user.home,
        standardInput: .bytes(Array(registry.utf8))))
    // Helpers say so on standard output, and end with 1.
    if !done.succeeded, (done.outputText + done.errorText).contains("credentials not found") { return nil }
    guard done.succeeded, let answer = try? JSONDecoder().decode(Answer.self, from: Data(done.output)) else {
      throw Failure("\(name) gave no credentials for \(registry) (status \(done.status))")
    }
    // A token to be exchanged by POST is for clients that push; pulling goes on as anybody.
    return answer.user == "<token>" ? nil : Pair(user: answer.user, password: answer.secret)
  }
}
