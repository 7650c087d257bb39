package import AgentMachine
package import Documents
internal import FleetModel
internal import UnitPlanning

/// What is being done to the file system right now. It is written before the first touch and
/// removed when the device is whole again; without it, `current` is the whole truth.
package struct Journal: Equatable, Sendable {
    package var phase: MovePhase
    package var move: Move
    /// The boot that is to end, where the move waits for a reboot.
    package var boot: String?
    /// How often the agent has begun since then in this very boot.
    package var rebootStarts: Int

    package init(phase: MovePhase, move: Move, boot: String? = nil, rebootStarts: Int = 0) {
        self.phase = phase
        self.move = move
        self.boot = boot
        self.rebootStarts = rebootStarts
    }

    /// Whether the boot is over that the move waits for. A container that restarts keeps the name of
    /// its host's boot: it is believed the third time.
    package func isRebooted(in current: String) -> Bool {
        boot != current || rebootStarts >= Self.rebootStartLimit
    }

    package static let rebootStartLimit = 2
}

extension Journal: DeviceRecord {
    package static let recordName = "journal"
    package static let isSealed = true

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": 2,
            "phase": .string(phase.rawValue),
            "purpose": .string(move.purpose.rawValue),
            "from": .integer(Int64(move.from)),
            "to": .integer(Int64(move.to)),
            "reason": move.reason.map { .string($0) } ?? .null,
            "wasFailing": .array(move.wasFailing.map { .string($0) }),
            "paths": .array(move.paths.map { .string($0) }),
            "wayHome": move.wayHome.map { .integer($0.flotillaNanoseconds) } ?? .null,
            "settled": .integer(move.settled.flotillaNanoseconds),
        ]
        if !move.units.isEmpty { members["units"] = .array(move.units.map(\.json)) }
        if !move.rebootFor.isEmpty {
            members["rebootFor"] = .array(move.rebootFor.map { .string($0) })
        }
        if let boot {
            members["boot"] = .string(boot)
            members["rebootStarts"] = .integer(Int64(rebootStarts))
        }
        return .object(members)
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(
            phase: reader.choice("phase", default: .flipping),
            move: Move(
                reader.choice("purpose", default: .heal),
                from: Int(reader.integer("from")), to: Int(reader.integer("to")),
                reason: reader.optionalText("reason"), wasFailing: reader.texts("wasFailing"),
                paths: reader.texts("paths"),
                rebootFor: reader.optionalTexts("rebootFor"),
                wayHome: reader.optionalInteger("wayHome").map { .nanoseconds($0) }),
            boot: reader.optionalText("boot"),
            rebootStarts: Int(reader.optionalInteger("rebootStarts") ?? 0))
        // Of an agent that kept no such time.
        move.settled = .nanoseconds(reader.optionalInteger("settled") ?? 0)
        let units = reader.optionalList("units")
        // Format 1 knew nothing of units and boots.
        try reader.finish(formats: 1...2)
        for node in units { move.units.append(try UnitStanding(reading: node, file: file)) }
    }
}

extension UnitStanding {
    fileprivate var json: JSONValue {
        ["unit": .string(unit), "active": .bool(isActive), "enabled": .bool(isEnabled)]
    }

    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "standing of a unit")
        self.init(
            unit: reader.text("unit"), isActive: reader.bool("active"),
            isEnabled: reader.bool("enabled"))
        try reader.finish()
    }
}
