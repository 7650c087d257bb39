internal import Documents
internal import FleetModel
internal import FleetRegister
internal import RolloutEngine
internal import WireMessages

/// What a database keeps.
struct VirtualStore {
    var rows: [DeviceID: [UInt8]] = [:]
    var rollout: [UInt8]?
    /// Names of all events.
    var events: Set<String> = []

    static func name(_ device: DeviceID, _ event: DeviceEvent) -> String {
        "\(device) \(event.sequence) \(event.kind)"
    }
}

/// The aggregator: the real register and the real engine, on a virtual database.
struct VirtualAggregator {
    var store = VirtualStore()
    /// Nil while it is down.
    var process: Process?
    var life = 0

    struct Process {
        var register: DeviceRegister
        var machine: RolloutMachine
        /// The last release that it saw in Git.
        var seen = 0
        var isCommitPlanned = false
        var isListening = false
        /// Everybody it ever heard of: what the counters must add up to.
        var known: Set<DeviceID> = []
        /// What a planted fault told devices before it was written down.
        var early: [RegisterChanges] = []
    }

    /// A process that goes on from what the database has.
    func resumed(
        _ channel: ChannelName, _ pace: RolloutPace, _ git: VirtualGit,
        parse: MessageVerifier.Parsing
    ) throws -> Process {
        var rows: [DeviceRow] = []
        for (_, bytes) in store.rows.sorted(by: { $0.key < $1.key }) {
            rows.append(try DeviceRow(reading: parse(bytes), file: "store"))
        }
        var state = RolloutState(channel: channel)
        if let bytes = store.rollout {
            state = try RolloutState(reading: parse(bytes), file: "store")
        }
        // Its own floor: what it saw once, it knows.
        let seen = state.tip.flatMap { git.number(of: $0) } ?? 0
        return Process(
            register: DeviceRegister(channel: channel, rows: rows),
            machine: RolloutMachine(resuming: state, pace: pace), seen: seen,
            known: Set(rows.map(\.id)))
    }
}
