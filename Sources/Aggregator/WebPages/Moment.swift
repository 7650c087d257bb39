internal import Documents
internal import FleetModel

/// A point in time as the page shows it: how long ago, with the time of day for who asks.
struct Moment {
    /// For the script, which keeps the age up to date.
    let milliseconds: Int64
    /// RFC 3339.
    let text: String
    let age: String

    init?(_ json: JSONValue?, now: Instant) {
        guard case .integer(let milliseconds)? = json,
            // Nine digits of seconds more than there are: what is beyond overflows.
            (0...4_102_444_800_000).contains(milliseconds)
        else { return nil }
        self.milliseconds = milliseconds
        let instant = Instant(nanoseconds: milliseconds * 1_000_000)
        text = "\(instant)"
        age = Self.age((now - instant).components.seconds)
    }

    init(_ instant: Instant) {
        milliseconds = instant.nanoseconds / 1_000_000
        text = "\(instant)"
        age = Self.age(0)
    }

    /// The script has the same words.
    static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<5: "now"
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) d"
        }
    }
}
