import OutfitCore
import SystemPackage

/// The programs of others that Outfit works with, pinned by version and digest.
public enum Engines {
  /// The version of uv that resolves and fills Python environments.
  public static let uvVersion = "0.13.8"

  /// For people. A tool of a profile may be a uv of that version too, and is called `uv 0.13.8`.
  public static let uvLabel = "Outfit's uv \(uvVersion)"

  /// The package, and the name among the locked tools, of the program that runs git hooks.
  public static let hookRunner = "prek"

  /// The sha256 digests of the wheels of that uv that fit a platform, by the platform's key.
  static let uvWheels: [String: [String]] = [
    "linux-amd64": ["e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984"],
    "linux-amd64-musl": ["29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a"],
    "linux-arm64": [
      "5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203",
      "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
    ],
    "linux-arm64-musl": ["0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d"],
    "macos-amd64": ["b7124ca1956ec2e476a1003ea5715a15f0266afaec37f4dc9c6972ba8183e6d1"],
    "macos-arm64": ["62b6943c7fd64fac6854f780bea6e0359e5a5bc3241f83ee357bb38276afac49"],
  ]

  /// The index that the program which fetches uv asks before pip's own.
  public static let firstIndexVariable = "OUTFIT_FIRST_INDEX"

  /// The hashed requirement line of that uv; nil where there is none for the platform.
  public static func uvRequirement(_ platform: Platform) -> String? {
    uvWheels[platform.key].map { "uv==\(uvVersion)" + $0.map { " --hash=sha256:\($0)" }.joined() }
  }

  /// uv in the store, at `bin/uv`, installed from its wheel by the pip of some interpreter.
  ///
  /// The object is the same whichever interpreter installs it.
  /// - Parameters:
  ///   - python: A Python 3.8 or newer that has pip or ensurepip.
  ///   - surroundings: Variables for pip, which says where it looks where the user's own settings do not.
  /// - Throws: `Failure` when there is no uv for the platform.
  public static func uv(
    python: Reference, platform: Platform, store: FilePath, surroundings: [String: String] = [:]
  ) throws -> Object {
    guard let requirement = uvRequirement(platform) else {
      throw Failure("there is no uv \(uvVersion) for \(platform)")
    }
    let install = Step(
      python,
      [
        "-I", .scratch("pip.py"), "install", "--quiet", "--disable-pip-version-check",
        "--no-cache-dir", "--no-compile", "--no-deps", "--only-binary", ":all:",
        "--require-hashes", "--target", .output(""), "-r", .scratch("requirements.txt"),
      ],
      needsNetwork: true, surroundings: surroundings.mapValues { .text($0) }, standIn: "python")
    return Object(
      name: "uv-\(uvVersion)", label: uvLabel,
      recipe: .run(
        Run(
          files: [
            "pip.py": Array(pip.utf8),
            "requirements.txt": Array("\(requirement)\n".utf8),
          ],
          steps: [install])),
      checks: [.runs("bin/uv", ["--version"])], store: store)
  }

  /// A Python program that runs pip: the interpreter's own, or the one that its ensurepip carries.
  ///
  /// Made for interpreters with and without pip, distributions that keep ensurepip's wheel elsewhere among
  /// them. It undoes settings of the user's that would send the files to another place, and takes index and
  /// certificates from the settings of other programs where pip has none. Where there is an index to be asked first, it
  /// runs itself for that one, and goes on to pip's own where that one answers and has not got it.
  static let pip = #"""
    import glob
    import os
    import runpy
    import subprocess
    import sys

    first = os.environ.pop("OUTFIT_FIRST_INDEX", "")
    if first:
        variables = dict(os.environ, PIP_INDEX_URL=first, PIP_EXTRA_INDEX_URL="")
        done = subprocess.run(
            [sys.executable, "-I", __file__] + sys.argv[1:], env=variables, stderr=subprocess.PIPE
        )
        if done.returncode == 0 or b"No matching distribution" not in done.stderr or b"connection broken" in done.stderr:
            sys.stderr.buffer.write(done.stderr)
            if done.returncode:
                scheme, _, rest = first.partition("://")
                authority, slash, path = rest.partition("/")
                print("index: " + scheme + "://" + authority.split("@")[-1] + slash + path, file=sys.stderr)
            sys.exit(done.returncode)

    try:
        import pip
    except ImportError:
        folders = ["/usr/share/python-wheels"]
        try:
            import ensurepip

            folders.insert(0, os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"))
            if getattr(ensurepip, "_WHEEL_PKG_DIR", None):
                folders.insert(1, str(ensurepip._WHEEL_PKG_DIR))
        except ImportError:
            pass
        wheels = [w for f in folders for w in sorted(glob.glob(os.path.join(f, "pip-*.whl")))]
        if not wheels:
            sys.exit(sys.executable + " has neither pip nor ensurepip: install python3-venv or python3-pip")
        sys.path.insert(0, wheels[0])

    for name in ("PIP_USER", "PIP_REQUIRE_VIRTUALENV"):
        os.environ[name] = "0"
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_NO_BINARY", "PIP_LOG"):
        os.environ.pop(name, None)
    os.environ["PIP_ROOT_USER_ACTION"] = "ignore"

    def borrow(wanted, *others):
        if not os.environ.get(wanted):
            for other in others:
                if os.environ.get(other):
                    os.environ[wanted] = os.environ[other]
                    break

    borrow("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
    borrow("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    index = os.environ.get("PIP_INDEX_URL", "")
    if "=" in index.split(":")[0]:
        os.environ["PIP_INDEX_URL"] = index.split("=", 1)[1]

    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
    """#
}
