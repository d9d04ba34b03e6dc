import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// The upstream tarballs of CPython out of a Debian-like distribution's source packages, through apt.
///
/// Apt is run with a configuration of its own, without root: nothing below /etc/apt or /var/lib/apt is changed. It
/// checks the archive's signatures as it does for everything, with the machine's keys.
struct AptSource {
  static let program: FilePath = "/usr/bin/apt-get"
  static let listing = "sources.txt"

  /// Where apt keeps what it knows of these archives.
  private let folder: FilePath

  init(_ context: Context) {
    folder = Places(environment: context.environment, home: FilePath(context.environment["HOME"] ?? "/"))
      .cache.appending("apt")
  }

  /// One tarball that the distribution has.
  struct Tarball: Hashable {
    var version: Version
    var digest: Digest
    /// `xz`.
    var compression: String
  }

  /// The tarballs for a request, as lines that `tarballs` reads.
  func inquiry(_ request: VersionRequest) -> Inquiry {
    let exact = request.exact.map(\.description) ?? "-"
    let step = self.step(
      ["list", .text(exact)] + Self.packages(request).map { .text($0) }, title: "asking apt")
    var asking = step
    asking.outputFile = Self.listing
    return Inquiry(
      label: "looking up the distribution's source of Python \(request)", objects: [], steps: [asking],
      collect: [Self.listing])
  }

  /// Leaves the tarball in the scratch folder.
  func fetching(_ version: Version, _ digest: Digest) -> Step {
    step(["fetch", .text("python\(version.minor)"), .text(digest.hex)], title: "downloading by apt")
  }

  static let leaves = "python3*.orig.tar.*"

  private func step(_ arguments: [Argument], title: String) -> Step {
    Step(
      .path("/bin/sh"), ["-c", .text(Self.script), "apt-source"] + arguments, needsNetwork: true,
      surroundings: ["OUTFIT_APT": .text(folder.string)], title: title)
  }

  /// `python3.13`; every series that may satisfy the request where it does not say which.
  private static func packages(_ request: VersionRequest) -> [String] {
    let minors = (8...19).filter { minor in
      [0, 5, 20, 99].contains { request.accepts(Version([3, minor, $0])) }
        || request.exact?.release.prefix(2).elementsEqual([3, minor]) == true
    }
    return minors.map { "python3.\($0)" }
  }

