import OutfitCore

/// `app:`, what is rendered for containers and Kubernetes.
public struct AppSection: Hashable, Sendable {
  /// A name of templates/, or a folder relative to the layer's.
  public var template: String
  public var name: String
  /// Without tag.
  public var image: String
  public var processes: [String: Process]
  /// What it needs beside it: one that the template knows by its version, or one in the long form.
  public var services: [String: Service]
  public var environments: [String: Environment]
  /// The base image, `name:tag`; nil takes the template's.
  public var base: String?
  /// Replace the template's free values: `live: /health/live`.
  public var values: [String: String] = [:]
  /// Of the editor, in the dev container: `ms-python.python`.
  public var extensions: [String] = []
  /// The version to which the data of a service was moved, in every environment: `postgres: "18"`.
  public var dataMoved: [String: String] = [:]
  /// Files that ship though their names say that they never should: `certs/database-ca.pem`.
  public var ships: [String] = []
  /// Differences that are meant, by their place as `parity` shows it.
  public var allow: [String: AllowedDifference] = [:]
  /// Names of variables that come from the Secret, beside those of the template and of the services.
  public var secrets: [String] = []
  /// What Node makes of the source, for the image.
  public var build: Build?
  /// Files of the project that change what every environment has, as patches of kustomize's.
  public var patches: [String] = []
  /// Of the distribution, in the image.
  public var packages = Packages()
  /// Where the processes may connect to; nil is the default, https anywhere.
  public var egress: [Egress]?

  public struct Process: Hashable, Sendable {
    public var command: [String]?
    public var port: Int?
    public var replicas: Int?
    /// Two of it would do its work twice; nil takes the template's.
    public var single: Bool?
    /// It touches the file that HEARTBEAT_FILE names; nil takes the template's.
    public var heartbeat: Bool?
    /// Seconds it is given to end; nil takes the template's.
    public var grace: Int?
    /// What it asks for, as Kubernetes writes quantities; nil takes the template's value.
    public var cpu: String?
    /// What it asks for and the most that it may take; nil takes the template's values.
    public var memory: String?
    /// Paths that answer when it lives, and when it can serve; an empty one asks whether the port is open.
    public var live: String?
    public var ready: String?
    /// When it runs, as cron has it: it is no service then, but a job.
    public var schedule: String?
    /// Folders that outlive it, by name.
    public var volumes: [String: Volume] = [:]

    public init(
      command: [String]? = nil, port: Int? = nil, replicas: Int? = nil, single: Bool? = nil,
      heartbeat: Bool? = nil, grace: Int? = nil
    ) {
      self.command = command
      self.port = port
      self.replicas = replicas
      self.single = single
      self.heartbeat = heartbeat
      self.grace = grace
    }
  }

  /// A folder that outlives the pods which have it.
  public struct Volume: Hashable, Sendable {
    /// In the container.
    public var path: String
    /// As Kubernetes writes quantities.
    public var size: String
    /// Pods on several nodes write to it (ReadWriteMany); else those of one node do.
    public var isShared: Bool

    public init(path: String, size: String, isShared: Bool = false) {
      self.path = path
      self.size = size
      self.isShared = isShared
    }
  }

  public struct Service: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The tag of its image; nil where the template's own holds.
    public var version: String?
    /// Without tag; nil takes the template's.
    public var image: String?
    public var port: Int?
    /// Variables of its container.
    public var env: [String: String] = [:]
    /// The folder in the container that outlives it.
    public var volume: String?
    /// The user that it runs as.
    public var user: Int?
    public var command: [String]?
    /// A folder or a file of the project whose SQL is run when its database is made.
    public var initial: String?
    /// `false`: one that the template has always is not there.
    public var isOff = false

    public init(version: String? = nil, image: String? = nil, port: Int? = nil) {
      self.version = version
      self.image = image
      self.port = port
    }

    public init(stringLiteral version: String) { self.init(version: version) }

    /// For people.
    public var title: String { isOff ? "off" : [image, version].compactMap(\.self).joined(separator: ":") }
  }

  public struct Environment: Hashable, Sendable {
    public var host: String?
    public var replicas: Int?
    public var env: [String: String]
    /// Services that it has from elsewhere.
    public var external: Set<String> = []
    /// Patches of it alone.
    public var patches: [String] = []
    public init(host: String? = nil, replicas: Int? = nil, env: [String: String] = [:]) {
      self.host = host
      self.replicas = replicas
      self.env = env
    }
  }

  /// A command of Node's that makes files of the source.
  public struct Build: Hashable, Sendable {
    /// One of `interpreters.node`; nil is the first.
    public var node: String?
    /// Where package.json lies, relative to the project.
    public var folder: String
    public var command: String
    /// What it makes there, and the image has.
    public var copy: [String]
    /// Where that goes in the image, below /app; nil is where it was made.
    public var to: String?

    public init(
      node: String? = nil, folder: String = ".", command: String, copy: [String], to: String? = nil
    ) {
      self.node = node
      self.folder = folder
      self.command = command
      self.copy = copy
      self.to = to
    }
  }

  /// Packages of the base image's distribution, by name.
  public struct Packages: Hashable, Sendable {
    /// The image has them.
    public var run: [String] = []
    /// What is built from source has them while it is built.
    public var build: [String] = []
    /// The developer's image has them besides.
    public var development: [String] = []
    public init(run: [String] = [], build: [String] = [], development: [String] = []) {
      self.run = run
      self.build = build
      self.development = development
    }
  }

  /// Where connections may go.
  public struct Egress: Hashable, Sendable {
    /// Blocks of addresses, in CIDR notation (RFC 4632); none is anywhere.
    public var to: [String]
    public var ports: [Int]
    public init(to: [String] = [], ports: [Int]) {
      self.to = to
      self.ports = ports
    }
  }

  public init(
    template: String, name: String, image: String, processes: [String: Process] = [:],
    services: [String: Service] = [:], environments: [String: Environment] = [:], base: String? = nil
  ) {
    self.template = template
    self.name = name
    self.image = image
    self.processes = processes
    self.services = services
    self.environments = environments
    self.base = base
  }
}
