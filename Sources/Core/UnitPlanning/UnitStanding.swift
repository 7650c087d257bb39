/// How a unit really stood before it was touched.
package struct UnitStanding: Equatable, Sendable {
    package var unit: String
    package var isActive: Bool
    package var isEnabled: Bool

    package init(unit: String, isActive: Bool, isEnabled: Bool) {
        self.unit = unit
        self.isActive = isActive
        self.isEnabled = isEnabled
    }
}

extension UnitPlan {
    /// The units whose standing must be known before anything is done to them.
    package var touchedBeforeFlip: [String] {
        var seen: Set<String> = []
        return beforeFlip.compactMap(\.unit).filter { seen.insert($0).inserted }
    }

    /// Takes `beforeFlip` back when the flip never came: what ran runs again, and nothing else does.
    /// Where nobody knows how a unit stood, it is put where it should have been.
    package func takingBack(_ standings: [UnitStanding]) -> [UnitAction] {
        let known = Dictionary(
            standings.map { ($0.unit, $0) }, uniquingKeysWith: { first, _ in first })
        return takenBack.filter { action in
            guard let unit = action.unit, let standing = known[unit] else { return true }
            return switch action {
            case .start: standing.isActive
            case .enable: standing.isEnabled
            default: true
            }
        }
    }
}
