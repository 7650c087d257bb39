internal import FleetAnswers

/// How people read a standing, and how it looks.
struct StandingWords {
    /// As the API names it.
    let name: String
    let words: String
    /// The class that colours it. What a later aggregator may add looks like what waits.
    let style: String
    /// Somebody should look at such a device.
    let isBad: Bool

    init(_ name: String) {
        let isKnown = DeviceQuery.standings.contains(name)
        self.name = name
        words = Self.words(name)
        style = isKnown ? "s-\(name)" : "s-waiting"
        isBad = Self.bad.contains(name)
    }

    private static let bad: Set = [
        "silent", "lostLink", "needsAgent", "rejected", "rolledBack", "failed",
    ]

    /// `rolledBack` as `rolled back`.
    static func words(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase { words += " " }
            words += character.lowercased()
        }
        return words
    }

    /// In the order in which people should see them; unknown ones at the end.
    static func sorted(_ counts: [String: Int]) -> [(standing: StandingWords, count: Int)] {
        let order = DeviceQuery.standings
        func rank(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
        return counts.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
            .map { (standing: StandingWords($0.key), count: $0.value) }
    }

    /// How a rollout as a whole looks.
    static func style(ofRollout standing: String) -> String {
        switch standing {
        case "complete": "s-succeeded"
        case "rolling": "s-moving"
        case "halted", "aborted": "s-failed"
        case "paused": "s-held"
        default: "s-waiting"
        }
    }
}
