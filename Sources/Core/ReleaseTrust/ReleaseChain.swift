package import FleetModel

/// A channel is a chain of releases, and every release is judged by the keys and rules of the
/// release before it. So the verdict depends on the chain alone, and all devices agree.
///
/// `commit` gives the raw bytes of a commit object, or nil where the store lacks it; the store
/// guarantees that they hash to the id (Git's strict object checks). `trustFiles` gives what stands
/// below `trust/` in a release. Both are asked for at most `Limits.releases` releases.
package enum ReleaseChain {
    /// Judges everything from `head` to `tip`.
    ///
    /// `knownTime` is the best time that the caller believes: its clock where that is not behind
    /// what signed statements told. `accepted` hears of each good release, oldest first.
    package static func walk<Failure: Error>(
        from head: TrustHead, to tip: Revision, knownTime: Instant,
        commit: (Revision) throws(Failure) -> [UInt8]?,
        trustFiles: (Revision) throws(Failure) -> TrustFiles?,
        checking: some SignatureChecking,
        accepted: (AcceptedRelease) -> Void = { _ in }
    ) throws(Failure) -> ChainVerdict {
        var head = head
        var count = 0
        var refusal: TrustRefusal?
        switch try path(from: head.release, to: tip, commit: commit) {
        case .failure(let reason): refusal = reason
        case .success(let releases):
            for release in releases {
                let step = try judge(
                    release, after: head, knownTime: knownTime, commit: commit,
                    trustFiles: trustFiles, checking: checking)
                switch step {
                case .failure(let reason): refusal = reason
                case .success((let next, let release)):
                    head = next
                    count += 1
                    accepted(release)
                }
                if refusal != nil { break }
            }
        }
        let isStillTrusted =
            try commit(head.release).map {
                stillTrusts(head, release: $0, checking: checking)
            } ?? false
        return ChainVerdict(
            head: head, acceptedCount: count, refusal: refusal,
            headSignerStillTrusted: isStillTrusted)
    }

    /// The head with which a device begins that has only its anchor. The anchored release is not
    /// judged, for the anchor decides that it is good; it must be a release of the anchor's channel.
    package static func start<Failure: Error>(
        at anchor: TrustAnchor, commit: (Revision) throws(Failure) -> [UInt8]?,
        trustFiles: (Revision) throws(Failure) -> TrustFiles?
    ) throws(Failure) -> Result<TrustHead, TrustRefusal> {
        guard let raw = try commit(anchor.release), let files = try trustFiles(anchor.release)
        else { return .failure(.missing(anchor.release)) }
        do throws(TrustRefusal) {
            let judge = ReleaseJudge(release: anchor.release, channel: anchor.channel)
            let (commit, _) = try judge.read(raw)
            return .success(
                TrustHead(
                    channel: anchor.channel, release: anchor.release, committed: commit.committed,
                    allowedSigners: anchor.allowedSigners, policy: try judge.policy(of: files)))
        } catch {
            return .failure(error)
        }
    }

    /// The oldest commit of the chain that ends at `tip`: for people who have no anchor at hand.
    package static func oldest<Failure: Error>(
        before tip: Revision, commit: (Revision) throws(Failure) -> [UInt8]?
    ) throws(Failure) -> Result<Revision, TrustRefusal> {
        var at = tip
        for _ in 0..<Limits.releases {
            guard let raw = try commit(at) else { return .failure(.missing(at)) }
            switch ReleaseLink(raw) {
            case .previous(let previous): at = previous
            case .first: return .success(at)
            case .unreadable: return .failure(.unreadable(at))
            }
        }
        return .failure(.tooMany(tip, at))
    }

    /// The releases that lead to `tip`, newest first, `tip` included: as far as the store has them,
    /// and at most `limit`.
    package static func releases<Failure: Error>(
        leadingTo tip: Revision, atMost limit: Int,
        commit: (Revision) throws(Failure) -> [UInt8]?
    ) throws(Failure) -> [Revision] {
        var releases: [Revision] = []
        var at = tip
        while releases.count < limit, let raw = try commit(at) {
            releases.append(at)
            guard case .previous(let previous) = ReleaseLink(raw) else { break }
            at = previous
        }
        return releases
    }

    /// Whether `older` is `newer` itself or stands before it on its chain.
    package static func leads<Failure: Error>(
        from older: Revision, to newer: Revision, commit: (Revision) throws(Failure) -> [UInt8]?
    ) throws(Failure) -> Bool {
        switch try path(from: older, to: newer, commit: commit) {
        case .success: true
        case .failure: false
        }
    }

    /// Whether `head`'s keys accept the signature of a release, whoever judged it in its time. The
    /// content of a release whose signer was removed since then is not newly applied. Whatever is
    /// wrong with the release, the answer is no.
    package static func stillTrusts(
        _ head: TrustHead, release raw: [UInt8], checking: some SignatureChecking
    ) -> Bool {
        guard let commit = try? ReleaseCommit(raw), let armored = commit.signature,
            let signature = try? SSHSignature(armored: armored)
        else { return false }
        let signer = try? head.allowedSigners.verify(
            signature, over: commit.payload, namespace: ReleaseJudge.namespace,
            at: commit.committed, checking: checking)
        return signer != nil
    }

    private static func judge<Failure: Error>(
        _ release: Revision, after head: TrustHead, knownTime: Instant,
        commit: (Revision) throws(Failure) -> [UInt8]?,
        trustFiles: (Revision) throws(Failure) -> TrustFiles?,
        checking: some SignatureChecking
    ) throws(Failure) -> Result<(TrustHead, AcceptedRelease), TrustRefusal> {
        guard let raw = try commit(release) else { return .failure(.missing(release)) }
        let judge = ReleaseJudge(release: release, channel: head.channel)
        let signed: ReleaseJudge.Signed
        do throws(TrustRefusal) {
            signed = try judge.verify(raw, after: head, knownTime: knownTime, checking: checking)
        } catch {
            return .failure(error)
        }
        // Only now, after the signature, is anything else of the release read.
        guard let files = try trustFiles(release) else { return .failure(.missing(release)) }
        do throws(TrustRefusal) {
            return .success(try judge.successor(of: head, signed, files))
        } catch {
            return .failure(error)
        }
    }

    /// The releases after `floor` up to `tip`, oldest first.
    private static func path<Failure: Error>(
        from floor: Revision, to tip: Revision, commit: (Revision) throws(Failure) -> [UInt8]?
    ) throws(Failure) -> Result<[Revision], TrustRefusal> {
        var releases: [Revision] = []
        var at = tip
        while at != floor {
            guard releases.count < Limits.releases else { return .failure(.tooMany(tip, floor)) }
            releases.append(at)
            guard let raw = try commit(at) else { return .failure(.missing(at)) }
            switch ReleaseLink(raw) {
            case .previous(let previous): at = previous
            case .first: return .failure(.notOnChain(tip, floor: floor))
            case .unreadable:
                return .failure(.unreadable(at))
            }
        }
        return .success(releases.reversed())
    }
}

/// What comes before a commit on its chain. Reads no more than that, so that a faulty release in
/// the middle of a chain does not hide the good ones before it.
private enum ReleaseLink {
    case previous(Revision)
    case first
    case unreadable

    init(_ raw: [UInt8]) {
        guard raw.count <= Limits.commitBytes else {
            self = .unreadable
            return
        }
        let lines = raw.prefix(256).split(separator: UInt8(ascii: "\n"), maxSplits: 2)
        let parentPrefix = "parent ".utf8
        guard lines.count == 3, lines[0].starts(with: "tree ".utf8) else {
            self = .unreadable
            return
        }
        if lines[1].starts(with: parentPrefix) {
            let parent = Revision(
                String(decoding: lines[1].dropFirst(parentPrefix.count), as: UTF8.self))
            self = parent.map { .previous($0) } ?? .unreadable
        } else if let commit = try? ReleaseCommit(raw),
            let continues = try? ReleaseTrailers(message: commit.message).continues
        {
            self = .previous(continues)
        } else {
            self = .first
        }
    }
}
