internal import Digests
package import Documents
internal import FleetModel
internal import WireMessages

/// How the state is written for a store. Times are nanoseconds since 1970: the state must come back
/// exactly as it was, or a step would decide otherwise after a restart.
extension RolloutState {
    static let format: Int64 = 1

    package var json: JSONValue {
        .object([
            "format": .integer(Self.format), "channel": .string(channel.description),
            "current": current?.json ?? .null, "queued": queued?.json ?? .null,
            "tip": .orNull(tip?.text), "order": order?.json ?? .null,
            "lastSequence": .integer(lastSequence), "decisions": .array(decisions.map(\.json)),
            "past": .array(past.map(\.json)), "lastStep": .orNull(lastStep),
            "leapFrom": .orNull(leap?.from), "leapSequence": .integer(leap?.sequence ?? 0),
        ])
    }
}

extension JSONValue {
    static func orNull(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    static func orNull(_ instant: Instant?) -> JSONValue {
        instant.map { .integer($0.nanoseconds) } ?? .null
    }
    static func span(_ duration: Duration) -> JSONValue { .integer(duration.flotillaNanoseconds) }
}

extension RolloutState.Past {
    fileprivate var json: JSONValue {
        [
            "release": .string(release.text), "tree": .string(tree.text),
            "standing": .string(standing.rawValue), "began": .integer(began.nanoseconds),
            "ended": .integer(ended.nanoseconds), "reason": .string(reason),
            "affected": .integer(Int64(affected)),
            "counts": .object(counts.mapValues { .integer(Int64($0)) }),
        ]
    }
}

extension Rollout {
    fileprivate var json: JSONValue {
        .object([
            "release": release.json, "standing": .string(standing.rawValue),
            "began": .integer(began.nanoseconds), "since": .integer(since.nanoseconds),
            "reason": .string(reason), "openWaves": .array(openWaves.map(\.json)),
            "openSince": .integer(openSince.nanoseconds), "closedAt": .orNull(closedAt),
            "wellSince": .orNull(wellSince), "forgivenUntil": .orNull(forgivenUntil),
            "missedUntil": .orNull(missedUntil),
            "leaders": .array(leaders.map { .string($0.text) }), "isReplaced": .bool(isReplaced),
        ])
    }
}

extension Rollout.OpenWave {
    fileprivate var json: JSONValue {
        [
            "opened": .integer(opened.nanoseconds), "sequence": .integer(sequence),
            "below": .string(String(below, radix: 16)), "isWhole": .bool(isWhole),
            "leaders": .array(leaders.map { .string($0.text) }), "size": .integer(Int64(size)),
        ]
    }
}

extension RolloutRelease {
    fileprivate var json: JSONValue {
        [
            "revision": .string(revision.text), "tree": .string(tree.text),
            "salt": .string(salt), "manifest": manifest?.json ?? .null,
        ]
    }
}

extension RolloutManifest {
    fileprivate var json: JSONValue {
        [
            "waves": .array(waves.map(\.json)), "stopFailures": .string(stopFailures.description),
            "silentAfter": .span(silentAfter), "spread": .span(spread),
            "onNewer": .string(onNewer.rawValue),
        ]
    }
}

extension RolloutManifest.Wave {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "match": .string(match.description),
            "limit": .orNull(limit?.description), "soak": .span(soak),
            "success": .integer(Int64(success)),
            "line": .integer(Int64(namePosition.line)),
            "column": .integer(Int64(namePosition.column)),
        ]
    }
}
