package import FleetModel

/// What the agent's machine wants done, in this order. Those that end in an answer say which.
package enum AgentEffect: Equatable, Sendable {
    /// Answered by `fetched` or `fetchFailed`.
    case fetch
    /// Verify up to `tip`, and where `applies`, resolve, plan, stage and check what it wants.
    /// `opened` is the release that an order opens here now: where the fleet rolls out in waves,
    /// nothing else is staged. Answered by `staged` or `stageFailed`.
    case stage(tip: Revision, applies: Bool, opened: Revision?)
    /// Make what is missing on the way to `to` again, from the device's own object store.
    /// Answered by `restaged` or `restageFailed`.
    case restage(Move)
    /// Remove what was staged for a generation that is not going to be.
    case discard(generation: Int)
    /// Remove whatever a stage that came to no end has left.
    case discardUnfinished
    /// Try once, before the flip, each check of a generation that the current one has too: what
    /// fails now is no regression. A check that is new has no past. Answered by `probed`; by
    /// `scanned` or `scanFailed` where the current generation does not stand as it should, for then
    /// its checks say nothing of it.
    case compare(generation: Int)
    /// Try each check of a generation once. Answered by `probed`.
    case probe(generation: Int)
    /// Run the bundles' own commands. Answered by `hooksRan`.
    case runHooks(Move, DesiredHook.Moment)
    /// See how the units stand that the move stops before its flip. Answered by `unitsSeen` or
    /// `unitsFailed`.
    case seeUnits(Move)
    /// Connect to the broker anew: a connection that outlived the flip proves nothing. Where there is
    /// a way, `linkChanged` tells.
    case reconnect
    /// Ask Git whether it can be reached. Answered by `gitAnswered` or `gitSilent`.
    case askGit(within: Duration)
    /// Write it down before going on.
    case journal(MovePhase, Move)
    case forgetJournal
    /// Move the files. Answered by `flipped` or `flipFailed`.
    case flip(Move)
    /// Answered by `unitsChanged` or `unitsFailed`.
    case changeUnits(Move, UnitMoment)
    /// Boot the machine. Nothing answers where that works; `rebootFailed` where it does not.
    case reboot(Move)
    /// Compare the disk and the units with the generation. Answered by `scanned` or `scanFailed`.
    case scan
    /// The same, but only where something happened.
    case look
    /// Put these units right, whose files are. Answered by `unitsChanged` or `unitsFailed`.
    case healUnits([String])
    /// Keep it in the ledger, and report it.
    case record(AgentEvent)
}

/// When units are changed.
package enum UnitMoment: Equatable, Sendable {
    case beforeFlip
    case afterFlip
    /// What `beforeFlip` did is taken back, for the flip never came.
    case undo
    /// The agent begins anew in the middle of the gate; a boot may lie between.
    case resume
}

/// What happened, worth keeping.
package enum AgentEvent: Equatable, Sendable {
    case fetchFailed(String)
    case fetchWorks
    /// A release is not accepted: the alarm.
    case refused(StageOutcome.Refusal)
    /// The tip is accepted (again).
    case accepted
    case unchanged(Revision)
    case notApplied(Revision)
    /// The release wants something of this device, and no order opens it here.
    case waiting(Revision)
    case rejected(Revision, code: String, reason: String)
    case knownBad(Revision, reason: String)
    /// A hook asks for another time; nothing was touched. A healing has no revision.
    case postponed(Move, Revision?, reason: String, retryAfter: Duration)
    case hooksRan(Move, [HookResult])
    case step(Move, MoveStep)
    /// Generation `Move.to` is good.
    case confirmed(Move)
    /// Generation `Move.from` is bad, and so is its desired state, wherever it comes from.
    case failed(generation: Int, reason: String)
    /// The device stands on generation `Move.to` again.
    case wentBack(Move)
    /// The same, for nobody answered from `Move.from`. Nobody answers from here either, so it may be
    /// no fault of the release: it is tried again after that time, by itself.
    case lostLink(Move, retryAfter: Duration)
    /// Paths, or units, that are right again.
    case healed([String])
    /// Everything that differs, and what is done about it; an empty list ends the drift.
    case drift([Drift])
    /// These were put right too often and are left alone for a while.
    case contested([Drift])
    /// Something that will be tried again.
    case trouble(String)
}
