internal import AgentMachine
internal import DeviceLink
internal import Digests
internal import FleetModel
internal import WireMessages

/// What a device has on its disk: it outlives every crash but not a new installation.
struct VirtualDisk {
    struct Generation {
        /// The commit.
        var release: Int
        var digest: ContentDigest
    }

    var generations: [Int: Generation] = [:]
    var current = 0
    var confirmed = 0
    var nextGeneration = 1
    var journal: (phase: MovePhase, move: Move)?
    var failed: Set<ContentDigest> = []
    /// The last release whose content it has.
    var release: Int?
    /// The last release that it accepted: its floor.
    var trustHead = 0
    var alarm: String?
    var events: [DeviceEvent] = []
    var epoch: Int64?
    var outbox: [UInt8] = []
    var order = OrderMemory()

    /// As the factory makes it: release 0 is applied.
    static func delivered(_ digest: ContentDigest) -> VirtualDisk {
        var disk = VirtualDisk()
        disk.generations[1] = Generation(release: 0, digest: digest)
        disk.current = 1
        disk.confirmed = 1
        disk.nextGeneration = 2
        disk.release = 0
        return disk
    }
}

/// One device: its disk, and what runs on it.
final class VirtualDevice {
    let index: Int
    let id: DeviceID
    let role: String
    let labels: Labels
    /// It was switched off for good before all began.
    let isGone: Bool

    var disk: VirtualDisk
    /// Raised with each start of the agent; what an earlier life asked for is answered to nobody.
    var life = 0
    /// New installations.
    var installations = 0
    var agent: AgentMachine?
    var link: LinkMachine?
    var hasNetwork = true
    /// The session with the broker, while there is one.
    var session: Int?
    /// What the agent asked for and has not got.
    var pending: AgentEffect?
    var wake: Instant?
    var told: ReportedState?
    var toldTrust = -1

    init(index: Int, isCanary: Bool, isGone: Bool, disk: VirtualDisk, role: String) {
        self.index = index
        guard let id = DeviceID("device-\(index)") else { fatalError("this is a device's id") }
        self.id = id
        self.role = role
        self.isGone = isGone
        self.disk = disk
        var labels = Labels()
        labels.add("device.id", Label(id.text, from: .builtIn))
        labels.add("role", Label(role, from: .deviceFile))
        labels.add("ring", Label(isCanary ? "canary" : "wide", from: .local))
        self.labels = labels
    }

    var isRunning: Bool { agent != nil }
    var digest: ContentDigest? { disk.generations[disk.current]?.digest }

    /// What it says of itself; the link fills in the rest.
    func report(_ git: VirtualGit, _ channel: ChannelName) -> ReportedState {
        var state = ReportedState(
            fleet: channel.fleet, channel: channel.channel, device: id, epoch: 0, sequence: 0,
            at: Instant(nanoseconds: 0), agent: "1.0.0")
        state.phase = agent?.phase ?? "idle"
        state.generation = disk.current
        state.confirmed = disk.confirmed == disk.current
        state.revision = disk.release.map { git[$0].revision }
        state.digest = digest
        state.trustHead = git[disk.trustHead].revision
        state.alarm = disk.alarm.map { String($0.prefix { $0 != " " }) }
        state.labels = labels
        return state
    }
}
