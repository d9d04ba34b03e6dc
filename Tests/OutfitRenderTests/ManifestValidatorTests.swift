import OutfitCore
import Testing

@testable import OutfitRender

/// Each rule fails when it is broken.
@Suite struct ManifestValidatorTests {
  struct Sabotage: Sendable, CustomTestStringConvertible {
    var file: String
    var old: String
    var new: String
    var complaint: String
    var testDescription: String { complaint }

    init(_ file: String, _ old: String, _ new: String, _ complaint: String) {
      self.file = file
      self.old = old
      self.new = new
      self.complaint = complaint
    }
  }

  static let files = try? Render.files(Shop.input()).files

  @Test func whatWasRenderedIsFlawless() throws {
    #expect(
      ManifestValidator.diagnostics(
        try #require(Self.files), secrets: ["POSTGRES_PASSWORD", "REDIS_PASSWORD"]) == [])
  }

  @Test(arguments: [
    Sabotage(
      "web", "    matchLabels: *labels\n  template", "    matchLabels: {a: b}\n  template",
      "has a selector that its own pods do not match"),
    Sabotage("web", "targetPort: http", "targetPort: htttp", "sends to port \"htttp\""),
    Sabotage(
      "web", "containerPort: 8000", "containerPort: 9000", "allows port 8000, which none of its pods opens"),
    Sabotage("web", "name: web}\n  minReplicas", "name: wob}\n  minReplicas", "scales "),
    Sabotage("web", "spec:\n  # The", "spec:\n  replicas: 2\n  # The", "gives replicas"),
    Sabotage("web", "minReplicas: 2", "minReplicas: 20", "more minReplicas than maxReplicas"),
    Sabotage("web", "configMapRef: {name: app}", "configMapRef: {name: apps}", "takes the ConfigMap apps"),
    Sabotage(
      "web", "{name: tmp, mountPath: /tmp}\n      volumes:", "{name: tnp, mountPath: /tmp}\n      volumes:",
      "mounts the volume tnp"),
    Sabotage(
      "web", "port: http\n              httpHeaders", "port: web\n              httpHeaders",
      "probes port \"web\""),
    Sabotage("ingress", "name: nginx\n", "name: caddy\n", "leads to the Service \"caddy\""),
    Sabotage("ingress", "port: {name: http}", "port: {name: https}", "leads to port \"https\""),
    Sabotage("postgres", "serviceName: postgres", "serviceName: pg", "names the Service pg"),
    Sabotage("postgres", "key: POSTGRES_PASSWORD", "key: PASSWORD", "takes the key PASSWORD"),
    Sabotage("postgres", "image: postgres:17.2", "image: postgres:latest", "another image every day"),
    Sabotage("network", "component: redis}", "component: reddis}", "selects no pod"),
    Sabotage("nginx", "name: nginx\n  labels", "name: web\n  labels", "is there twice"),
    Sabotage("redis", "runAsNonRoot: true", "runAsNonRoot: false", "without runAsNonRoot"),
    Sabotage("redis", "runAsUser: 999", "runAsUser: 0", "as root"),
    Sabotage("redis", "drop: [ALL]", "drop: [KILL]", "without dropping ALL"),
    Sabotage("redis", "drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", "with the capabilities SYS_ADMIN"),
    Sabotage(
      "redis", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true",
      "without allowPrivilegeEscalation"),
    Sabotage("redis", "readOnlyRootFilesystem: true", "privileged: true", "privileged"),
    Sabotage(
      "redis", "seccompProfile: {type: RuntimeDefault}", "seccompProfile: {type: Unconfined}",
      "without a seccompProfile"),
    Sabotage("redis", "automountServiceAccountToken: false", "hostNetwork: true", "has hostNetwork"),
    Sabotage("redis", "containerPort: 6379", "containerPort: 6379, hostPort: 6379", "with a hostPort"),
    Sabotage("redis", "emptyDir: {}", "hostPath: {path: /}", "a volume of the kind hostPath"),
    Sabotage("redis", "limits: {memory: 384Mi}", "limits: {cpu: 1}", "without a limit of memory"),
  ])
  func sabotageIsSeen(_ sabotage: Sabotage) throws {
    var files = try #require(Self.files)
    let index = try #require(files.firstIndex { $0.path == "k8s/base/\(sabotage.file).yaml" })
    let broken = files[index].content.replacing(sabotage.old, with: sabotage.new)
    try #require(broken != files[index].content)
    files[index].content = broken
    let complaints = ManifestValidator.diagnostics(files, secrets: ["POSTGRES_PASSWORD", "REDIS_PASSWORD"])
    #expect(complaints.contains { $0.message.contains(sabotage.complaint) }, "\(complaints.map(\.message))")
  }

  /// Kubernetes makes labels of these names, and refuses those that are too long.
  @Test func namesThatAreTooLongAreSeen() throws {
    func complaints(_ kind: String, _ length: Int, label: Int = 1) -> [String] {
      let name = String(repeating: "a", count: length)
      return ManifestValidator.validate(
        [
          .map([
            "kind": .string(kind),
            "metadata": .map([
              "name": .string(name), "labels": .map(["a": .string(String(repeating: "b", count: label))]),
            ]),
          ])
        ], file: "x", secretKeys: []
      ).map(\.message).filter { $0.contains("characters") }
    }
    for (kind, most) in [
      ("CronJob", 52), ("Service", 63), ("StatefulSet", 52), ("Namespace", 63),
    ] {
      #expect(complaints(kind, most) == [], "\(kind)")
      #expect(complaints(kind, most + 1).count == 1, "\(kind)")
    }
    #expect(complaints("CronJob", 72).first?.contains("72 characters") == true)
    #expect(
      complaints("Deployment", 72) == [] && complaints("ConfigMap", 200) == []
        && complaints("ConfigMap", 5, label: 64).count == 1)
  }
}
