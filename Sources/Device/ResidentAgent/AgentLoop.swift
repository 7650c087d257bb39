package import AgentMachine
package import DeviceRecords
internal import Digests
internal import DriftWatch
internal import FleetModel
internal import Glibc
package import HostSystem
internal import Transaction

/// The agent's one thread: it waits for children, signals and time, tells the machine what
/// happened, and carries out what the machine wants. Nothing in it blocks on anything slower than
/// the local disk.
///
/// All state is on the disk. The loop holds the device's lock only while something is under way,
/// so that commands of a technician get their turn in between.
package final class AgentLoop {
    let root: Root
    let store: RecordStore
    var configuration: AgentConfiguration
    /// Where `flotilla-worker` stands.
    let worker: String
    let containment: ChildContainment
    var machine: AgentMachine
    var inputs: [AgentInput] = []
    /// What the machine wants and does not have yet, in order. What the disk refuses stays at the
    /// head and is tried again: nothing may overtake a line of the journal.
    private var effects: [AgentEffect] = []
    var jobs: [Job] = []
    /// Counts them, so that no two have one name.
    var startedJobs = 0
    var round: ProbeRound?
    var hookRound: HookRound?
    var plans = KnownPlan()
    var stopwatch = Stopwatch()
    /// Counts what a generation on trial costs.
    var trial: Trial
    var driftScan: DriftScan
    /// Only of the resident agent.
    var watch: ChangeWatch?
    /// When a scan that is under way goes on; nil while none is, or while it waits for systemd.
    var nextPiece: Instant?
    /// Between two pieces of a scan. Nobody waits for a resident agent's.
    var scanPause = Duration.zero
    /// What the disk says of lasting drift.
    var keptDrift = DriftRecord([])
    /// What failed here when the ledger was last looked at; nil before.
    var knownFailures: Set<ContentDigest>?
    var status: LiveStatus
    /// Only of the resident agent, and only once it is the one.
    var bus: AgentBus?
    /// When code that was needed once is given back.
    var trimAt = Instant(nanoseconds: .max)
    private var lock: FileLock?
    private var isStopping = false
    private let signals: SignalQueue
    private let notifier: ServiceNotifier

    /// How long the loop sleeps at most, so that a hold that ends by itself is seen.
    private static let longestSleep = Duration.seconds(60)
    /// Between two tries for a lock that somebody else has.
    private static let lockPatience = Duration.milliseconds(250)
    /// After the first trouble with the device's own disk; doubled for each further one in a row.
    private static let firstPause = Duration.seconds(2)
    private static let longestPause = Duration.seconds(60)

    package init(
        root: Root, configuration: AgentConfiguration, worker: String,
        notifier: ServiceNotifier = ServiceNotifier(), containment: ChildContainment? = nil
    ) throws {
        self.root = root
        self.configuration = configuration
        self.worker = worker
        self.containment =
            try containment ?? ChildContainment(prefix: Self.groupPrefix(of: root))
        store = RecordStore(root: root)
        trial = Trial(store: store)
        driftScan = DriftScan(root: root)
        signals = try SignalQueue([.terminate, .interrupt, .hangUp])
        self.notifier = notifier
        status = LiveStatus()
        machine = AgentMachine(
            pace: Self.pace(configuration), current: 0, now: Clocks.monotonic())
        // A status that can't be read is nothing to keep.
        if let known = try store.readIfWhole(LiveStatus.self, at: StateLayout.status) {
            status = known
        }
        // Gone after a boot, so what lasts is kept elsewhere too.
        keptDrift =
            try store.readIfWhole(DriftRecord.self, at: StateLayout.drift) ?? DriftRecord([])
        let known = status.drift.isEmpty ? keptDrift.drifts : status.drift
        driftScan = DriftScan(root: root, known: known)
    }

    /// Follows the channel until a signal ends it.
    ///
    /// - Returns: false where another agent does that already.
    package func run() throws -> Bool {
        var residence: FileLock?
        var failures = 0
        notifier.ready()
        while !isStopping {
            do {
                if residence == nil {
                    residence = try takeResidence()
                    if residence == nil { return false }
                    bus = AgentBus(store: store, configuration: configuration)
                    startWatching()
                }
                if try !work() { try rest() }
                failures = 0
            } catch {
                // The disk is full, read-only or damaged. An agent that ended now would be started
                // again and again, and nobody would be told more than this.
                failures += 1
                trouble("\(error)")
                try pause(min(Self.firstPause * (1 << min(failures - 1, 8)), Self.longestPause))
            }
        }
        stop()
        bus?.leave(leave)
        show(phase: "stopped")
        return true
    }

    /// Finishes what an earlier life left, takes `first`, does what follows from it, and ends. Only
    /// a look around does what else is due: who wants to go back must not get a new release before.
    ///
    /// - Returns: false when a signal ended it, or the lock did not come free within `patience`.
    package func runOnce(patience: Duration, _ first: AgentInput) throws -> Bool {
        defer { stop() }
        let end = Clocks.monotonic() + patience
        while try !persisting(takeLock) {
            if isStopping || Clocks.monotonic() >= end { return false }
            try wait(atMost: Self.lockPatience)
        }
        try persisting(finishMove)
        inputs.append(first)
        try persisting(finishMove)
        if first == .syncRequested { try persisting(doWhatIsDue) }
        show(phase: machine.phase)
        return !isStopping
    }

    /// Does not give up at the first thing that the disk refuses: what is not done yet is still to be
    /// done, and a device should not be left in the middle of a move for a moment's trouble.
    private func persisting<Value>(_ work: () throws -> Value) throws -> Value {
        for delay in AgentPace.soon {
            do {
                return try work()
            } catch {
                trouble("\(error)")
                try pause(delay)
            }
        }
        return try work()
    }

    /// Works until nothing is under way. A boot that was asked for is asked for to the end: who ends
    /// takes its children along.
    private func finishMove() throws {
        while !isStopping,
            !(inputs.isEmpty && effects.isEmpty) || !(machine.isIdle || machine.isPaused)
                || jobs.contains(where: \.purpose.needsDevice)
        {
            if try !work() { try rest() }
        }
    }

    /// Works until nothing is under way and nothing is due.
    private func doWhatIsDue() throws {
        repeat { try finishMove() } while try !isStopping && work()
    }

    /// Does everything that is due now, under the lock.
    ///
    /// - Returns: whether there was anything to do.
    private func work() throws -> Bool {
        let isDue = !inputs.isEmpty || machine.wakeAt <= Clocks.monotonic()
        guard isDue || !effects.isEmpty else { return false }
        guard try takeLock() else {
            try wait(atMost: Self.lockPatience)
            return true
        }
        // Looking around may have found something more urgent.
        if inputs.isEmpty, effects.isEmpty { inputs.append(.tick) }
        defer { bus?.changed(status) }
        try advance()
        show(phase: machine.phase)
        trimLater()
        return true
    }

    /// Waits for a child, a signal, or the time of the machine's next wish.
    private func rest() throws {
        let isFree = machine.isIdle || machine.awaitsReboot
        if isFree, !jobs.contains(where: \.purpose.needsDevice) { lock = nil }
        trimWhenIdle()
        let wake = min(machine.wakeAt, isAtRest ? trimAt : machine.wakeAt)
        let untilWake = wake - Clocks.monotonic()
        try wait(atMost: min(max(.zero, untilWake), Self.longestSleep))
    }

    /// Takes the lock and looks what others have done while we did not have it.
    private func takeLock() throws -> Bool {
        if lock != nil { return true }
        try root.makeStateFolders()
        guard let taken = try FileLock(StateLayout.lock, below: root) else { return false }
        try lookAround()
        lock = consume taken
        return true
    }

    private func lookAround() throws {
        try containment.endLeftovers(sparing: jobs.compactMap(\.group))
        for line in try RecordRepair(store: store).run(at: Clocks.wall()) { trouble(line) }
        let position = try trial.judge(
            Recovery(store: store).begin(), maxBoots: configuration.maxBoots,
            boots: configuration.services == .systemd)
        let looked = AgentInput.looked(
            current: try store.currentGeneration(), isHeld: try isHeld())
        try noticeRetry()
        // Only now, for who can't look around does it again, and nothing may begin twice.
        effects += machine.handle(looked, at: Clocks.monotonic())
        effects += machine.start(at: position, now: Clocks.monotonic())
    }

    /// Lets the machine answer what happened, and gives it what it wants.
    private func advance() throws {
        while true {
            while let effect = effects.first {
                try perform(effect)
                effects.removeFirst()
            }
            if inputs.isEmpty { return }
            // A hold that was set meanwhile counts from now on.
            let looked = AgentInput.looked(
                current: try store.currentGeneration(), isHeld: try isHeld())
            effects += machine.handle(looked, at: Clocks.monotonic())
            effects += machine.handle(inputs.removeFirst(), at: Clocks.monotonic())
        }
    }

    func isHeld() throws -> Bool {
        try store.read(Hold.self, at: StateLayout.hold)?.holds(at: Clocks.wall()) ?? false
    }

    private func takeResidence() throws -> FileLock? {
        try root.makeStateFolders()
        return try FileLock(StateLayout.residence, below: root)
    }

    /// Ends what is under way: it is journalled, and done again at the next start.
    private func stop() {
        let groups = jobs.map(\.group)
        jobs.removeAll()
        for group in groups {
            do {
                try containment.end(group, sparing: [])
            } catch {
                trouble("\(error)")
            }
        }
        do {
            try trial.agentEnded()
        } catch {
            trouble("\(error)")
        }
        lock = nil
    }

    // MARK: Waiting

    private func wait(atMost duration: Duration) throws {
        var requests = [PollRequest(reading: signals.descriptor)]
        requests += jobs.flatMap { $0.child.descriptors }.map(PollRequest.init(reading:))
        let place = requests.count
        let busRequest = bus?.pollRequest
        if let busRequest { requests.append(busRequest) }
        let now = Clocks.monotonic()
        if let request = watch?.pollRequest(at: now) { requests.append(request) }
        let watchWake = watch?.wakeAt(now, isBusy: !machine.isIdle)
        let wakes =
            jobs.map(\.deadline) + [bus?.wakeAt, retryAt, nextPiece, watchWake].compactMap { $0 }
        let untilWake = wakes.map { $0 - now }.min() ?? duration
        let timeout = max(.zero, min(duration, untilWake, notifier.interval))
        try PollRequest.wait(for: &requests, timeout: timeout)
        if prospects.areGood { notifier.alive() }
        try trial.passes(at: Clocks.monotonic())
        try takeSignals()
        reapJobs()
        repeatFailedProbes()
        serveBus(busRequest == nil ? nil : requests[place])
        hearChanges()
        continueScan()
    }

    private var prospects: Prospects {
        Prospects(
            isIdle: machine.isIdle, hasWork: !inputs.isEmpty || !effects.isEmpty,
            wakeAt: machine.wakeAt,
            runningJobs: jobs.count { $0.purpose.needsDevice && !$0.isOverdue })
    }

    /// Waits that long, whatever else happens, but not when it is to end.
    private func pause(_ duration: Duration) throws {
        let end = Clocks.monotonic() + duration
        while !isStopping, Clocks.monotonic() < end {
            try wait(atMost: end - Clocks.monotonic())
        }
    }

    private func takeSignals() throws {
        while let signal = try signals.next() {
            switch signal {
            case .terminate, .interrupt: isStopping = true
            case .hangUp:
                readConfigurationAgain()
                inputs.append(.syncRequested)
            case .child: break
            }
        }
    }

    private func reapJobs() {
        let now = Clocks.monotonic()
        for job in jobs {
            job.child.collect()
            if let status = job.child.reap() {
                jobs.removeAll { $0.child === job.child }
                let outcome = ChildOutcome(
                    status: job.isOverdue ? .timedOut : .ended(status),
                    output: job.child.output, errors: job.child.errors)
                finished(job, outcome)
            } else if now >= job.deadline {
                job.isOverdue = true
                job.deadline = Instant(nanoseconds: .max)
                job.child.endGroup(with: SIGKILL)
            }
        }
    }
}
