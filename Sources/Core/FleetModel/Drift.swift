/// Something on a device that is not as its generation wants it: a managed path, or a unit.
package struct Drift: Equatable, Sendable {
    /// What differs: the most telling difference.
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        // Of a path.
        case replaced, target, content, owner, mode, attribute, extra
        /// A path, or a unit, that is not there at all.
        case missing
        // Of a unit.
        case stopped, started, disabled, enabled, masked
        /// A drop-in or a unit file that is not the fleet's says otherwise: `systemctl edit`.
        case overridden
    }

    /// What is done about it.
    package enum Standing: String, Equatable, Sendable, CaseIterable {
        /// It is being put right.
        case healing
        /// Its bundle wants it told and left alone.
        case reported
        /// It was put right and came back too often, so it is left alone for a while.
        case contested
        /// A technician holds the device.
        case held
    }

    /// An absolute path, or the name of a unit.
    package var subject: String
    package var bundle: String
    package var kind: Kind
    /// For people; never content.
    package var detail: String
    /// What is wanted: `heal` or `report`.
    package var policy: DriftPolicy
    /// When it was first found like this, by the wall clock.
    package var since: Instant
    package var standing: Standing
    /// How often it was put right lately.
    package var healed: Int

    package init(
        subject: String, bundle: String, kind: Kind, detail: String = "",
        policy: DriftPolicy = .heal, since: Instant, standing: Standing? = nil, healed: Int = 0
    ) {
        self.subject = subject
        self.bundle = bundle
        self.kind = kind
        self.detail = detail
        self.policy = policy
        self.since = since
        self.standing = standing ?? (policy == .heal ? .healing : .reported)
        self.healed = healed
    }

    /// Of a unit and not of a path.
    package var isOfUnit: Bool { subject.utf8.first != UInt8(ascii: "/") }

    /// Whether it is the same difference, whatever else there is to say of it.
    package func isSame(as other: Drift) -> Bool {
        subject == other.subject && kind == other.kind
    }
}
