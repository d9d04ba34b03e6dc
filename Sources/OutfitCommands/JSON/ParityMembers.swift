import OutfitRender

extension JSONText {
  /// A proof of parity, in a document.
  static func parity(_ proof: ParityProof) -> [String: JSONText] {
    [
      "name": .string(proof.name), "lock": .string(proof.lockDigest.hex),
      "rows": .array(
        proof.rows.map {
          .object([
            "rule": .string($0.rule), "verdict": .string($0.verdict.rawValue), "detail": .string($0.detail),
          ])
        }),
      "rules": .array(
        proof.rows.map { row in
          .object([
            "id": .string(row.id),
            "verdict": .string(row.verdict == .notCheckable ? "unchecked" : row.verdict.rawValue),
            "places": .array(row.places.map { .string($0) }),
          ])
        }),
      "allowed": .array(
        proof.exceptions.map {
          .object(["place": .string($0.place), "reason": .string($0.reason), "used": .bool($0.isUsed)])
        }),
    ]
  }
}
