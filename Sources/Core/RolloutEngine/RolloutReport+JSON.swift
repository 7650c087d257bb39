package import Documents
internal import FleetModel
internal import WireMessages

extension RolloutReport {
    /// The members `tip`, `current` and `past` of `GET /v1/rollouts`; times are milliseconds.
    package func json(of state: RolloutState) -> [String: JSONValue] {
        [
            "tip": state.tip.map { .string($0.text) } ?? .null,
            "current": state.current.map { json(of: $0, state) } ?? .null,
            "past": .array(
                state.past.map { past in
                    [
                        "release": .string(past.release.text), "tree": .string(past.tree.text),
                        "standing": .string(past.standing.rawValue),
                        "began": past.began.milliseconds, "ended": past.ended.milliseconds,
                        "reason": .string(past.reason), "affected": .integer(Int64(past.affected)),
                        "counts": .object(past.counts.mapValues { .integer(Int64($0)) }),
                    ]
                }),
        ]
    }

    private func json(of rollout: Rollout, _ state: RolloutState) -> JSONValue {
        [
            "release": .string(rollout.release.revision.text),
            "tree": .string(rollout.release.tree.text),
            "standing": .string(rollout.standing.rawValue), "since": rollout.since.milliseconds,
            "reason": .string(rollout.reason), "waves": .array(waves.map(\.json)),
            "counts": counts.json, "affected": .integer(Int64(affected)),
            "order": state.order.map { order in
                guard order.id == rollout.release.id else { return .null }
                return [
                    "sequence": .integer(order.sequence), "issued": order.issued.milliseconds,
                    "startBefore": order.startBefore.milliseconds,
                ]
            } ?? .null,
            "queued": state.queued.map { .string($0.revision.text) } ?? .null,
            "decisions": .array(state.decisions.map(\.json)),
        ]
    }
}

extension RolloutReport.Wave {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "state": .string(state.rawValue),
            "opened": opened?.milliseconds ?? .null, "devices": .integer(Int64(devices)),
            "counts": counts.json,
        ]
    }
}

extension Instant {
    var milliseconds: JSONValue { .integer(nanoseconds / 1_000_000) }
}
