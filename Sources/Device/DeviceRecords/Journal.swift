package import AgentMachine
package import Documents

/// What is being done to the file system right now. It is written before the first touch and
/// removed when the device is whole again; without it, `current` is the whole truth.
package struct Journal: Equatable, Sendable {
    package var phase: MovePhase
    package var move: Move

    package init(phase: MovePhase, move: Move) {
        self.phase = phase
        self.move = move
    }
}

extension Journal: DeviceRecord {
    package static let recordName = "journal"
    package static let isSealed = true

    package var json: JSONValue {
        [
            "format": 1,
            "phase": .string(phase.rawValue),
            "purpose": .string(move.purpose.rawValue),
            "from": .integer(Int64(move.from)),
            "to": .integer(Int64(move.to)),
            "reason": move.reason.map { .string($0) } ?? .null,
            "wasFailing": .array(move.wasFailing.map { .string($0) }),
            "paths": .array(move.paths.map { .string($0) }),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(
            phase: reader.choice("phase", default: .flipping),
            move: Move(
                reader.choice("purpose", default: .heal),
                from: Int(reader.integer("from")), to: Int(reader.integer("to")),
                reason: reader.optionalText("reason"), wasFailing: reader.texts("wasFailing"),
                paths: reader.texts("paths")))
        try reader.finish(format: 1)
    }
}
