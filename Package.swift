// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

/// Named by `outfit --version`. The Makefile says it: SwiftPM keeps what it once read of git with the manifest.
let commit = Context.environment["OUTFIT_COMMIT"]

/// A library of ours and, where it has one, its test target.
func room(
  _ name: String, _ dependencies: [Target.Dependency], tests: Bool = true, exclude: [String] = []
) -> [Target] {
  var targets: [Target] = [
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
  ]
  if tests {
    targets.append(
      .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name), "Support"], exclude: exclude,
        swiftSettings: swift))
  }
  return targets
}

// Arrows point down only: outfit -> Commands -> parts, Sharing -> Engine -> Profile, Fetch -> System -> Core.
let package = Package(
  name: "outfit",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "outfit", targets: ["outfit"]),
    .executable(name: "outfit-shim", targets: ["outfit-shim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    [
      .target(name: "CLaunch"),
      .target(name: "CCurl", cSettings: [.define("_GNU_SOURCE")]),
      .target(name: "CInflate"),
      .target(name: "CFiles", cSettings: [.define("_GNU_SOURCE")]),
      .target(
        name: "CBuild", cSettings: commit.map { [.define("OUTFIT_COMMIT", to: "\"\($0)\"")] } ?? []),
      .executableTarget(
        name: "outfit", dependencies: ["OutfitCommands", "CLaunch"], swiftSettings: swift),
      .executableTarget(
        name: "outfit-shim", dependencies: ["OutfitDispatch", "CLaunch"], swiftSettings: swift,
        linkerSettings: [
          // Every HOME has a copy of it, which needs no symbols.
          .unsafeFlags(["-static-executable", "-Xlinker", "-s"], .when(platforms: [.linux]))
        ]),
      .target(
        name: "Support",
        dependencies: ["OutfitCore", "OutfitSystem", "OutfitConsent", "OutfitEngine", system],
        path: "Tests/Support", swiftSettings: swift),
      .testTarget(
        name: "EndToEnd", dependencies: ["Support", subprocess, system], swiftSettings: swift),
    ],
    room("OutfitCore", [crypto, system]),
    room("OutfitSystem", ["OutfitCore", "CFiles", subprocess, system]),
    room("OutfitFetch", ["OutfitSystem", "CCurl"]),
    // Knows no host and no profile.
    room("OutfitGoTemplate", ["OutfitCore", crypto, yams], exclude: ["Fixtures", "Oracle"]),
    // What names of files say, and what a tree of them wants: it looks at nothing itself.
    room("OutfitChezmoi", ["OutfitGoTemplate"]),
    room("OutfitProfile", ["OutfitSystem", "OutfitChezmoi", yams, mustache]),
    room("OutfitConsent", ["OutfitProfile"]),
    room("OutfitEngine", ["OutfitConsent", "OutfitFetch", "CInflate", crypto, yams]),
    room("OutfitInterpreters", ["OutfitEngine"]),
    room("OutfitTools", ["OutfitEngine"]),
    room("OutfitDotfiles", ["OutfitEngine", "OutfitChezmoi"]),
    room("OutfitHooks", ["OutfitEngine"]),
    room("OutfitRender", ["OutfitEngine", yams]),
    room("OutfitSharing", ["OutfitEngine", crypto, yams]),
    room(
      "OutfitCommands",
      [
        "OutfitInterpreters", "OutfitTools", "OutfitDotfiles", "OutfitHooks", "OutfitRender",
        "OutfitSharing", "OutfitDispatch", "OutfitChezmoi", "CBuild", argumentParser,
      ]),
    room("OutfitDispatch", []),
  ].flatMap { $0 }
)
