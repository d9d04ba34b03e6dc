/// What a person most probably meant.
enum Nearness {
  static func nearest(_ name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8.prefix(60))
    var best: (distance: Int, name: String)?
    for candidate in candidates where candidate != name {
      let distance = distance(wanted, Array(candidate.lowercased().utf8.prefix(60)))
      guard distance <= max(1, min(3, wanted.count / 3)) else { continue }
      if best.map({ (distance, candidate) < ($0.distance, $0.name) }) ?? true { best = (distance, candidate) }
    }
    return best?.name
  }

  private static func distance(_ a: Bytes, _ b: Bytes) -> Int {
    var row = Array(0...b.count)
    for i in 0..<a.count {
      var before = row[0]
      row[0] = i + 1
      for j in 0..<b.count {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, before + (a[i] == b[j] ? 0 : 1))
        before = above
      }
    }
    return row[b.count]
  }
}