  static func tarballs(_ text: String) -> [Tarball] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 3, let version = Version(words[0].filter { $0 != "~" }),
        let digest = Digest(words[1])
      else { return nil }
      return Tarball(version: version, digest: digest, compression: String(words[2]))
    }
  }

  /// Runs in an empty folder. The machine's own settings of apt are taken over as far as they say how files are
  /// had (proxies, certificates), its hooks are not.
  static let script = #"""
    # list VERSION PACKAGE...   writes `version sha256 compression` for each tarball; VERSION may be -
    # fetch PACKAGE SHA256      leaves the tarball here
    set -eu
    umask 077
    here=$PWD
    mkdir -p "$OUTFIT_APT"
    # Another outfit may be at the same: apt gives up at once where its lists are locked.
    exec 9>"$OUTFIT_APT/lock"
    flock 9 || :
    mkdir -p "$OUTFIT_APT/lists/partial" "$OUTFIT_APT/archives/partial"
    sources=$OUTFIT_APT/sources.list
    {
      apt-config dump | grep '^Acquire::' || :
      cat <<END
    Dir::Etc::main "/dev/null";
    Dir::Etc::parts "/dev/null";
    Dir::Etc::sourcelist "$sources";
    Dir::Etc::sourceparts "/dev/null";
    Dir::State "$OUTFIT_APT";
    Dir::State::lists "$OUTFIT_APT/lists";
    Dir::State::status "/var/lib/dpkg/status";
    Dir::Cache "$OUTFIT_APT";
    Dir::Cache::archives "$OUTFIT_APT/archives";
    Acquire::Languages "none";
    Acquire::AllowInsecureRepositories "false";
    Acquire::AllowDowngradeToInsecureRepositories "false";
    APT::Get::AllowUnauthenticated "false";
    APT::Get::List-Cleanup "false";
    APT::Sandbox::User "$(id -un)";
    END
    } >"$here/apt.conf.new"
    mv "$here/apt.conf.new" "$here/apt.conf"

    # The machine's sources, as sources of source packages: options, address, suite, components.
    configured() {
      for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        sed -n 's/[[:space:]]#.*//; s/^[[:space:]]*deb[[:space:]]\{1,\}/deb-src /p' "$file"
      done
      for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        awk -v RS= -F '\n' '{
          uris = suites = parts = key = ""; on = deb = 1; name = ""; deb = 0
          for (i = 1; i <= NF; i++) {
            if ($i ~ /^#/) continue
            if ($i ~ /^[A-Za-z-]+:/) { name = tolower($i); sub(/:.*/, "", name); value = $i; sub(/^[^:]*:[ \t]*/, "", value) }
            else value = $i
            if (name == "types" && value ~ /deb/) deb = 1
            if (name == "enabled" && value ~ /^(no|false|0)/) on = 0
            if (name == "uris") uris = uris " " value
            if (name == "suites") suites = suites " " value
            if (name == "components") parts = parts " " value
            if (name == "signed-by" && value ~ /^\//) key = value
          }
          if (!on || !deb) next
          gsub(/[ \t]+/, ",", key)
          options = key == "" ? "" : " [signed-by=" key "]"
          n = split(uris, u, " "); m = split(suites, s, " ")
          for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) print "deb-src" options " " u[i] " " s[j] parts
        }' "$file"
      done
    }

    # The same archive's other suites.
    widened() {
      configured | sed -n "s#^\(deb-src.*[^ ]/\(debian\|ubuntu\)/\{0,1\}\) [a-z]\{1,\} .*#\1 $1 main#p" | sort -u
    }

    refresh() { APT_CONFIG=$here/apt.conf apt-get -qq update >"$here/update.log" 2>&1 || :; }

    # Debian-version sha256 compression upstream-version, of the series given.
    tarballs() {
      for package; do
        APT_CONFIG=$here/apt.conf apt-cache showsrc --only-source "$package" 2>/dev/null || :
      done | awk '
        /^Version:/ { version = $2 }
        /^ / && length($1) == 64 && match($3, /^python3\.[0-9]+_[0-9.]+(~(a|b|rc)[0-9]+)?\.orig\.tar\.(xz|gz|bz2)$/) {
          upstream = $3; sub(/^[^_]*_/, "", upstream); sub(/\.orig\.tar\..*/, "", upstream)
          compression = $3; sub(/.*\./, "", compression)
          print version, $1, compression, upstream
        }'
    }

    # has WANTED PACKAGE...: whether the version, or for - any, is known.
    has() {
      wanted=$1
      shift
      tarballs "$@" | awk -v wanted="$wanted" '
        { upstream = $4; gsub(/~/, "", upstream); if (wanted == "-" || upstream == wanted) found = 1 }
        END { exit !found }'
    }

    verb=$1
    shift
    case $verb in
    list)
      configured >"$sources"
      if ! [ -s "$sources" ]; then
        echo "apt has no sources configured on this machine" >&2
        exit 1
      fi
      refresh
      for suite in stable testing unstable oldstable devel; do
        if has "$@"; then break; fi
        widened $suite >>"$sources"
        refresh
      done
      shift
      tarballs "$@" | awk '{ print $4, $2, $3 }' | sort -u
      ;;
    fetch)
      version=$(tarballs "$1" | awk -v digest="$2" '$2 == digest { print $1; exit }')
      if [ -z "$version" ]; then
        configured >"$sources"
        for suite in '' stable testing unstable oldstable devel; do
          if [ -n "$suite" ]; then widened "$suite" >>"$sources"; fi
          refresh
          version=$(tarballs "$1" | awk -v digest="$2" '$2 == digest { print $1; exit }')
          if [ -n "$version" ]; then break; fi
        done
      fi
      if [ -z "$version" ]; then
        cat "$here/update.log" >&2 || :
        echo "no source package of the configured archives has the file whose SHA-256 is $2" >&2
        exit 1
      fi
      APT_CONFIG=$here/apt.conf apt-get -qq source --download-only --only-source "$1=$version"
      ;;
    esac
    """#
}
