internal import Digests
internal import Documents
package import FleetModel

extension Instant {
    /// As messages carry it: whole milliseconds since 1970.
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }

    package init(milliseconds: Int64) {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        self.init(nanoseconds: overflow ? (milliseconds < 0 ? .min : .max) : product)
    }
}

/// The text as a message may carry it: without what moves a terminal's cursor, and cut to `limit`
/// bytes. Line ends and tabs stay.
package func wireText(_ text: String, limit: Int) -> String {
    var clean = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        let kept = isControl(scalar) ? "\u{fffd}" : scalar
        clean.append(kept)
        count += UTF8.width(kept)
        // The rest is cut off anyway.
        if count > limit { break }
    }
    guard count > limit else { return String(clean) }
    let mark = limit >= 3 ? "…" : ""
    var cut = String.UnicodeScalarView()
    count = mark.utf8.count
    for scalar in clean {
        count += UTF8.width(scalar)
        if count > limit { break }
        cut.append(scalar)
    }
    return String(cut) + mark
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a: false
    // C0, DEL and C1, then the marks that embed, override or isolate a direction.
    case 0...0x1f, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: true
    default: false
    }
}

/// Letters, digits, dots, underscores and hyphens, at most 64.
func isWord(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x2d
                || $0 == 0x2e || $0 == 0x5f
        }
}

func isHexadecimal(_ text: String, digits: Int) -> Bool {
    text.utf8.count == digits
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}

/// What a writer makes of its values. Whatever they are, a reader takes the result: a device's clock
/// may be anywhere, and a validator may have said anything.
extension JSONValue {
    /// An object without the members that are nil.
    static func members(_ members: [String: JSONValue?]) -> JSONValue {
        .object(members.compactMapValues { $0 })
    }

    static func time(_ instant: Instant) -> JSONValue {
        .integer(min(max(instant.milliseconds, 0), WireReader.latestMilliseconds))
    }
    static func span(_ duration: Duration) -> JSONValue {
        .integer(min(max(duration.flotillaNanoseconds / 1_000_000, 0), WireReader.longestSpan))
    }
    static func count(_ value: Int) -> JSONValue {
        .integer(Int64(min(max(value, 0), WireReader.highestCount)))
    }
    static func prose(_ text: String, limit: Int) -> JSONValue {
        .string(wireText(text, limit: limit))
    }
    static func id(_ object: ObjectID) -> JSONValue { .string(object.text) }
    static func digest(_ digest: ContentDigest) -> JSONValue { .string(digest.description) }
}
