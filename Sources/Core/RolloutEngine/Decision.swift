package import Digests
package import Documents
package import FleetModel

/// One thing that the engine decided, with the counts that it was decided from. Each holds the
/// digest of the one before, and every order names the newest: nobody can change a decision
/// afterwards without every device being able to tell.
package struct Decision: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        case began, opened, complete, paused, resumed, halted, aborted, replaced, queued
    }

    /// Rises by one.
    package let number: Int64
    package let at: Instant
    package let kind: Kind
    package let release: Revision
    /// The name of the wave, where one opened.
    package let wave: String?
    package let text: String
    package let counts: [String: Int]
    package let previous: ContentDigest?
    package let digest: ContentDigest

    init(
        number: Int64, at: Instant, kind: Kind, release: Revision, wave: String?, text: String,
        counts: [String: Int], after previous: ContentDigest?
    ) {
        self.number = number
        // To the millisecond, as it is written.
        let at = Instant(nanoseconds: at.nanoseconds / 1_000_000 * 1_000_000)
        self.at = at
        self.kind = kind
        self.release = release
        self.wave = wave
        self.text = text
        self.counts = counts
        self.previous = previous
        let content = Self.content(number, at, kind, release, wave, text, counts, previous)
        digest = SHA256.hash(JSONValue.object(content).canonical.utf8)
    }

    /// What the digest is of, and what the record begins with.
    private static func content(
        _ number: Int64, _ at: Instant, _ kind: Kind, _ release: Revision, _ wave: String?,
        _ text: String, _ counts: [String: Int], _ previous: ContentDigest?
    ) -> [String: JSONValue] {
        [
            "number": .integer(number), "at": .integer(at.nanoseconds / 1_000_000),
            "kind": .string(kind.rawValue), "release": .string(release.text),
            "wave": wave.map { .string($0) } ?? .null, "text": .string(text),
            "counts": .object(counts.mapValues { .integer(Int64($0)) }),
            "previous": previous.map { .string($0.description) } ?? .null,
        ]
    }

    package var json: JSONValue {
        var content = Self.content(number, at, kind, release, wave, text, counts, previous)
        content["digest"] = .string(digest.description)
        return .object(content)
    }
}
