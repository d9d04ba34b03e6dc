import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitRender

/// What the manifest can say of an application beyond its template.
struct ApplicationTests {
  static let address =
    "postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@${POSTGRES_HOST}:${POSTGRES_PORT}/${POSTGRES_DB}"

  func render(
    env: [String: String] = [:], _ change: (inout AppSection) -> Void = { _ in }
  ) throws -> [String: String] {
    var app = Shop.app
    change(&app)
    return Dictionary(
      uniqueKeysWithValues: try Render.files(Shop.input(app, env: env)).files.map { ($0.path, $0.content) })
  }

  func refusal(env: [String: String] = [:], _ change: (inout AppSection) -> Void = { _ in }) -> String {
    do {
      _ = try render(env: env, change)
      return "none"
    } catch let failure as Failure {
      return failure.diagnostics.map { "\($0.message): \($0.hint ?? "")" }.joined(separator: "; ")
    } catch {
      return "\(error)"
    }
  }

  func container(_ text: String?, _ path: String = "spec/template/spec") throws -> Document {
    let object = try #require(try Document.parse(text ?? "", file: "").first)
    var document = object
    for part in path.split(separator: "/") { document = try #require(document[String(part)]) }
    return try #require(document["containers"]?.items.first)
  }

  @Test func aComposedAddressStandsInNoFile() throws {
    let files = try render(
      env: ["DATABASE_URL": Self.address, "DB_HOST": "${POSTGRES_HOST}", "LITERAL": "$${HOME} $(X) $"]
    ) { $0.environments["production"]?.env = ["POSTGRES_HOST": "db.shop.example"] }
    for file in ["k8s/base/web.yaml", "k8s/base/worker.yaml", "k8s/base/migrate.yaml"] {
      let env = try container(files[file])["env"]?.items ?? []
      let names = env.compactMap { $0["name"]?.text }
      let composed = try #require(env.first { $0["name"]?.text == "DATABASE_URL" })
      #expect(
        composed["value"]?.text
          == "postgres://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)"
      )
      // Kubernetes expands what stands before it in the same list, and nothing of envFrom.
      let place = try #require(names.firstIndex(of: "DATABASE_URL"))
      for part in ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST"] {
        #expect(names[..<place].contains(part))
      }
      #expect(
        env.first { $0["name"]?.text == "POSTGRES_PASSWORD" }?.at("valueFrom", "secretKeyRef", "key")?.text
          == "POSTGRES_PASSWORD")
      #expect(
        env.first { $0["name"]?.text == "POSTGRES_HOST" }?.at("valueFrom", "configMapKeyRef", "name")?.text
          == "app")
    }
    let base = try #require(files["k8s/base/app.env"])
    #expect(base.contains("\nDB_HOST=postgres\n") && base.contains("\nLITERAL=${HOME} $(X) $\n"))
    #expect(!base.contains("DATABASE_URL"))
    let production = try #require(files["k8s/overlays/production/app.env"])
    #expect(production.contains("DB_HOST=db.shop.example\n"))
    let compose = try Document.parseOne(files["compose.yaml"] ?? "", file: "")
    #expect(
      compose.at("services", "web", "environment", "DATABASE_URL")?.text
        == "postgres://shop:${POSTGRES_PASSWORD:-development}@postgres:5432/shop")
    #expect(compose.at("services", "web", "environment", "LITERAL")?.text == "$${HOME} $$(X) $$")
    let dockerfile = try #require(files["Dockerfile"])
    #expect(dockerfile.contains("DATABASE_URL=postgres://shop:unused@postgres:5432/shop"))
  }

  @Test func whatCanNotBeComposedIsRefused() {
    #expect(refusal(env: ["A": "${POSTGRES_HOTS}"]).contains("did you mean ${POSTGRES_HOST}?"))
    #expect(refusal(env: ["A": "${B}", "B": "${A}"]).contains("composed of itself"))
    let own = refusal(env: ["URL": Self.address]) { $0.environments["dev"]?.env["URL"] = "sqlite://" }
    #expect(own.contains("give URL once"))
    #expect(refusal(env: ["TOKEN": "x"]) { $0.secrets = ["TOKEN"] }.contains("is a secret"))
  }

  @Test func secretsAndOutgoingTrafficAreTheManifests() throws {
    let files = try render {
      $0.secrets = ["SENTRY_DSN"]
      $0.egress = [.init(to: ["203.0.113.0/24"], ports: [587])]
    }
    let compose = try Document.parseOne(files["compose.yaml"] ?? "", file: "")
    #expect(compose.at("services", "web", "environment", "SENTRY_DSN")?.text == "${SENTRY_DSN:-development}")
    #expect(files["k8s/overlays/production/kustomization.yaml"]?.contains("SENTRY_DSN") == true)
    let policies = try Document.parse(files["k8s/base/network.yaml"] ?? "", file: "")
    let outside = try #require(policies.first { $0.at("metadata", "name")?.text == "outside" })
    let rule = try #require(outside.at("spec", "egress")?.items.first)
    #expect(rule["to"]?.items.first?.at("ipBlock", "cidr")?.text == "203.0.113.0/24")
    #expect(rule["ports"]?.items.first?["port"]?.integer == 587)
    let closed = try render { $0.egress = [] }
    #expect(closed["k8s/base/network.yaml"]?.contains("name: outside") == false)
    #expect(try render()["k8s/base/network.yaml"]?.contains("port: 443") == true)
  }

  @Test func probesAskThePortWhereNoPathIsKnown() throws {
    let files = try render {
      $0.values = [:]
      $0.processes["web"]?.ready = "/ready?full=1"
    }
    let web = try container(files["k8s/base/web.yaml"])
    #expect(web.at("livenessProbe", "tcpSocket", "port")?.text == "http")
    #expect(web.at("startupProbe", "tcpSocket", "port")?.text == "http")
    #expect(web.at("readinessProbe", "httpGet", "path")?.text == "/ready?full=1")
    #expect(files["compose.yaml"]?.contains("create_connection(('127.0.0.1', 8000), 3)") == true)
  }

  /// Settings that read a variable without asking whether it is there are read while the image is made, too.
  @Test func whatFinishesTheImageHasTheVariablesThatOnlyEnvironmentsHave() throws {
    let files = try render {
      $0.environments["production"]?.env = ["ONLY_HERE": "one two"]
      $0.environments["dev"]?.env = ["ONLY_THERE": "1"]
    }
    let dockerfile = try #require(files["Dockerfile"])
    #expect(dockerfile.contains("'ONLY_HERE=one two'"))
    #expect(!dockerfile.contains("ONLY_THERE"))
  }

  @Test func aJobRunsAtTimes() throws {
    let files = try render {
      $0.processes["cleanup"] = .init(command: ["python", "manage.py", "clearsessions"])
      $0.processes["cleanup"]?.schedule = "0 3 * * *"
    }
    let job = try #require(try Document.parse(files["k8s/base/cleanup.yaml"] ?? "", file: "").first)
    #expect(job["kind"]?.text == "CronJob" && job.at("spec", "schedule")?.text == "0 3 * * *")
    #expect(files["k8s/base/kustomization.yaml"]?.contains("- cleanup.yaml") == true)
    #expect(files["k8s/overlays/dev/reload.yaml"]?.contains("cleanup") == false)
    let compose = try Document.parseOne(files["compose.yaml"] ?? "", file: "")
    #expect(compose.at("services", "cleanup", "profiles")?.texts == ["jobs"])
    #expect(compose.at("services", "cleanup", "command")?.texts == ["python", "manage.py", "clearsessions"])
  }

  @Test func volumesOutliveTheirPods() throws {
    let files = try render {
      $0.processes["web"]?.replicas = 1
      $0.processes["web"]?.volumes = ["media": .init(path: "/app/media", size: "5Gi")]
      $0.processes["web"]?.memory = "1Gi"
    }
    let web = try #require(files["k8s/base/web.yaml"])
    #expect(web.contains("kind: PersistentVolumeClaim") && web.contains("type: Recreate"))
    #expect(!web.contains("HorizontalPodAutoscaler") && web.contains("limits: {memory: 1Gi}"))
    #expect(files["Dockerfile"]?.contains("install -d -o 10001 -g 10001 /app/media") == true)
    #expect(files["compose.yaml"]?.contains("- web-media:/app/media") == true)
    let twice = refusal { $0.processes["web"]?.volumes = ["media": .init(path: "/app/media", size: "5Gi")] }
    #expect(twice.contains("a disk of one node"))
    let usr = refusal {
      $0.processes["web"]?.replicas = 1
      $0.processes["web"]?.volumes = ["lib": .init(path: "/usr/lib", size: "5Gi")]
    }
    #expect(usr.contains("where the image has what it runs from"))
  }

  @Test func servicesOfAnyImage() throws {
    let files = try render {
      $0.services["mail"] = .init(version: "v1.20", image: "axllent/mailpit", port: 1025)
      $0.services["mail"]?.volume = "/data"
      $0.services["nginx"] = .init()
      $0.services["nginx"]?.isOff = true
      $0.services["postgres"] = .init(version: "17-3.5", image: "postgis/postgis")
    }
    let mail = try container(files["k8s/base/mail.yaml"])
    #expect(mail["image"]?.text == "axllent/mailpit:v1.20")
    #expect(files["k8s/base/nginx.yaml"] == nil)
    #expect(files["k8s/base/postgres.yaml"]?.contains("image: postgis/postgis:17-3.5") == true)
    let compose = try Document.parseOne(files["compose.yaml"] ?? "", file: "")
    #expect(compose.at("services", "mail", "image")?.text == "axllent/mailpit:v1.20")
    #expect(compose.at("services", "nginx") == nil && compose.at("volumes", "mail") != nil)
    #expect(compose.at("services", "web", "ports")?.texts == ["127.0.0.1:8080:8000"])
    #expect(refusal { $0.services["postgres"] = "17-alpine" }.contains("whose user and folders are others"))
    #expect(refusal { $0.services["rabbit"] = "4" }.contains("any other has its image"))
  }

  /// YAML 1.1 takes some names for something else.
  @Test func oddNamesOfVariablesStayNames() throws {
    let files = try render(env: ["NO": "a", "URL": "${NO}${POSTGRES_PASSWORD}"]) {
      $0.services["mail"] = .init(version: "v1.20", image: "axllent/mailpit", port: 1025)
      $0.services["mail"]?.env = ["ON": "1"]
    }
    let web = try container(files["k8s/base/web.yaml"])
    #expect(web["env"]?.items.map { $0["name"] }.contains(.string("NO")) == true)
    #expect(try container(files["k8s/base/mail.yaml"])["env"]?.items.first?["name"] == .string("ON"))
  }

  /// Compose builds one image once, and asks no registry for it.
  @Test func oneServiceBuilds() throws {
    let compose = try Document.parseOne(try render()["compose.yaml"] ?? "", file: "")
    let services = try #require(compose["services"]).entries
    let building = services.filter { $0.value["build"] != nil && $0.value["profiles"] == nil }.keys.sorted()
    #expect(building.count == 1)
    for (name, service) in services where service["image"]?.text == Shop.app.image + "-dev" {
      #expect(
        service["build"] != nil || service["pull_policy"]?.text == "never", "\(name)")
    }
  }
}
