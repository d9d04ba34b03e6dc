import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitSystem

struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Free what no generation and no project of ours needs.",
    discussion: "The last three generations of every scope, and all that they use, stay.")

  @Flag(name: .customLong("dry-run"), help: "Say what would go and what stays, and free nothing.")
  var dryRun = false

  @Option(help: "How many generations of each scope stay.")
  var keep = 3

  func validate() throws {
    guard keep >= 1 else { throw ValidationError("--keep takes a number of at least 1") }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      try Recovery.recover(host)
      let done =
        dryRun
        ? try Collection.plan(host, keep: keep)
        : try await Collection.run(host, keep: keep)
      let gone = done.objects.filter { $0.keptBy == nil }
      for item in done.objects {
        if let reason = item.keptBy {
          session.write("  kept   \(item.name): \(reason)")
        } else {
          session.write("  \(dryRun ? "would go" : "freed"): \(item.name)")
        }
      }
      session.write(
        gone.isEmpty
          ? "Nothing to free."
          : "\(dryRun ? "Would free" : "Freed") \(gone.count) of \(done.objects.count) objects.")
    }
  }
}
