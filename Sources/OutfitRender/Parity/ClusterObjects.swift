import OutfitCore

/// Objects that Outfit did not render: what Helm or Argo CD made, or what a cluster has, without what they add to
/// every object.
public enum ClusterObjects {
  /// The objects of a YAML or JSON text, lists unfolded.
  public static func parse(_ text: String, file: String) throws(Failure) -> [Document] {
    let objects = unfolded(try Document.parse(text, file: file)).filter { !isMade($0) }.map(plain)
    guard objects.allSatisfy({ $0["kind"]?.text != nil && $0.at("metadata", "name")?.text != nil }),
      !objects.isEmpty
    else {
      throw Failure(
        "\(file) holds something that is no object of Kubernetes", at: SourceLocation(file: file),
        hint: "give what `helm template`, `argocd app manifests` or `kubectl get -o yaml` writes",
        status: .usage)
    }
    return objects
  }

  private static func unfolded(_ documents: [Document]) -> [Document] {
    documents.flatMap { document in
      document["kind"]?.text?.hasSuffix("List") == true && document["items"] != nil
        ? unfolded(document["items"]?.items ?? []) : [document]
    }
  }

  /// What a cluster makes by itself: from an object that is judged, or in every namespace.
  private static func isMade(_ object: Document) -> Bool {
    let name = object.at("metadata", "name")?.text ?? ""
    if object.at("metadata", "ownerReferences")?.items.contains(where: { $0["controller"]?.isTrue ?? false })
      ?? false
    {
      return true
    }
    switch object["kind"]?.text {
    case "Endpoints", "EndpointSlice", "Event", "Lease", "ControllerRevision": return true
    case "ConfigMap": return name == "kube-root-ca.crt"
    case "ServiceAccount": return name == "default"
    // What is in a Secret is nobody's to compare; that its keys are there is held by the manifest.
    case "Secret": return true
    case "PersistentVolumeClaim": return object["status"] != nil
    default: return false
    }
  }

  /// Without what a server or a release's tool notes, and without what is the default.
  static func plain(_ object: Document) -> Document {
    var object = object.with("status", nil).changing(["metadata"]) { metadata in
      var metadata = metadata
      for key in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"] {
        metadata = metadata.with(key, nil)
      }
      for key in ["annotations", "labels"] {
        metadata = metadata.changing([key]) { values in
          let rest = values.entries.filter { !isNote($0.key) }
          return rest.isEmpty ? nil : .map(rest)
        }
      }
      return metadata
    }
    if object["kind"]?.text == "Service" {
      object = object.changing(["spec"]) { spec in
        var spec = spec
        for key in ["clusterIPs", "ipFamilies"] { spec = spec.with(key, nil) }
        if spec["clusterIP"]?.text != "None" { spec = spec.with("clusterIP", nil) }
        return spec["type"]?.text == "ClusterIP" ? spec.with("type", nil) : spec
      }
    }
    if object["kind"]?.text == "Job" {
      let own = [
        "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name",
      ]
      object = object.changing(["spec"]) { spec in
        let isOwn = spec.at("selector", "matchLabels")?.entries.keys.allSatisfy(own.contains) ?? false
        return (isOwn ? spec.with("selector", nil) : spec).changing(["template", "metadata", "labels"]) {
          labels in
          .map(labels.entries.filter { !own.contains($0.key) })
        }
      }
    }
    return withoutDefaults(object, in: "")
  }

  private static func isNote(_ name: String) -> Bool {
    [
      "kubectl.kubernetes.io/", "deployment.kubernetes.io/", "meta.helm.sh/", "helm.sh/",
      "argocd.argoproj.io/",
    ]
    .contains { name.hasPrefix($0) } || name == "app.kubernetes.io/managed-by"
      || name == "app.kubernetes.io/instance"
  }

  private static let defaults: [String: Document] = [
    "terminationMessagePath": .string("/dev/termination-log"), "terminationMessagePolicy": .string("File"),
    "dnsPolicy": .string("ClusterFirst"), "schedulerName": .string("default-scheduler"),
    "restartPolicy": .string("Always"), "successThreshold": .number("1"),
    "progressDeadlineSeconds": .number("600"),
    "revisionHistoryLimit": .number("10"), "sessionAffinity": .string("None"),
    "internalTrafficPolicy": .string("Cluster"), "ipFamilyPolicy": .string("SingleStack"),
    "podManagementPolicy": .string("OrderedReady"), "completionMode": .string("NonIndexed"),
    "completions": .number("1"), "parallelism": .number("1"), "suspend": .bool(false),
    "manualSelector": .bool(false),
    "podReplacementPolicy": .string("TerminatingOrFailed"), "volumeMode": .string("Filesystem"),
    "scheme": .string("HTTP"), "protocol": .string("TCP"), "defaultMode": .number("420"),
    "imagePullPolicy": .string("IfNotPresent"), "securityContext": .map([:]), "creationTimestamp": .null,
    "serviceAccountName": .string("default"), "serviceAccount": .string("default"),
    "updateStrategy": .map([
      "type": .string("RollingUpdate"), "rollingUpdate": .map(["partition": .number("0")]),
    ]),
    "persistentVolumeClaimRetentionPolicy": .map([
      "whenDeleted": .string("Retain"), "whenScaled": .string("Retain"),
    ]),
  ]

  private static let ofProbes: [String: Document] = [
    "failureThreshold": .number("3"), "periodSeconds": .number("10"), "timeoutSeconds": .number("1"),
  ]

  private static func withoutDefaults(_ document: Document, in parent: String) -> Document {
    switch document {
    case .list(let items):
      return .list(
        items.map { item in
          let item =
            parent == "volumeClaimTemplates"
            ? item.with("status", nil).with("apiVersion", nil).with("kind", nil) : item
          return withoutDefaults(item, in: parent)
        })
    case .map(let entries):
      // What is in a map of variables or labels is no field.
      if ["data", "binaryData", "labels", "annotations", "matchLabels"].contains(parent) { return document }
      var rest: [String: Document] = [:]
      for (key, value) in entries {
        let isDefault =
          defaults[key] == value || parent.hasSuffix("Probe") && ofProbes[key] == value
          || parent == "strategy" && key == "type" && value.text == "RollingUpdate"
        if !isDefault { rest[key] = withoutDefaults(value, in: key) }
      }
      return .map(rest)
    case .null, .bool, .number, .string: return document
    }
  }
}
