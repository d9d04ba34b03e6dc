import OutfitCore

/// Each environment against the manifest, against what was rendered, and all of them against one: equal, but for what
/// the manifest says and for exceptions.
struct OverlayParity {
  let stack: Stack
  let environments: [String: NeutralEnvironment]
  /// What was rendered, evaluated, for each environment whose files are not as rendered.
  let references: [String: NeutralEnvironment]

  func rows(_ exceptions: inout ParityExceptions) -> [Parity.Row] {
    var rows: [Parity.Row] = []
    for environment in stack.environments {
      guard let neutral = environments[environment.name] else { continue }
      var findings = neutral.findings + WorkloadRules(neutral).findings
      if let reference = references[environment.name] {
        findings += differences(neutral, reference, [environment.name])
      }
      rows.append(
        Parity.Row(
          "environment.\(environment.name)", "\(environment.name) is what outfit.yaml says",
          exceptions.remaining(unique(findings)),
          proof: "commands, images, variables, ports, mounts, probes, users, hosts"))
    }
    return rows + comparisons(&exceptions)
  }

  private func comparisons(_ exceptions: inout ParityExceptions) -> [Parity.Row] {
    let evaluated = stack.environments.filter { environments[$0.name] != nil }
    guard let standard = evaluated.first(where: { $0.name == "production" }) ?? evaluated.last,
      let other = environments[standard.name]
    else { return [] }
    return evaluated.filter { $0.name != standard.name }.compactMap { environment in
      guard let one = environments[environment.name] else { return nil }
      var findings = differences(one, other, [environment.name, standard.name])
      // An environment without a host has no Ingress, which is held against the manifest.
      if (environment.host == nil) != (standard.host == nil) {
        findings.removeAll { $0.object == "Ingress/\(stack.name)" && $0.pointer.isEmpty }
      }
      // A service from elsewhere has no objects here, which is held against the manifest as well.
      for service in stack.services
      where environment.external.contains(service.name) != standard.external.contains(service.name) {
        let gone = NeutralEnvironment.elsewhere(service)
        findings.removeAll { $0.pointer.isEmpty && gone.contains($0.object) }
      }
      findings += code(one, other)
      return Parity.Row(
        "equal.\(environment.name)", "\(environment.name) equals \(standard.name)",
        exceptions.remaining(findings),
        proof: "but for what outfit.yaml gives each: hosts, replicas, variables, the tag, hot reload")
    }
  }

  private func differences(
    _ found: NeutralEnvironment, _ wanted: NeutralEnvironment, _ names: [String]
  ) -> [ParityFinding] {
    var findings: [ParityFinding] = []
    for object in Set(found.objects.keys).union(wanted.objects.keys).sorted() {
      switch (found.objects[object], wanted.objects[object]) {
      case (let a?, let b?): findings += KeyedTree.differences(a, b, object: object)
      case (let a, let b):
        findings.append(
          ParityFinding(
            object: object, found: a, wanted: b,
            message: names.count == 1
              ? (a == nil ? "is rendered, and not there" : "is not rendered")
              : "is in \(a == nil ? names[1] : names[0]) only"))
      }
    }
    for index in findings.indices {
      findings[index].environments = names
      findings[index].object.replace(" (generated)", with: "")
    }
    return findings
  }

  /// Variables that decide which code is loaded are the same everywhere, whatever the manifest says.
  private func code(_ one: NeutralEnvironment, _ other: NeutralEnvironment) -> [ParityFinding] {
    Set(one.variables.keys).union(other.variables.keys).sorted().filter {
      CodeVariables.contains($0) && one.variables[$0] != other.variables[$0]
    }.map { name in
      ParityFinding(
        object: "ConfigMap/app", pointer: ["data", name], found: one.variables[name].map { .string($0) },
        wanted: other.variables[name].map { .string($0) },
        environments: [one.environment.name, other.environment.name], isExcusable: false)
    }
  }

  private func unique(_ findings: [ParityFinding]) -> [ParityFinding] {
    var seen: Set<String> = []
    return findings.filter { seen.insert("\($0.place) \($0.found?.json ?? "")").inserted }
  }
}
