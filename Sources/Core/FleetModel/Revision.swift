internal import Digests

/// The id of a Git object in a SHA-1 repository: 40 lower-case hexadecimal digits.
package struct ObjectID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    /// Takes the 20 bytes of an id; any other count is nil.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 20 else { return nil }
        text = Hex.encode(bytes)
    }

    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 40, let bytes = Hex.decode(text) else { return nil }
        self.text = Hex.encode(bytes)
    }

    package var description: String { text }
    /// The first ten digits, for people.
    package var short: String { String(text.prefix(10)) }

    package static func < (left: ObjectID, right: ObjectID) -> Bool { left.text < right.text }
}

/// A release's commit id.
package typealias Revision = ObjectID
