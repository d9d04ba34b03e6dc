/// The Pod Security Standard "restricted" of Kubernetes, and three rules of Outfit's own: a read-only root, no
/// token of the service account, and bounded resources.
enum PodSecurity {
  private static let volumeKinds: Set<String> = [
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
    "secret",
  ]

  /// What is wrong with a pod's `spec`, as ends of a sentence.
  static func complaints(_ spec: Document) -> [String] {
    var complaints: [String] = []
    let pod = spec["securityContext"] ?? .null
    for key in ["hostNetwork", "hostPID", "hostIPC"] where spec[key]?.isTrue ?? false {
      complaints.append("has \(key)")
    }
    for volume in spec["volumes"]?.items ?? [] {
      let kinds = Set(volume.entries.keys).subtracting(["name"])
      if !kinds.isSubset(of: volumeKinds) {
        complaints.append(
          "has a volume of the kind \(kinds.subtracting(volumeKinds).sorted().joined(separator: ", "))")
      }
    }
    if !(pod["sysctls"]?.items.isEmpty ?? true) { complaints.append("sets sysctls") }
    if !(spec["automountServiceAccountToken"]?.isFalse ?? false) {
      complaints.append("does not set automountServiceAccountToken: false")
    }
    for container in (spec["containers"]?.items ?? []) + (spec["initContainers"]?.items ?? []) {
      complaints += self.complaints(container, pod: pod)
    }
    return complaints
  }

  private static func complaints(_ container: Document, pod: Document) -> [String] {
    let name = "its container \(container["name"]?.text ?? "?")"
    let own = container["securityContext"] ?? .null
    var complaints: [String] = []
    func require(_ condition: Bool, _ message: String) {
      if !condition { complaints.append("runs \(name) \(message)") }
    }
    require(!(own["privileged"]?.isTrue ?? false), "privileged")
    require(own["allowPrivilegeEscalation"]?.isFalse ?? false, "without allowPrivilegeEscalation: false")
    require(own["readOnlyRootFilesystem"]?.isTrue ?? false, "without readOnlyRootFilesystem: true")
    require((own["runAsNonRoot"] ?? pod["runAsNonRoot"])?.isTrue ?? false, "without runAsNonRoot: true")
    let user = (own["runAsUser"] ?? pod["runAsUser"])?.integer
    require(user != nil, "without a numeric runAsUser")
    require(user != 0, "as root")
    let dropped = own.at("capabilities", "drop")?.texts ?? []
    require(dropped.contains("ALL"), "without dropping ALL capabilities")
    let added = own.at("capabilities", "add")?.texts ?? []
    require(
      added.allSatisfy { $0 == "NET_BIND_SERVICE" }, "with the capabilities \(added.joined(separator: ", "))")
    let seccomp = (own["seccompProfile"] ?? pod["seccompProfile"])?["type"]?.text
    require(seccomp == "RuntimeDefault" || seccomp == "Localhost", "without a seccompProfile")
    let mount = own["procMount"]?.text
    require(mount == nil || mount == "Default", "with procMount \(mount ?? "")")
    for port in container["ports"]?.items ?? [] {
      require((port["hostPort"]?.integer ?? 0) == 0, "with a hostPort")
    }
    require(container.at("resources", "requests") != nil, "without requests")
    require(container.at("resources", "limits", "memory") != nil, "without a limit of memory")
    return complaints
  }
}
