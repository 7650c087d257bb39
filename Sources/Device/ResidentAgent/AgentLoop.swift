package import AgentMachine
package import DeviceRecords
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
    let configuration: AgentConfiguration
    /// Where `flotilla-worker` stands.
    let worker: String
    var machine: AgentMachine
    var inputs: [AgentInput] = []
    var jobs: [Job] = []
    var round: ProbeRound?
    var driftScan: DriftScan
    var status: LiveStatus
    private var lock: FileLock?
    private var isStopping = false
    private let signals: SignalQueue
    private var notifier: ServiceNotifier

    /// How long the loop sleeps at most, so that a hold that ends by itself is seen.
    private static let longestSleep = Duration.seconds(60)
    /// Between two tries for a lock that somebody else has.
    private static let lockPatience = Duration.milliseconds(250)

    package init(root: Root, configuration: AgentConfiguration, worker: String) throws {
        self.root = root
        self.configuration = configuration
        self.worker = worker
        driftScan = DriftScan(root: root)
        store = RecordStore(root: root)
        signals = try SignalQueue([.terminate, .interrupt, .hangUp])
        notifier = ServiceNotifier()
        // A status of another boot or of another version is nothing to keep.
        status = (try? store.read(LiveStatus.self, at: StateLayout.status)) ?? LiveStatus()
        machine = AgentMachine(
            pace: AgentPace(
                device: configuration.device, fetchInterval: configuration.fetchEvery,
                scanInterval: configuration.scanEvery),
            current: 0, now: Clocks.monotonic())
    }

    /// Follows the channel until a signal ends it.
    package func run() throws {
        notifier.ready()
        while !isStopping {
            if try !work() { try rest() }
        }
        try show(phase: "stopped")
    }

    /// Finishes what an earlier life left, takes `first`, does what follows from it, and ends. Only
    /// a look around does what else is due: who wants to go back must not get a new release before.
    ///
    /// - Returns: false when a signal ended it, or the lock did not come free within `patience`.
    package func runOnce(patience: Duration, _ first: AgentInput) throws -> Bool {
        let end = Clocks.monotonic() + patience
        while try !takeLock() {
            if isStopping || Clocks.monotonic() >= end { return false }
            try wait(atMost: Self.lockPatience)
        }
        try finishMove()
        inputs.append(first)
        try finishMove()
        if first == .syncRequested { try doWhatIsDue() }
        try show(phase: machine.phase)
        lock = nil
        return !isStopping
    }

    /// Works until nothing is under way.
    private func finishMove() throws {
        while !isStopping, !inputs.isEmpty || !(machine.isIdle || machine.phase == "stuck") {
            if try !work() { try rest() }
        }
    }

    /// Works until nothing is under way and nothing is due.
    private func doWhatIsDue() throws {
        repeat { try finishMove() } while try !isStopping && work()
    }

    /// Does everything that is due now.
    ///
    /// - Returns: whether there was anything to do.
    private func work() throws -> Bool {
        guard inputs.isEmpty else {
            try handleInputs()
            try show(phase: machine.phase)
            return true
        }
        guard machine.wakeAt <= Clocks.monotonic() else { return false }
        guard try takeLock() else {
            try wait(atMost: Self.lockPatience)
            return false
        }
        // Looking around may have found something more urgent.
        if inputs.isEmpty { inputs.append(.tick) }
        return true
    }

    /// Waits for a child, a signal, or the time of the machine's next wish.
    private func rest() throws {
        if machine.isIdle, jobs.isEmpty { lock = nil }
        let untilWake = machine.wakeAt - Clocks.monotonic()
        try wait(atMost: min(max(.zero, untilWake), Self.longestSleep))
    }

    /// Takes the lock and looks what others have done while we did not have it.
    private func takeLock() throws -> Bool {
        if lock != nil { return true }
        try root.makeStateFolders()
        guard let taken = try FileLock(StateLayout.lock, below: root) else { return false }
        lock = consume taken
        try lookAround()
        return true
    }

    private func lookAround() throws {
        let position = try Recovery(store: store).begin()
        inputs.append(
            .looked(current: try store.currentGeneration(), isHeld: try isHeld()))
        try handleInputs()
        for effect in machine.start(at: position) { try perform(effect) }
    }

    private func handleInputs() throws {
        while !inputs.isEmpty {
            let input = inputs.removeFirst()
            for effect in machine.handle(input, at: Clocks.monotonic()) { try perform(effect) }
        }
    }

    func isHeld() throws -> Bool {
        try store.read(Hold.self, at: StateLayout.hold)?.holds(at: Clocks.wall()) ?? false
    }

    // MARK: Waiting

    private func wait(atMost duration: Duration) throws {
        var requests = [PollRequest(reading: signals.descriptor)]
        requests += jobs.flatMap { $0.child.descriptors }.map(PollRequest.init(reading:))
        let now = Clocks.monotonic()
        let untilDeadline = jobs.map { $0.deadline - now }.min() ?? duration
        let timeout = max(.zero, min(duration, untilDeadline, notifier.interval))
        try PollRequest.wait(for: &requests, timeout: timeout)
        notifier.alive()
        try takeSignals()
        try reapJobs()
    }

    private func takeSignals() throws {
        while let signal = try signals.next() {
            switch signal {
            case .terminate, .interrupt: isStopping = true
            case .hangUp: inputs.append(.syncRequested)
            case .child: break
            }
        }
    }

    private func reapJobs() throws {
        let now = Clocks.monotonic()
        for job in jobs {
            job.child.collect()
            if let status = job.child.reap() {
                jobs.removeAll { $0.child === job.child }
                let outcome = ChildOutcome(
                    status: job.isOverdue ? .timedOut : .ended(status),
                    output: job.child.output, errors: job.child.errors)
                try finished(job, outcome)
            } else if now >= job.deadline {
                job.isOverdue = true
                job.deadline = Instant(nanoseconds: .max)
                job.child.endGroup(with: SIGKILL)
            }
        }
    }

    // MARK: Showing

    /// Keeps what `status` shows. The file system below /run is memory.
    func show(phase: String) throws {
        guard status.phase != phase else { return }
        status.phase = phase
        try store.write(status, at: StateLayout.status)
    }
}
