internal import FleetModel
internal import HostSystem

/// `flotilla demo`: tells the whole story in a world of its own, and checks every step of it.
package enum FleetDemo {
    /// Runs it; gives the status to exit with: 0 when every check held, 1 when one did not, 3 when
    /// the demo itself could not go on, 130 when it was interrupted.
    package static func run(_ options: DemoOptions) -> Int32 {
        Program.ignoreBrokenPipe()
        let progress = Progress()
        do {
            return try tell(options, progress)
        } catch is Interrupted {
            progress.say("interrupted; everything is ended and removed")
            return 130
        } catch {
            progress.say("demo: \(error)")
            return 3
        }
    }

    private static func tell(_ options: DemoOptions, _ progress: Progress) throws -> Int32 {
        let watchman = try Watchman(watchesSignals: true)
        watchman.whileWaiting = progress.turn
        let ownPath = try Program.ownPath()
        let world = try DemoWorld(
            fleet: options.fleet, programsIn: DevicePath.parent(of: ownPath),
            watchman: watchman, fault: options.fault)
        progress.say("the world is \(world.folder.path); seed \(options.seed)")
        if let fault = options.fault { progress.say("with a fault on purpose: \(fault.rawValue)") }
        let story: Story
        do {
            story = try Story(world, options, progress)
            try run(story)
        } catch {
            try world.end()
            throw error
        }
        if options.keepsWorld {
            try world.keep(telling: progress)
        } else {
            try end(story)
        }
        return conclude(story.checks, progress)
    }

    private static func run(_ story: Story) throws {
        if story.options.fault == .heal {
            try story.world.desk.replace(
                "drift: heal ", with: "drift: report ", in: "fleet.yaml")
        }
        try story.step("A new device follows its channel", story.firstApply)
        try story.step("A good change", story.goodChange)
        try story.step("A bad change", story.badChange)
        try story.step("Somebody takes over the Git server", story.attacks)
        try story.step("The operator repairs the channel", story.recovery)
        try story.step("Somebody changes files by hand", story.drift)
        try story.step("The agent is killed while it applies", story.kills)
        try story.step("A technician holds the device", story.hold)
        try story.step("A technician goes back by hand", story.rollback)
        if !story.options.keepsWorld {
            try story.step("The device leaves the fleet", story.goodbye)
        }
    }

    private static func end(_ story: Story) throws {
        try story.step("The world ends") {
            try story.world.end()
            try story.check("no process, no port and no folder is left", story.world.leftovers)
        }
    }

    private static func conclude(_ checks: [Story.Check], _ progress: Progress) -> Int32 {
        let failed = checks.filter { !$0.hasHeld }
        progress.say("")
        for check in failed { progress.failed(check.name, check.differences) }
        progress.say("demo: \(checks.count - failed.count) of \(checks.count) checks held")
        return failed.isEmpty ? 0 : 1
    }
}
