package import Documents
package import FleetModel
package import ReleaseTrust
internal import Signatures

/// A walk along a channel's chain that remembers every step, to explain it.
package struct ChainAudit: Report {
    /// Where the walk began.
    package let start: Revision
    /// Whether the operator named an anchor; else the oldest release was believed as it is.
    package let hasAnchor: Bool
    package let channel: ChannelName
    package let tip: Revision
    package let accepted: [AcceptedRelease]
    package let verdict: ChainVerdict

    /// Judges all releases up to `tip`, as a device does that was installed with `anchor`. Without
    /// one the oldest release of the chain is believed, and its own keys judge what follows.
    package init(
        _ repository: FleetRepository, to tip: Revision, anchor: TrustAnchor? = nil, now: Instant
    ) throws(OperatorError) {
        let head = try Self.head(repository, tip, anchor)
        var accepted: [AcceptedRelease] = []
        verdict = try ReleaseChain.walk(
            from: head, to: tip, knownTime: now, commit: repository.commit,
            trustFiles: repository.trustFiles, checking: LibcryptoSignatures()
        ) { accepted.append($0) }
        self.accepted = accepted
        start = head.release
        hasAnchor = anchor != nil
        channel = head.channel
        self.tip = tip
    }

    private static func head(
        _ repository: FleetRepository, _ tip: Revision, _ anchor: TrustAnchor?
    ) throws(OperatorError) -> TrustHead {
        let believed =
            if let anchor { anchor } else { try ownAnchor(repository, oldestBefore: tip) }
        let head = try ReleaseChain.start(
            at: believed, commit: repository.commit, trustFiles: repository.trustFiles)
        switch head {
        case .success(let head): return head
        case .failure(let refusal): throw OperatorError(refusal)
        }
    }

    /// An anchor made from what the oldest release says about itself.
    private static func ownAnchor(
        _ repository: FleetRepository, oldestBefore tip: Revision
    ) throws(OperatorError) -> TrustAnchor {
        switch try ReleaseChain.oldest(before: tip, commit: repository.commit) {
        case .success(let oldest): return try repository.anchor(at: oldest)
        case .failure(let refusal): throw OperatorError(refusal)
        }
    }

    package var refusal: TrustRefusal? { verdict.refusal }
    package var status: ExitStatus { refusal == nil ? .success : .refused }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "ok": .bool(refusal == nil), "status": .integer(Int64(status.rawValue)),
            "channel": .string(channel.description), "tip": .string(tip.text),
            "anchor": ["release": .string(start.text), "given": .bool(hasAnchor)],
            "head": .string(verdict.head.release.text),
            "headSignerStillTrusted": .bool(verdict.headSignerStillTrusted),
            "releases": .array(accepted.map(\.json)),
        ]
        if let refusal { members["refusal"] = refusal.json }
        return .object(members)
    }

    package func lines(on terminal: Terminal) -> [String] {
        var table = Table(header: ["release", "committed", "signed by", "because", "subject"])
        let origin = hasAnchor ? "the anchor" : "the oldest release: believed"
        table.add([.init(start.short), .init(""), .init(""), .init(origin)])
        for release in accepted {
            table.add([
                .init(release.release.short, .green), .init(release.commit.committed.description),
                .init(release.signer.principal),
                .init("line \(release.signer.line) of \(release.previous.short)'s keys"),
                .init((release.changesTrust ? "[changes trust] " : "") + release.subject),
            ])
        }
        if let refusal {
            table.add([
                .init(refusal.release.short, .red), .init(""), .init(""),
                .init(refusal.code.rawValue, .red),
            ])
        }
        return table.lines(on: terminal) + [""] + conclusion(on: terminal)
    }

    private func conclusion(on terminal: Terminal) -> [String] {
        let head = verdict.head.release.short
        if let refusal {
            return [terminal.styled("refused: release \(refusal.release.short)", .red)]
                + terminal.wrapped("why: \(refusal.message)", indent: 4)
                + terminal.wrapped("fix: \(refusal.fix)", indent: 4)
                + terminal.wrapped("Devices stay with \(head), the last good release.")
        }
        var lines = [terminal.styled("good: \(head) of \(channel)", .green)]
        lines += terminal.wrapped(
            "\(counted(accepted.count, "release")) after \(start.short)", indent: 4)
        if !verdict.headSignerStillTrusted {
            lines += terminal.wrapped(
                "The keys of \(head) do not accept its own signature, so its content is not newly "
                    + "applied. Publish again with a key that they name.")
        }
        if !hasAnchor {
            lines += terminal.wrapped(
                "Nobody vouches for \(start.short) itself here: give a device's anchor with "
                    + "--anchor to judge as that device does.")
        }
        return lines
    }
}

extension AcceptedRelease {
    /// The first line of the message.
    var subject: String { String(commit.message.prefix { $0 != "\n" }) }

    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "release": .string(release.text), "previous": .string(previous.text),
            "committed": .string(commit.committed.description), "subject": .string(subject),
            "changesTrust": .bool(changesTrust),
            "signer": [
                "principal": .string(signer.principal),
                "fingerprint": .string(signer.key.fingerprint),
                "line": .integer(Int64(signer.line)),
            ],
        ]
        if let source = trailers.source { members["source"] = .string(source.text) }
        return .object(members)
    }
}
