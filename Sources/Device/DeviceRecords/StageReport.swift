package import AgentMachine
package import Documents
package import FleetModel

/// What `flotilla-worker stage` tells the agent on its standard output.
package struct StageReport: Equatable, Sendable {
    package var outcome: StageOutcome
    /// Nil where nothing was resolved.
    package var identity: ReportedIdentity?

    package init(outcome: StageOutcome, identity: ReportedIdentity? = nil) {
        self.outcome = outcome
        self.identity = identity
    }
}

extension StageReport {
    package var json: JSONValue {
        [
            "format": 1,
            "verdict": outcome.verdict?.json ?? .null,
            "identity": identity?.json ?? .null,
            "refusal": outcome.refusal.map { refusal in
                [
                    "code": .string(refusal.code), "reason": .string(refusal.reason),
                    "revision": .string(refusal.revision.text),
                ]
            } ?? .null,
        ]
    }

    /// The gate is not in the message: it is in the generation's record, which `gate` reads.
    package init<Failure: Error>(
        reading node: Node, gate: (Int) throws(Failure) -> HealthGate
    ) throws {
        let file = "the worker's report"
        var reader = RecordReader(node, file: file, what: "stage report")
        let verdictNode = reader.optionalNode("verdict")
        let refusalNode = reader.optionalNode("refusal")
        let identityNode = reader.optionalNode("identity")
        try reader.finish(format: 1)
        outcome = StageOutcome(verdict: nil, refusal: nil)
        identity = try identityNode.map { node throws(InvalidDocument) in
            try ReportedIdentity(reading: node, file: file)
        }
        if let refusalNode {
            var reader = RecordReader(refusalNode, file: file, what: "refusal")
            let code = reader.text("code")
            let reason = reader.text("reason")
            let revision = reader.object("revision")
            try reader.finish()
            guard let revision else { throw reader.invalid }
            outcome.refusal = StageOutcome.Refusal(code: code, reason: reason, revision: revision)
        }
        guard let verdictNode else { return }
        outcome.verdict = try Self.verdict(verdictNode, file, gate: gate)
    }

    private static func verdict<Failure: Error>(
        _ node: Node, _ file: String, gate: (Int) throws(Failure) -> HealthGate
    ) throws -> StageOutcome.Verdict {
        var reader = RecordReader(node, file: file, what: "verdict")
        let kind: VerdictKind = reader.choice("kind", default: .upToDate)
        let revision = reader.object("revision")
        let generation = reader.optionalInteger("generation")
        let code = reader.optionalText("code") ?? ""
        let reason = reader.optionalText("reason") ?? ""
        try reader.finish()
        guard let revision else { throw reader.invalid }
        switch kind {
        case .upToDate: return .upToDate(revision)
        case .notApplied: return .notApplied(revision)
        case .waiting: return .waiting(revision)
        case .knownBad: return .knownBad(revision, reason: reason)
        case .rejected: return .rejected(revision, code: code, reason: reason)
        case .staged:
            guard let generation else { throw incomplete("generation", file) }
            let number = Int(generation)
            return .staged(
                Candidate(generation: number, revision: revision, gate: try gate(number)))
        }
    }

    private static func incomplete(_ key: String, _ file: String) -> InvalidDocument {
        InvalidDocument(
            Diagnostic(
                file: file, message: "`\(key)` is missing",
                fix: "The worker and the agent must be of one version."))
    }
}

private enum VerdictKind: String, CaseIterable {
    case upToDate, staged, knownBad, rejected, notApplied, waiting
}

extension StageOutcome.Verdict {
    fileprivate var json: JSONValue {
        switch self {
        case .upToDate(let revision): members(.upToDate, revision)
        case .notApplied(let revision): members(.notApplied, revision)
        case .waiting(let revision): members(.waiting, revision)
        case .knownBad(let revision, let reason):
            members(.knownBad, revision, ["reason": .string(reason)])
        case .rejected(let revision, let code, let reason):
            members(.rejected, revision, ["code": .string(code), "reason": .string(reason)])
        case .staged(let candidate):
            members(
                .staged, candidate.revision,
                ["generation": .integer(Int64(candidate.generation))])
        }
    }

    private func members(
        _ kind: VerdictKind, _ revision: Revision, _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        var members = more
        members["kind"] = .string(kind.rawValue)
        members["revision"] = .string(revision.text)
        return .object(members)
    }
}
