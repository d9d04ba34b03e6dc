import OutfitCore

extension LayerMerger {
  /// Where receipts go is for a profile to say, and whether they do for its user alone.
  mutating func mergeReceipts() {
    var place: (to: String, source: Source)?
    var own: ReceiptSection?
    for manifest in manifests where facts.holds(manifest.gate) {
      guard let section = manifest.content.receipts else { continue }
      if manifest.layer.isOwn {
        own = section.value
      } else if section.value.agrees != nil || section.value.name != nil {
        diagnostics.append(
          manifest.diagnostic(
            "whether receipts are sent is for each person to say", at: section.source.location,
            hint: "write `receipts: {to: …}` here, and the rest into \(host.places.personalManifest)"))
      }
      if let to = section.value.to { place = (to, section.source) }
    }
    guard !isProject, let place else { return }
    // Whoever writes more than a no agrees.
    profile.receipts = Sourced(
      ReceiptSection(agrees: own.map { $0.agrees ?? true }, to: place.to, name: own?.name), place.source)
  }
}
