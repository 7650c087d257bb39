internal import FleetModel
internal import HostSystem

/// The demo's story: what has happened so far, what the device should have, and which checks held.
final class Story {
    struct Check {
        var name: String
        var differences: [String]
        var hasHeld: Bool { differences.isEmpty }
    }

    let world: DemoWorld
    let options: DemoOptions
    let progress: Progress
    var dice: Dice
    private(set) var checks: [Check] = []
    private var stepCount = 0

    /// The device before the agent, and with what it should have now and had before.
    let before: DeviceTree
    var gateway = SampleGateway()
    var extraFolder: (source: String, path: String)?
    var current = DeviceTree()
    var previous = DeviceTree()
    /// The last good release.
    var release = ""

    init(_ world: DemoWorld, _ options: DemoOptions, _ progress: Progress) throws {
        self.world = world
        self.options = options
        self.progress = progress
        dice = Dice(seed: options.seed)
        before = try world.device.tree().withoutIdentities
    }

    /// A part of the story. Where it can't be carried out that counts as a check that did not hold.
    func step(_ title: String, _ body: () throws -> Void) throws {
        stepCount += 1
        progress.step(stepCount, title)
        do {
            try body()
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            note("\(title): carried out", ["\(error)"], after: .zero)
        }
    }

    /// After something did not hold, what builds on it is not worth waiting for as long.
    private var patience: Duration {
        checks.allSatisfy(\.hasHeld) ? .seconds(30) : .seconds(6)
    }

    /// Waits until the bytes and modes below the device's root are those of `tree`, and its status
    /// says what it should. Where an earlier look is given, nothing may have been written since.
    func check(
        _ name: String, _ tree: DeviceTree, untouchedSince earlier: DeviceTree? = nil,
        _ status: [String: DeviceStatus.Word]
    ) throws {
        try check(name) {
            let found = try world.device.tree()
            let touched = earlier.map { found.differences(from: $0) } ?? []
            return try found.differences(from: tree) + touched
                + world.device.status().differences(from: status)
        }
    }

    /// Waits until there are no differences any more.
    func check(_ name: String, _ differences: () throws -> [String]) throws {
        progress.await(name)
        let start = Clocks.monotonic()
        var last: [String] = []
        _ = try world.tools.watchman.wait(atMost: patience) {
            last = try differences()
            return last.isEmpty
        }
        note(name, last, after: Clocks.monotonic() - start)
    }

    func note(_ name: String, _ differences: [String], after duration: Duration) {
        checks.append(Check(name: name, differences: differences))
        if differences.isEmpty {
            progress.held(name, after: duration)
        } else {
            progress.failed(name, differences)
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
    var allIsWell: [String: DeviceStatus.Word] {
        [
            "exit": .exactly("0"), "revision": .exactly(release), "confirmed": .exactly("true"),
            "trust.release": .exactly(release), "problem": .nothing, "alarm": .nothing,
            "drift.count": .exactly("0"),
        ]
    }
}
