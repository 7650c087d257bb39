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
        let position = position(of: id)
        return openings.contains { opening in
            (opening.isWhole || position < opening.below) && opening.match.matches(labels)
        }
    }

    /// How long a device waits after its wave opened, so that a wave is no stampede.
    package func startDelay(of id: DeviceID) -> Duration {
        spread * Int(Self.number(of: "\(id)\0\(tree)\0\(salt)\0start") % 1_000) / 1_000
    }

    private static func number(of text: String) -> UInt64 {
        SHA256.hash(text.utf8).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension Order {
    package static let kind = "order"

    package var json: JSONValue {
        [
            "version": 1, "kind": .string(Self.kind), "fleet": .string(fleet),
            "channel": .string(channel), "audience": "*", "id": .string(id),
            "sequence": .integer(sequence), "release": .string(release.text),
            "tree": .string(tree.text), "tip": .string(tip.text), "salt": .string(salt),
            "standing": .string(standing.rawValue),
            "openings": .array(
                openings.map { opening in
                    [
                        "match": .string(opening.match.description),
                        "below": .string(Self.hexadecimal(opening.below)),
                        "whole": .bool(opening.isWhole),
                    ]
                }),
            "issued": issued.wireValue, "startBefore": startBefore.wireValue,
            "expires": expires.wireValue,
            "spread": .integer((Instant(nanoseconds: 0) + spread).milliseconds),
            "decision": .optional(decision?.description),
        ]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an order")
        reader.expect("kind", Self.kind)
        reader.expect("audience", "*")
        let fleet = reader.name("fleet")
        let channel = reader.name("channel")
        let (id, salt) = (reader.text("id", limit: 64), reader.text("salt", limit: 64))
        let sequence = reader.integer("sequence", in: 1...Int64.max)
        let (release, tree, tip) = (
            reader.object("release"), reader.object("tree"), reader.object("tip")
        )
        let standing = reader.choice("standing", default: Standing.paused)
        let openings = reader.list("openings", limit: Limits.orderOpenings)
        let (issued, startBefore) = (reader.instant("issued"), reader.instant("startBefore"))
        let expires = reader.instant("expires")
        let spread = reader.integer("spread", in: 0...86_400_000)
        let decision = reader.optionalDigest("decision")
        try reader.finish()
        guard let release, let tree, let tip else {
            fatalError("a missing revision is a fault")
        }
        self.init(
            fleet: fleet, channel: channel, id: id, sequence: sequence, release: release,
            tree: tree, tip: tip, salt: salt, standing: standing, openings: [], issued: issued,
            startBefore: startBefore, expires: expires, spread: .milliseconds(spread),
            decision: decision)
        for node in openings { self.openings.append(try Opening(reading: node)) }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension Order.Opening {
    fileprivate init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an opening")
        let text = reader.text("match", limit: Limits.selectorBytes)
        let digits = reader.text("below", limit: 16)
        let isWhole = reader.bool("whole")
        var selector: Selector?
        do throws(TextFault) {
            selector = try Selector(text)
        } catch {
            reader.report("`match` is no selector: \(error.message)")
        }
        let below = UInt64(digits, radix: 16)
        if below == nil || digits.utf8.count != 16 {
            reader.report("`below` is not 16 hexadecimal digits")
        }
        try reader.finish()
        guard let selector, let below else { fatalError("a wrong opening is a fault") }
        self.init(match: selector, below: below, isWhole: isWhole)
    }
}
