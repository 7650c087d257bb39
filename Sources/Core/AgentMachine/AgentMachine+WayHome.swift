internal import FleetModel

/// The way home: a device that could reach somebody before a flip which touches the network must
/// reach somebody after it. Where it does not, it goes back and asks again from there; only if
/// somebody answers there was the release at fault. An outage of a broker or a forge must not roll a
/// fleet back for good.
extension AgentMachine {
    /// How long somebody may take to answer after the flip; nil where nobody has to. It is judged by
    /// who answered before.
    func wayHome(of candidate: Candidate) -> Duration? {
        let gitAnswers = lastLook != nil && fetchFailures == 0
        guard candidate.touchesNetwork, candidate.gate.wayHome > .zero, linkIsUp || gitAnswers
        else { return nil }
        return candidate.gate.wayHome
    }

    mutating func callHome(
        _ move: Move, within patience: Duration, at now: Instant
    ) -> [AgentEffect] {
        let call = WayHome(within: patience, hasBroker: linkIsUp, now: now)
        state = .callingHome(move, call)
        return [.reconnect] + callAgain(at: now)
    }

    /// Goes on with the call as time goes by, or as somebody answers.
    mutating func callAgain(at now: Instant) -> [AgentEffect] {
        guard case .callingHome(let move, var call) = state else { return [] }
        let step = call.next(at: now)
        state = .callingHome(move, call)
        switch step {
        case .wait: return []
        case .askGit(let patience): return [.askGit(within: patience)]
        case .answered: return answered(move)
        case .silent(let reason): return silent(move, because: reason, at: now)
        }
    }

    mutating func heardLink(isUp: Bool, at now: Instant) -> [AgentEffect] {
        guard case .callingHome(let move, var call) = state else { return [] }
        call.linkChanged(isUp: isUp)
        state = .callingHome(move, call)
        return callAgain(at: now)
    }

    mutating func askedGit(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        guard case .callingHome(let move, var call) = state else { unexpected(input) }
        switch input {
        case .gitAnswered: call.gitAnswered()
        case .gitSilent(let reason): call.gitSilent(reason, at: now)
        default: unexpected(input)
        }
        state = .callingHome(move, call)
        return callAgain(at: now)
    }

    // MARK: What it means

    private mutating func answered(_ move: Move) -> [AgentEffect] {
        if move.purpose == .upgrade { return confirm(move) }
        // Here somebody answers, and there nobody did.
        state = .idle
        linkLoss = nil
        return [
            .record(.failed(generation: move.from, reason: move.reason ?? "")),
            .record(.wentBack(move)), .forgetJournal,
        ]
    }

    /// Nothing is remembered of the release before it is known whether it is to blame: whoever is
    /// killed on this way back finds it in the journal.
    private mutating func silent(
        _ move: Move, because reason: String, at now: Instant
    ) -> [AgentEffect] {
        if move.purpose == .upgrade {
            let back = move.backWithoutLink(because: "no way home: \(reason)")
            return [.journal(.flipping, back)] + restage(back)
        }
        let count = (linkLoss?.count ?? 0) + 1
        let pause = pace.returnDelay(after: count)
        linkLoss = LinkLoss(release: lastStaged, count: count, nextTry: now + pause)
        followed = lastStaged
        state = .idle
        return [.record(.lostLink(move, retryAfter: pause)), .forgetJournal]
    }

    // MARK: The next try

    /// Whether `release` has to wait, for the device lost its link with it. Any other is free to come.
    mutating func waitsOut(_ release: Revision, at now: Instant) -> Bool {
        guard var loss = linkLoss else { return false }
        if loss.release == nil { loss.release = release }
        linkLoss = loss
        return loss.release == release && !loss.isOver && now < loss.nextTry
    }
}
