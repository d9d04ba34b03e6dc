import SystemPackage

/// A mark in the environment of a child, by which it and all that it started are found again: what made a process group
/// or a session of its own, and what outlived its parent.
public struct ProcessMark: Hashable, Sendable {
  public static let variable = "OUTFIT_HOOK_RUN"
  public let value: String

  /// One that no other run has.
  public init() {
    value = (0..<2).map { _ in
      let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Nil for what is no mark.
  public init?(_ value: String) {
    guard value.utf8.count == 32, value.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
      return nil
    }
    self.value = value
  }

  /// Waits for a line on its standard input. At its end without one, whoever held the other side is dead or wants it so:
  /// then every process with the mark is asked to end, and a second later made to.
  var ending: Invocation {
    Invocation(
      "/bin/sh", ["-c", Self.script, "sh", "\(Self.variable)=\(value)"],
      environment: ["PATH": "/usr/bin:/bin:/usr/local/bin"])
  }

  /// What has the mark, with its children: those that were started without an environment are among them.
  private static let script = """
    trap '' INT TERM HUP
    read -r line && exit 0
    find() {
      all=
      if [ -r /proc/self/stat ]; then
        for file in $(grep -lsFe "$1" /proc/[0-9]*/environ); do file=${file#/proc/}; all="$all ${file%/environ}"; done
        [ -z "$all" ] && return
        for pass in 1 2; do
          for file in /proc/[0-9]*/stat; do
            read -r line 2>/dev/null <"$file" || continue
            child=${line%% *}; line=${line##*) }; line=${line#* }; parent=${line%% *}
            case " $all " in *" $child "*) ;; *" $parent "*) all="$all $child" ;; esac
          done
        done
      else
        all=$(ps -axEww -o pid=,command= | grep -Fe "$1" | grep -v 'grep -Fe' | while read -r child line; do
          [ "$child" = $$ ] || echo "$child"
        done)
      fi
    }
    turn=0
    while [ $turn -lt 100 ]; do
      find "$1"
      [ -z "$all" ] && exit 0
      if [ $turn -eq 0 ]; then kill -TERM $all; elif [ $turn -gt 20 ]; then kill -KILL $all; fi 2>/dev/null
      sleep 0.05 2>/dev/null || sleep 1
      turn=$((turn + 1))
    done
    """
}

extension Processes {
  /// Ends what is left of a run that whoever watched it did not outlive.
  public func end(_ mark: ProcessMark) async throws {
    _ = try await run(mark.ending)
  }
}
