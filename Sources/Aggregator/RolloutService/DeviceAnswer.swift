internal import Digests
internal import Documents
internal import FleetModel
internal import FleetRegister
internal import FleetStore
internal import RolloutEngine
internal import WireMessages

/// One device as the API tells it.
extension FleetPicture {
    /// What stands in lists, labels without their sources.
    func json(of device: Device) -> [String: JSONValue] {
        let (row, state) = (device.row, device.row.state)
        return [
            "id": .string(row.id.text), "state": .string(device.place.standing.word),
            "presence": row.isOnline ? "online" : "offline", "lastHeard": .time(row.lastHeard),
            "phase": .text(state?.phase),
            "generation": state.map { .integer(Int64($0.generation)) } ?? .null,
            "confirmed": .bool(state?.confirmed ?? false),
            "revision": .text(state?.revision?.text), "digest": .digest(state?.digest),
            "expected": .digest(expected(of: device)), "problem": .text(state?.problem),
            "alarm": .text(state?.alarm), "drift": .integer(Int64(state?.drift.count ?? 0)),
            "hold": .bool(state?.hold != nil), "stale": .bool(state?.isStale ?? false),
            "labels": .object((state?.labels.byKey ?? [:]).mapValues { .string($0.value) }),
            "agent": .text(state?.agent), "wave": .text(report.waveName(of: device.place)),
        ]
    }

    /// All that is known of one device, besides its events and the reasons.
    func detail(of device: Device) -> [String: JSONValue] {
        let state = device.row.state
        var members = json(of: device)
        members["version"] = 1
        members["labels"] = .object(
            (state?.labels.byKey ?? [:]).mapValues { label in
                ["value": .string(label.value), "source": .string(label.source.rawValue)]
            })
        members["facts"] = .object((state?.facts ?? [:]).mapValues { .string($0) })
        members["driftPaths"] = .array((state?.drift.paths ?? []).map { .string($0) })
        members["driftSince"] = .time(state?.drift.since)
        members["holdReason"] = .text(state?.hold?.reason)
        members["trustHead"] = .text(state?.trustHead?.text)
        members["order"] = state?.order.map { .integer($0) } ?? .null
        return members
    }

    func expected(of device: Device) -> ContentDigest? {
        rollout.flatMap { device.row.expectedDigest(under: $0.release.revision) }
    }
}

extension JSONValue {
    static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    static func digest(_ digest: ContentDigest?) -> JSONValue { .text(digest?.description) }
    static func time(_ instant: Instant?) -> JSONValue {
        instant.map { .integer($0.nanoseconds / 1_000_000) } ?? .null
    }

    /// An event as the API tells it.
    init(_ event: StoredEvent, number: Int64) {
        self = [
            "number": .integer(number), "device": .string(event.device.text),
            "epoch": .integer(event.epoch), "sequence": .integer(event.sequence),
            "kind": .string(event.kind),
            "generation": event.generation.map { .integer(Int64($0)) } ?? .null,
            "revision": .text(event.revision?.text), "digest": .digest(event.digest),
            "detail": .string(event.detail), "at": .time(event.at),
            "received": .time(event.received),
            "isOutcome": .bool(
                DeviceEvent(sequence: event.sequence, kind: event.kind, at: event.at).isOutcome),
        ]
    }
}
