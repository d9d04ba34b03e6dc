/// What a release can do to objects: it is the one file below k8s that is a person's own.
extension ParityCase {
  private static func merge(_ kind: String, _ name: String, _ pod: String) -> String {
    """
    patches:
      - patch: |-
          apiVersion: apps/v1
          kind: \(kind)
          metadata: {name: \(name)}
          spec: {template: {spec: \(pod)}}

    """
  }

  private static func patch(_ kind: String, _ name: String, _ operation: String) -> String {
    "patches:\n  - target: {kind: \(kind), name: \(name)}\n    patch: |-\n      - {\(operation)}\n"
  }

  private static let container = "/spec/template/spec/containers/0"

  private static let restricted =
    "resources: {requests: {cpu: 1m}, limits: {memory: 8Mi}}, securityContext: "
    + "{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}"

  private static let ingress = """
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: second}
    spec: {rules: [{host: two.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: SERVICE, port: {name: PORT}}}}]}}]}

    """

  /// Taken out of the manifest, so that dev has no host.
  private static let hostless: [Step] = [
    .replace("outfit.yaml", "dev: {host: shop.localhost, env", with: "dev: {env"), .render,
  ]

  private static let stagingless: [Step] = [
    .replace("outfit.yaml", "    staging: {host: staging.shop.example}\n", with: ""),
    .remove("k8s/overlays/staging"), .render,
  ]

