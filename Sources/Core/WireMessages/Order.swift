package import Digests
package import Documents
package import FleetModel

/// One retained message that opens waves of a release to any number of devices, exact to the
/// device: signed by the aggregator.
package struct Order: Equatable, Sendable {
    package enum Standing: String, Equatable, Sendable, CaseIterable {
        case rolling, paused, halted, aborted, complete

        /// What stops is obeyed however late it comes; only these start anything.
        package var starts: Bool { self == .rolling || self == .complete }
    }

    /// Open to devices that match and whose position is below.
    package struct Opening: Equatable, Sendable {
        package var match: Selector
        package var below: UInt64
        /// Open to all that match, the highest position included.
        package var isWhole: Bool

        package init(match: Selector, below: UInt64, isWhole: Bool = false) {
            self.match = match
            self.below = below
            self.isWhole = isWhole
        }
    }

    package var fleet: String
    package var channel: String
    package var id: String
    package var sequence: Int64
    package var release: Revision
    package var tree: ObjectID
    /// The tip of the channel as the aggregator verified it: a hint to fetch.
    package var tip: Revision
    package var salt: String
    package var standing: Standing
    package var openings: [Opening]
    package var issued: Instant
    package var startBefore: Instant
    package var expires: Instant
    package var spread: Duration
    /// The head of the log of decisions that led here.
    package var decision: ContentDigest?

    package init(
        fleet: String, channel: String, id: String, sequence: Int64, release: Revision,
        tree: ObjectID, tip: Revision, salt: String, standing: Standing, openings: [Opening],
        issued: Instant, startBefore: Instant, expires: Instant, spread: Duration = .zero,
        decision: ContentDigest? = nil
    ) {
        self.fleet = fleet
        self.channel = channel
        self.id = id
        self.sequence = sequence
        self.release = release
        self.tree = tree
        self.tip = tip
        self.salt = salt
        self.standing = standing
        self.openings = openings
        self.issued = issued
        self.startBefore = startBefore
        self.expires = expires
        self.spread = spread
        self.decision = decision
    }
}

extension Order {
    /// Where a device stands in line for a release: the first 8 bytes of SHA-256 over id, tree and
    /// salt. Another one for each release, so that the same machines are not always the first.
    package static func position(of id: DeviceID, tree: ObjectID, salt: String) -> UInt64 {
        number(of: "\(id)\0\(tree)\0\(salt)")
    }

    package func position(of id: DeviceID) -> UInt64 {
        Self.position(of: id, tree: tree, salt: salt)
    }

    /// Whether a device may have the release, as far as place and standing decide it.
    package func opens(to id: DeviceID, labels: Labels) -> Bool {
        guard standing.starts else { return false }
        return includes(id, labels: labels)
    }

    /// Whether a device is in an open wave, paused or not.
    package func includes(_ id: DeviceID, labels: Labels) -> Bool {
        let matching = openings.filter { $0.match.matches(labels) }
        if matching.isEmpty { return false }
        let position = position(of: id)
        return matching.contains { $0.isWhole || position < $0.below }
    }

    /// How long a device waits after its wave opened, so that a wave is no stampede.
    package func startDelay(of id: DeviceID) -> Duration {
        let span = spread.flotillaNanoseconds
        guard span > 0 else { return .zero }
        // A moment of its own: the first in line must not also be the earliest.
        let moment = Self.number(of: "\(id)\0\(tree)\0\(salt)\0start")
        return .nanoseconds(Int64(moment.multipliedFullWidth(by: UInt64(span)).high))
    }

    private static func number(of text: String) -> UInt64 {
        SHA256.hash(text.utf8).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension Order: SignedPayload {
    package static let kind = "order"
    package static let namespace = SignatureNamespace.order

    package var json: JSONValue {
        var members = header(Self.kind)
        members["id"] = .string(id)
        members["sequence"] = .integer(sequence)
        members["release"] = .id(release)
        members["tree"] = .id(tree)
        members["tip"] = .id(tip)
        members["salt"] = .string(salt)
        members["standing"] = .string(standing.rawValue)
        members["openings"] = .array(openings.map(\.json))
        members["issued"] = .time(issued)
        members["startBefore"] = .time(startBefore)
        members["expires"] = .time(expires)
        members["spread"] = .span(spread)
        members["decision"] = decision.map { .digest($0) }
        return .members(members)
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an order")
        let (fleet, channel) = reader.header(Self.kind)
        let (id, salt) = (reader.word("id"), reader.hexadecimal("salt", digits: 32))
        let sequence = reader.integer("sequence", in: 1...Int64.max)
        let (release, tree, tip) = (
            reader.object("release"), reader.object("tree"), reader.object("tip")
        )
        let standing = reader.choice("standing", default: Standing.paused)
        let openings = reader.list("openings", limit: Limits.orderOpenings)
        let (issued, startBefore) = (reader.instant("issued"), reader.instant("startBefore"))
        let expires = reader.instant("expires")
        let spread = reader.span("spread")
        let decision = reader.optionalDigest("decision")
        try reader.finish()
        guard let release, let tree, let tip else {
            fatalError("a missing revision is a fault")
        }
        self.init(
            fleet: fleet, channel: channel, id: id, sequence: sequence, release: release,
            tree: tree, tip: tip, salt: salt, standing: standing, openings: [], issued: issued,
            startBefore: startBefore, expires: expires, spread: spread,
            decision: decision)
        for node in openings { self.openings.append(try Opening(reading: node)) }
    }
}

extension Order.Opening {
    fileprivate var json: JSONValue {
        let digits = String(below, radix: 16)
        return [
            "match": .string(match.description),
            "below": .string(String(repeating: "0", count: 16 - digits.utf8.count) + digits),
            "whole": .bool(isWhole),
        ]
    }

    fileprivate init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an opening")
        let text = reader.text("match", limit: Limits.selectorBytes)
        let digits = reader.hexadecimal("below", digits: 16)
        let isWhole = reader.bool("whole")
        var selector: Selector?
        do throws(TextFault) {
            selector = try Selector(text)
        } catch {
            reader.report("`match` is no selector: \(error.message)")
        }
        try reader.finish()
        guard let selector, let below = UInt64(digits, radix: 16) else {
            fatalError("a wrong opening is a fault")
        }
        self.init(match: selector, below: below, isWhole: isWhole)
    }
}
