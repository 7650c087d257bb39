package import ChannelWatch
internal import Documents
internal import FleetAnswers
internal import FleetModel
internal import FleetRegister
internal import FleetStore
internal import HostSystem
package import Ingest
internal import JSONDocument
internal import MQTTLink
internal import RolloutEngine
internal import Signatures
internal import WireMessages

/// The aggregator itself: it takes in what devices say and what Git holds, lets the engine decide,
/// keeps what was decided, and then says it.
///
/// Nothing is said that is not on the disk: a device forgets what was acknowledged, and an order
/// that nobody remembers could be followed by one with a lower number. What could not be kept yet
/// waits in `pending`, and what rests on it in `afterwards`.
package actor RolloutService {
    let settings: ServiceSettings
    let watch: ChannelWatch
    let ingest: Ingest
    let store: FleetStore
    let speaker: Speaker
    nonisolated let listeners = Listeners()
    private nonisolated let thread: ServiceThread
    private let lock: StateLock?

    var register: DeviceRegister
    var machine: RolloutMachine
    var commands: CommandJudge
    var expectations: Expectations
    var view = ChannelView()
    /// What releases say, as far as it was asked.
    var contents: [Revision: ReleaseContent] = [:]
    /// A trusted release that the engine does not know yet.
    var arriving: Revision?

    // What is decided and not yet kept or said.
    var pending = FleetChanges()
    var afterwards: [LinkMessage] = []
    var storeProblem: String?
    /// The engine's state as it was last put into `pending`, after so many steps.
    var keptState: JSONValue?
    var notedSteps: Int64 = 0
    var stateKeptAt = Instant(nanoseconds: 0)

    var isListening = false
    var isStepDue = false
    var earliestStep = Instant(nanoseconds: 0)
    /// Questions to the channel's thread that failed are asked again then.
    var nextAsk = Instant(nanoseconds: 0)
    var picture: FleetPicture?
    var counters = ServiceCounters()

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    package init(
        _ settings: ServiceSettings, watch: ChannelWatch, ingest: Ingest,
        lock: sending StateLock? = nil
    ) throws {
        self.settings = settings
        self.lock = lock
        self.watch = watch
        self.ingest = ingest
        thread = try ServiceThread()
        let store = try FleetStore(at: settings.storeFile)
        self.store = store
        speaker = Speaker(topics: settings.topics, channel: settings.channel, key: settings.key)
        let rows = try store.devices().map { id, node in
            try DeviceRow(reading: node, file: settings.storeFile)
        }
        register = DeviceRegister(channel: settings.channel, rows: rows)
        machine = try Self.machine(from: store, settings)
        commands = try Self.commands(from: store, settings)
        keptState = machine.state.json
        var expectations = Expectations()
        for identity in rows.compactMap(\.identity) { expectations.setIdentity(identity) }
        expectations.setReleases(machine.releases)
        self.expectations = expectations
        register.newestOrder = machine.state.lastSequence
    }

    private static func machine(
        from store: FleetStore, _ settings: ServiceSettings
    ) throws -> RolloutMachine {
        guard let node = try store.value(StoredValue.rollout) else {
            return RolloutMachine(channel: settings.channel, pace: settings.pace)
        }
        let state = try RolloutState(reading: node, file: settings.storeFile)
        guard state.channel == settings.channel else {
            throw StoreError(
                "\(settings.storeFile) is about \(state.channel), and this aggregator is for "
                    + "\(settings.channel): give it another `state` folder")
        }
        return RolloutMachine(resuming: state, pace: settings.pace)
    }

    private static func commands(
        from store: FleetStore, _ settings: ServiceSettings
    ) throws -> CommandJudge {
        let verifier = MessageVerifier(checking: LibcryptoSignatures(), parse: parseMessage)
        var judge = CommandJudge(channel: settings.channel, verifier: verifier)
        if let node = try store.value(StoredValue.commands) { try judge.remember(node) }
        return judge
    }
}

/// The names of single values in the store.
enum StoredValue {
    static let rollout = "rollout"
    static let commands = "commands"
}

/// What happened since the start, counted.
struct ServiceCounters {
    var steps: Int64 = 0
    var commits: Int64 = 0
    var failedCommits: Int64 = 0
    var events: Int64 = 0
    var acknowledgements: Int64 = 0
    var orders: Int64 = 0
    var looks: Int64 = 0
    var failedLooks: Int64 = 0
}

// MARK: Running

extension RolloutService {
    /// Runs until `stop` is called, or until one of its parts can't go on.
    package func run() async throws {
        ingest.publish([status(online: true)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [watch] in try await watch.run() }
            group.addTask { [ingest] in try await ingest.run() }
            group.addTask { await self.hearReports() }
            group.addTask { await self.hearDevices() }
            group.addTask { await self.keepTime() }
            defer { listeners.end() }
            // All of them end when one of them does: the program starts again as a whole.
            try await group.next()
            await stop()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    package func stop() async {
        watch.stop()
        ingest.stop()
    }

    /// A line about how things stand, from the thread that does everything: who hears it knows that
    /// this thread is alive.
    package func summary() -> String {
        let link = ingest.status
        let broker = link.isConnected ? "broker connected" : "no broker"
        let rollout =
            machine.state.current.map { "\($0.release.revision.short) \($0.standing.rawValue)" }
            ?? "no release"
        return "\(register.count) devices, \(broker), \(rollout)"
    }

    func status(online: Bool) -> LinkMessage {
        Speaker.status(
            AggregatorStatus(online: online, since: Clocks.wall()), topics: settings.topics,
            instance: settings.instance)
    }

    private func hearReports() async {
        for await report in watch.reports {
            hear(report)
            goOn()
        }
    }

    private func hearDevices() async {
        for await _ in ingest.arrivals { hearWaiting() }
    }

    /// Looks around several times a second; most of the time there is nothing to do.
    private func keepTime() async {
        while !Task.isCancelled {
            goOn()
            // What came while nothing could be kept waits, and nobody says so again.
            hearWaiting()
            // Ends early when the service does.
            try? await ContinuousClock().sleep(for: .milliseconds(200))
        }
    }
}
