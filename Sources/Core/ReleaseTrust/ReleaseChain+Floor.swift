package import FleetModel

/// Why nobody can tell where a walk begins.
package enum FloorFault: Error, Equatable, Sendable {
    /// The anchored release is no release of the anchor's channel.
    case refused(TrustRefusal)
    /// Memory and anchor are about two channels.
    case otherChannel(stored: ChannelName, anchored: ChannelName)
}

extension ReleaseChain {
    /// The floor from which a walk begins: memory, or the anchor where memory is lost. Where the
    /// anchor is ahead, memory is of an older day, and the anchor counts.
    ///
    /// `clock` is the caller's own; it counts only where it is not behind what signed statements
    /// told.
    package static func floor<Failure: Error>(
        stored: TrustHead?, anchor: TrustAnchor, clock: Instant,
        commit: (Revision) throws(Failure) -> [UInt8]?,
        trustFiles: (Revision) throws(Failure) -> TrustFiles?,
        checking: some SignatureChecking
    ) throws(Failure) -> Result<TrustHead, FloorFault> {
        guard let stored else {
            return try start(at: anchor, commit: commit, trustFiles: trustFiles)
                .mapError { .refused($0) }
        }
        guard stored.channel == anchor.channel else {
            return .failure(.otherChannel(stored: stored.channel, anchored: anchor.channel))
        }
        if stored.release == anchor.release { return .success(stored) }
        let verdict = try walk(
            from: stored, to: anchor.release, knownTime: max(clock, stored.committed),
            commit: commit, trustFiles: trustFiles, checking: checking)
        return .success(verdict.refusal == nil ? verdict.head : stored)
    }
}
