internal import ChannelWatch
internal import Documents
internal import FleetModel
internal import FleetRegister
internal import FleetStore
internal import HostSystem
internal import Ingest
internal import MQTTLink
internal import ReleaseTrust
internal import RolloutEngine
internal import WireMessages

// What is decided, kept and then said.
extension RolloutService {
    /// Does everything that is due, in the order in which it rests on each other.
    func goOn() {
        takeChanges()
        expectations.setReleases(machine.releases + [arriving].compactMap(\.self))
        ask()
        release()
        let now = Clocks.monotonic()
        let wantsStep = isStepDue || wall() >= machine.wakeAt ?? Instant(nanoseconds: .max)
        if wantsStep, now >= earliestStep {
            decide(.tick)
        } else {
            takeChanges()
            commit()
        }
    }

    /// The clock, where it is not behind what signed statements told.
    func wall() -> Instant {
        max(Clocks.wall(), view.head?.committed ?? Instant(nanoseconds: 0))
    }

    /// Lets the engine decide on what is on the disk, and keeps what it decided; or undoes it. What
    /// could not be kept when it was decided may be wrong by the time at which it can be.
    ///
    /// - Returns: why an operator's command is not obeyed.
    @discardableResult
    func decide(_ input: RolloutInput) -> RolloutRefusal? {
        takeChanges()
        guard commit() else { return nil }
        let before = (machine, keptState, notedSteps, stateKeptAt)
        if case .command = input { pending.values[StoredValue.commands] = commands.memory }
        let refusal = step(input)
        let orders = afterwards.count
        takeChanges()
        guard commit() else {
            pending.decisions = []
            pending.values = [:]
            afterwards.removeFirst(orders)
            (machine, keptState, notedSteps, stateKeptAt) = before
            register.newestOrder = machine.state.lastSequence
            stopListening()
            isStepDue = true
            return refusal
        }
        return refusal
    }

    private func step(_ input: RolloutInput) -> RolloutRefusal? {
        isStepDue = false
        counters.steps += 1
        let start = Clocks.monotonic()
        let register = register
        let effects = machine.step(input, at: wall()) { register.fleet(under: $0) }
        // A step looks at the whole fleet, so it may take a tenth of the time and no more.
        let end = Clocks.monotonic()
        earliestStep = end + (end - start) * 10
        var refusal: RolloutRefusal?
        for effect in effects {
            switch effect {
            case .publish(let order):
                afterwards.append(speaker.message(order))
                counters.orders += 1
            case .log(let decision):
                settings.log("decided: \(decision.text)")
                pending.decisions.append(
                    StoredDecision(
                        number: decision.number, at: decision.at, record: decision.json,
                        digest: decision.digest))
            case .refused(let reason): refusal = reason
            }
        }
        self.register.newestOrder = machine.state.lastSequence
        if !effects.isEmpty { listeners.changed() }
        return refusal
    }

    /// Moves what the register learned to what is to be kept.
    private func takeChanges() {
        let changes = register.takeChanges()
        if changes.isEmpty { return }
        resolveAnew(changes.toResolve)
        for row in changes.rows { pending.devices[row.id] = row.json }
        for event in changes.events { pending.events.append(StoredEvent(event)) }
        for acknowledgement in changes.acknowledgements {
            afterwards.append(speaker.message(acknowledgement))
        }
        counters.events += Int64(changes.events.count)
        counters.acknowledgements += Int64(changes.acknowledgements.count)
        if !changes.rows.isEmpty {
            isStepDue = true
            listeners.changed()
        }
    }

    /// One transaction for all that is pending; afterwards it is said. What can't be kept stays
    /// pending, and unsaid: devices send it again, and we try again.
    @discardableResult
    func commit() -> Bool {
        noteState()
        do throws(StoreError) {
            try store.commit(pending)
        } catch {
            counters.failedCommits += 1
            if storeProblem == nil { settings.log("can't keep what was heard: \(error)") }
            storeProblem = error.description
            stopListening()
            return false
        }
        if !pending.isEmpty { counters.commits += 1 }
        if storeProblem != nil {
            settings.log("what was heard can be kept again")
            storeProblem = nil
        }
        pending = FleetChanges()
        ingest.publish(afterwards)
        afterwards = []
        return true
    }

    /// Makes the disk full for tests.
    func limitDisk(to pages: Int) throws { try store.limitPages(to: pages) }

    /// The engine's state is kept when it changed. That time went by is no change for some seconds:
    /// an idle aggregator writes little, and after a restart the engine takes the pause for a little
    /// longer than it was.
    private func noteState() {
        let now = Clocks.monotonic()
        guard notedSteps != counters.steps else { return }
        let state = machine.state.json
        guard state != keptState else { return }
        let isOnlyTime = state.withoutLastStep == keptState?.withoutLastStep
        guard !isOnlyTime || now - stateKeptAt >= .seconds(30) else { return }
        pending.values[StoredValue.rollout] = state
        keptState = state
        notedSteps = counters.steps
        stateKeptAt = now
    }
}

extension JSONValue {
    fileprivate var withoutLastStep: JSONValue {
        guard case .object(var members) = self else { return self }
        members["lastStep"] = nil
        return .object(members)
    }
}

extension StoredEvent {
    init(_ heard: HeardEvent) {
        self.init(
            device: heard.device, epoch: heard.epoch, sequence: heard.event.sequence,
            kind: heard.event.kind, generation: heard.event.generation,
            revision: heard.event.revision, digest: heard.event.digest,
            detail: heard.event.detail, at: heard.event.at, received: heard.received)
    }
}
