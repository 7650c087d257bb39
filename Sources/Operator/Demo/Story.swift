/// The story of one device: what has happened so far, and what it should have.
final class Story: StoryBook {
    let world: DemoWorld
    var dice: Dice

    /// The device before the agent, and with what it should have now and had before.
    let before: DeviceTree
    var gateway = SampleDevice.gateway
    var extraFolder: (source: String, path: String)?
    var current = DeviceTree()
    var previous = DeviceTree()
    /// The last good release.
    var release = ""

    init(_ world: DemoWorld, _ options: DemoOptions, _ progress: Progress) throws {
        self.world = world
        dice = Dice(seed: options.seed)
        before = try world.device.tree().withoutIdentities
        super.init(options, world.tools.watchman, progress)
    }

    /// Waits until the bytes and modes below the device's root are those of `tree`, and its status
    /// says what it should. Where an earlier look is given, nothing may have been written since.
    func check(
        _ name: String, _ tree: DeviceTree, untouchedSince earlier: DeviceTree? = nil,
        _ status: [String: Word]
    ) throws {
        try check(name) { [device = world.device] in
            let found = try device.tree()
            let touched = earlier.map { found.differences(from: $0) } ?? []
            return try found.differences(from: tree) + touched
                + device.status().differences(from: status)
        }
    }

    // MARK: What the device should have

    /// Publishes what stands on the operator's desk.
    func publish(_ message: String) throws -> String {
        progress.await("publishing: \(message)")
        return try world.desk.publish(message)
    }

    /// Publishes it, and takes it as what the device should have from now on.
    func publishGood(_ message: String) throws {
        release = try publish(message)
        previous = current
        current = try picture()
    }

    /// What the operator's files mean for the device.
    func picture() throws -> DeviceTree {
        try gateway.tree(from: world.desk.folder, over: before, extraFolder: extraFolder)
    }

    /// What status says of a device that has its release and nothing to complain of.
    var allIsWell: [String: Word] {
        [
            "exit": .exactly("0"), "revision": .exactly(release), "confirmed": .exactly("true"),
            "trust.release": .exactly(release), "problem": .nothing, "alarm": .nothing,
            "drift.count": .exactly("0"),
        ]
    }
}
