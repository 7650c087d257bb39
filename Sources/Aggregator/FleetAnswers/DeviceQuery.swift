package import FleetModel

/// Which devices somebody wants to see, and which page of them.
package struct DeviceQuery: Equatable, Sendable {
    /// One of `standings`.
    package var standing: String?
    package var selector: Selector?
    package var onlyDrifting: Bool
    /// What somebody typed to find a device; see `isFound`. Never empty.
    package var text: String?
    /// The last device of the page before.
    package var after: DeviceID?
    package var limit: Int

    package static let limits = 1...1_000
    package static let defaultLimit = 100
    /// In bytes.
    package static let longestText = 128

    /// The words for where a device stands. Its counters add up to the number of known devices.
    /// In the order in which people should see them: what is well, what moves, what is away, what
    /// is not well.
    package static let standings = [
        "succeeded", "unchanged", "moving", "waiting", "superseded", "notApplicable", "held",
        "offline", "silent", "lostLink", "needsAgent", "rejected", "rolledBack", "failed",
    ]

    package init(
        standing: String? = nil, selector: Selector? = nil, onlyDrifting: Bool = false,
        text: String? = nil, after: DeviceID? = nil, limit: Int = Self.defaultLimit
    ) {
        self.standing = standing
        self.selector = selector
        self.onlyDrifting = onlyDrifting
        self.text = text
        self.after = after
        self.limit = limit
    }

    /// Whether the device fits `text`, `selector` and `onlyDrifting`. Its standing is another
    /// question, for the counts by standing leave it aside.
    package func fits(_ id: DeviceID, labels: Labels, drift: Int) -> Bool {
        if onlyDrifting && drift == 0 { return false }
        if let text, !Self.isFound(text, in: id, labels) { return false }
        return selector?.matches(labels) ?? true
    }

    /// Whether the text is a part of the device's id or of one of its labels, as in `site=berlin`.
    /// Large letters are as good as small ones.
    private static func isFound(_ text: String, in id: DeviceID, _ labels: Labels) -> Bool {
        let wanted = lowercase(text)
        return contains(Array(id.text.utf8), wanted)
            || labels.byKey.contains { contains(lowercase("\($0.key)=\($0.value.value)"), wanted) }
    }

    private static func lowercase(_ text: String) -> [UInt8] {
        text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard part.count <= bytes.count else { return false }
        return (0...bytes.count - part.count).contains { bytes[$0...].starts(with: part) }
    }
}
