internal import FleetModel
internal import Foundation
internal import HostSystem

/// The story of twelve devices: what each should have, and three places that say whether it does:
/// the bytes below its root, its own `status --json`, and the aggregator's API.
final class FleetStory: StoryBook {
    let world: FleetWorld
    /// Each device's picture of its own values, by id.
    var samples: [String: SampleDevice]
    /// The devices before their agents.
    private(set) var before: [String: DeviceTree] = [:]
    /// What they should have.
    var current: [String: DeviceTree] = [:]
    /// A folder that a part of the story adds to gateways.
    var extraFolder: (source: String, path: String)?
    /// The last good release.
    var release = ""

    static let canary = FleetRoster.canary
    let all = FleetRoster.devices.map(\.id)
    var others: [String] { all.filter { $0 != Self.canary } }

    init(_ world: FleetWorld, _ options: DemoOptions, _ progress: Progress) throws {
        self.world = world
        samples = Dictionary(
            uniqueKeysWithValues: FleetRoster.devices.map { ($0.id, $0) })
        super.init(options, world.tools.watchman, progress)
        // A broker that was away is found again within a minute.
        longestWait = .seconds(100)
        for device in world.devices {
            before[device.id] = try device.tree().withoutIdentities
        }
        current = before
    }

    override func hearWitnesses(of differences: [String]) -> [String] {
        lastWords(about: differences)
    }

    func ids(_ roles: SampleDevice.Role...) -> [String] {
        FleetRoster.devices.filter { roles.contains($0.role) }.map(\.id)
    }

    // MARK: Releases

    /// Publishes what stands on the operator's desk, and tells the aggregator as a hook would.
    func publish(_ message: String) throws -> String {
        progress.await("publishing: \(message)")
        let release = try world.desk.publish(message)
        try world.aggregator?.hook()
        return release
    }

    /// A release whose canary has to be well for so long that everything can be looked at meanwhile,
    /// on a slow machine too. Gives the time that has to pass to be sure that it is over.
    func publishWithLongSoak(_ message: String) throws -> Duration {
        let soak = 8
        try world.desk.write("rollout.yaml", FleetRoster.rollout(soak: soak))
        try publishGood(message)
        try world.desk.write("rollout.yaml", FleetRoster.rollout())
        return .seconds(soak + 2)
    }

    /// Publishes it, and takes it as what all devices should have from now on.
    func publishGood(_ message: String) throws {
        release = try publish(message)
        current = try picture()
    }

    /// What the operator's files mean for each device.
    func picture() throws -> [String: DeviceTree] {
        try samples.mapValues { sample in
            try sample.tree(
                from: world.desk.folder, over: before[sample.id] ?? DeviceTree(),
                extraFolder: sample.role == .gateway ? extraFolder : nil)
        }
    }

    /// Replaces a kernel setting that all devices have.
    func setPanic(_ seconds: Int) throws {
        let file = "bundles/sysctl/files/60-fleet.conf"
        let text = try world.desk.read(file)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("kernel.panic =") ? "kernel.panic = \(seconds)" : String(line)
        }
        try world.desk.write(file, lines.joined(separator: "\n"))
    }

    // MARK: What is expected

    /// A device that has the last good release and nothing to complain of.
    func settled(_ id: String) -> Expectation {
        Expectation(
            tree: current[id] ?? DeviceTree(),
            status: [
                "exit": .exactly("0"), "revision": .exactly(release),
                "confirmed": .exactly("true"), "trust.release": .exactly(release),
                "problem": .nothing, "alarm": .nothing, "drift.count": .exactly("0"),
                "link.state": .exactly("up"),
            ],
            row: [
                "state": .oneOf(["succeeded", "unchanged"]), "presence": .exactly("online"),
                "revision": .exactly(release), "confirmed": .exactly("true"),
                "problem": .nothing, "alarm": .nothing, "drift": .exactly("0"),
            ])
    }

    /// The rollout of the last good release is through.
    var isComplete: [String: Word] {
        ["current.release": .exactly(release), "current.standing": .exactly("complete")]
    }

    /// The same for several devices.
    func each(_ ids: [String], _ expected: (String) throws -> Expectation) rethrows
        -> [String: Expectation]
    {
        var expectations: [String: Expectation] = [:]
        for id in ids { expectations[id] = try expected(id) }
        return expectations
    }

    /// How the devices are at this moment, to know later whether anybody wrote to them.
    func look(_ ids: [String]) throws -> [String: DeviceTree] {
        var trees: [String: DeviceTree] = [:]
        for id in ids { trees[id] = try world.device(id).tree() }
        return trees
    }
}