  static let kubernetes: [ParityCase] = [
    .same("nothing is changed"),
    .differs(
      "a variable that loads code, by a merge",
      .release(
        "production",
        merge("Deployment", "web", "{containers: [{name: web, env: [{name: PYTHONPATH, value: /tmp/a}]}]}"))),
    .differs(
      "another command",
      .release(
        "production",
        patch("Deployment", "web", "op: replace, path: \(container)/command, value: [python, -m, other]"))),
    .differs(
      "a container before the others",
      .release(
        "production",
        merge(
          "Deployment", "web",
          "{initContainers: [{name: first, image: registry.example.com/shop, command: [sh], \(restricted)}]}")
      )),
    .differs(
      "a second mount of a volume, over /app",
      .release(
        "production",
        patch(
          "Deployment", "web",
          "op: add, path: \(container)/volumeMounts/0, value: {name: tmp, mountPath: /app}"))),
    .differs(
      "the same place in another spelling",
      .release(
        "production",
        patch(
          "Deployment", "web",
          "op: add, path: \(container)/volumeMounts/-, value: {name: tmp, mountPath: /tmp/}"))),
    .differs(
      "variables by the generator",
      .release(
        "production",
        "configMapGenerator:\n  - {name: app, behavior: merge, literals: [TZ=Asia/Tokyo, LD_PRELOAD=/tmp/x.so]}\n"
      )),
    .differs(
      "a variable that the manifest does not have",
      .release("staging", "configMapGenerator:\n  - {name: app, behavior: merge, literals: [FEATURE=1]}\n")),
    .same(
      "more memory, less of a processor",
      .release(
        "production",
        patch(
          "Deployment", "web",
          "op: replace, path: \(container)/resources, value: {requests: {cpu: 20m}, limits: {memory: 8Gi, cpu: 40m}}"
        ))),
    .same(
      "more replicas of what may have them",
      .release("production", patch("Deployment", "worker", "op: replace, path: /spec/replicas, value: 7"))),
    .differs(
      "two of what does its work twice",
      .release("production", patch("Deployment", "beat", "op: replace, path: /spec/replicas, value: 2"))),
    .differs(
      "none of a process",
      .release("production", patch("Deployment", "worker", "op: replace, path: /spec/replicas, value: 0"))),
    .differs(
      "no limits",
      .release("production", patch("Deployment", "web", "op: remove, path: \(container)/resources"))),
    .differs(
      "a limit below what is asked for",
      .release(
        "production",
        patch(
          "Deployment", "web",
          "op: replace, path: \(container)/resources, value: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}"
        ))),
    .differs(
      "the image of developers",
      .replace(
        "k8s/overlays/production/release/kustomization.yaml", "newTag: unreleased",
        with: "newName: registry.example.com/shop-dev\n    newTag: unreleased")),
    .differs(
      "a CronJob",
      .write(
        "k8s/overlays/production/release/cron.yaml",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: \"1 2 * * *\", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: x, image: registry.example.com/shop}]}}}}}\n"
      ),
      .release("production", "resources: [cron.yaml]\n")),
    .differs(
      "a container beside it",
      .release(
        "staging",
        patch(
          "Deployment", "web",
          "op: add, path: \(container.dropLast(1))-, value: {name: beside, image: \"redis:7.4\", \(restricted)}"
        ))),
    .differs(
      "the node's network",
      .release(
        "production",
        patch("Deployment", "web", "op: add, path: /spec/template/spec/hostNetwork, value: true"))),
    .differs(
      "names of hosts",
      .release(
        "production",
        patch(
          "Deployment", "web",
          "op: add, path: /spec/template/spec/hostAliases, value: [{ip: 10.0.0.9, hostnames: [postgres]}]"))),
    ParityCase(
      what: "a second Ingress past nginx", holds: false,
      steps: hostless + [
        .write(
          "k8s/overlays/production/release/in.yaml",
          ingress.replacing("SERVICE", with: "web").replacing("PORT", with: "http")),
        .release("production", "resources: [in.yaml]\n"),
      ]),
    ParityCase(
      what: "a queue that everybody reaches", holds: false,
      steps: hostless + [
        .write(
          "k8s/overlays/production/release/in.yaml",
          ingress.replacing("SERVICE", with: "redis").replacing("PORT", with: "redis")),
        .release("production", "resources: [in.yaml]\n"),
      ]),
    ParityCase(
      what: "no Ingress in production", holds: false,
      steps: hostless + [
        .release(
          "production",
          "patches:\n  - patch: |-\n      apiVersion: networking.k8s.io/v1\n      kind: Ingress\n      metadata: {name: shop}\n      $patch: delete\n"
        )
      ]),
    .differs(
      "no TLS in production",
      .replace(
        "k8s/overlays/production/kustomization.yaml",
        "{op: replace, path: /spec/tls/0/hosts/0, value: \"shop.example\"}",
        with: "{op: remove, path: /spec/tls}")),
    .differs(
      "another host",
      // A release is put on before the overlay's own patches: theirs is what counts.
      .replace(
        "k8s/overlays/production/kustomization.yaml", "value: \"shop.example\"",
        with: "value: \"other.example\"")
    ),
    ParityCase(
      what: "hot reload in production", holds: false,
      steps: stagingless + [
        .release(
          "production",
          patch(
            "Deployment", "web",
            "op: replace, path: \(container)/command, value: [/opt/dev/bin/watchfiles, --filter, python, --target-type, command, \"uvicorn shop.asgi:application\", /app]"
          ))
      ]),
    .differs(
      "the copy of hot reload over the packages",
      .replace(
        "k8s/overlays/dev/reload.yaml", "{name: app, mountPath: /app}",
        with: "{name: app, mountPath: /opt/venv}")),
    .differs(
      "the copy of hot reload over the packages as well",
      .release(
        "dev",
        merge(
          "Deployment", "web",
          "{volumes: [{name: app, emptyDir: {}}], containers: [{name: web, volumeMounts: [{name: app, mountPath: /opt/venv}]}]}"
        ))),
    .differs(
      "arguments of the database",
      .release(
        "production",
        patch(
          "StatefulSet", "postgres", "op: add, path: \(container)/args, value: [-c, synchronous_commit=off]"))
    ),
    .differs(
      "the database's files in memory",
      .release(
        "production",
        patch(
          "StatefulSet", "postgres",
          "op: add, path: \(container)/volumeMounts/0, value: {name: tmp, mountPath: /var/lib/postgresql/data/pgdata}"
        ))),
    .differs(
      "an overlay that is not in the manifest",
      .write(
        "k8s/overlays/canary/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../production]\n")),
    .differs(
      "what injects a container",
      .release(
        "production",
        patch(
          "Deployment", "web",
          "op: add, path: /spec/template/metadata/annotations, value: {sidecar.istio.io/inject: \"true\"}"))),
    .differs(
      "how it scales",
      .release(
        "production",
        patch(
          "HorizontalPodAutoscaler", "web",
          "op: add, path: /spec/behavior, value: {scaleDown: {selectPolicy: Disabled}}"))),
    .differs(
      "an open network",
      .release(
        "production",
        patch("NetworkPolicy", "default-deny", "op: replace, path: /spec/policyTypes, value: [Ingress]"))),
    .differs(
      "a chart",
      .release("production", "helmCharts: [{name: x, repo: \"https://charts.invalid\", version: 1}]\n")),
    .differs(
      "a map under a generated name",
      .write(
        "k8s/overlays/production/release/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-2222222222}\ndata: {POSTGRES_HOST: elsewhere.example}\n"
      ),
      .release(
        "production",
        "resources: [map.yaml]\n"
          + patch(
            "Deployment", "web",
            "op: replace, path: \(container)/envFrom/0/configMapRef/name, value: app-2222222222"))),
    .differs(
      "maps that keep their name",
      .release(
        "production",
        "generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator: [{name: app, behavior: merge, literals: [A=1]}]\n"
      )),
    .differs(
      "a service that is elsewhere",
      .release(
        "production",
        patch(
          "Service", "postgres",
          "op: replace, path: /spec, value: {type: ExternalName, externalName: db.example}"))),
    .differs(
      "another account",
      .release(
        "production",
        patch("Deployment", "web", "op: add, path: /spec/template/spec/serviceAccountName, value: admin"))),
    .differs(
      "another probe",
      .release(
        "production",
        patch("Deployment", "web", "op: replace, path: \(container)/readinessProbe/httpGet/path, value: /"))),
    .differs(
      "a fault that every environment has",
      .replace("k8s/base/web.yaml", "path: \"/health/ready\"", with: "path: /")),
    .differs(
      "nginx is told otherwise everywhere",
      .replace("k8s/base/nginx.conf", "server {", with: "server {\n    client_max_body_size 1k;")),
    .differs(
      "a component of elsewhere",
      .write(
        "platform/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"),
      .release("production", "components: [../../../../platform]\n")),
    .differs("a folder that is a link", .write("real/x", ""), .link("k8s/base/more", to: "../../real")),
    .same(
      "a tag",
      .replace(
        "k8s/overlays/production/release/kustomization.yaml", "newTag: unreleased", with: "newTag: v1.2.3")),
    .same(
      "a digest",
      .replace(
        "k8s/overlays/production/release/kustomization.yaml", "newTag: unreleased",
        with: "digest: sha256:\(String(repeating: "a", count: 64))")),
    .same(
      "a tag and a digest",
      .replace(
        "k8s/overlays/production/release/kustomization.yaml", "newTag: unreleased",
        with: "newTag: v1\n    digest: sha256:\(String(repeating: "a", count: 64))")),
    .same(
      "a remark",
      .replace("k8s/base/web.yaml", "apiVersion: apps/v1\n", with: "# Web.\napiVersion: apps/v1\n")),
  ]
}
