internal import FleetModel
internal import HostSystem

/// `flotilla demo`: tells a whole story in a world of its own, and checks every step of it.
package enum FleetDemo {
    /// Runs it; gives the status to exit with: 0 when every check held, 1 when one did not, 3 when
    /// the demo itself could not go on, 130 when it was interrupted.
    package static func run(_ options: DemoOptions) -> Int32 {
        Program.ignoreBrokenPipe()
        let progress = Progress()
        do {
            let watchman = try Watchman(watchesSignals: true)
            watchman.whileWaiting = progress.turn
            let programs = DevicePath.parent(of: try Program.ownPath())
            try Toolbox.requirePrograms(in: programs, for: options.story)
            switch options.story {
            case .fleet: return try tellFleet(options, programs, watchman, progress)
            case .device: return try tellDevice(options, programs, watchman, progress)
            }
        } catch is Interrupted {
            progress.say("interrupted; everything is ended and removed")
            return 130
        } catch {
            progress.say("demo: \(error)")
            return 3
        }
    }

    private static func open(_ folder: WorldFolder, _ options: DemoOptions, _ progress: Progress) {
        progress.say("the world is \(folder.path); seed \(options.seed)")
        if let fault = options.fault { progress.say("with a fault on purpose: \(fault.rawValue)") }
    }

    /// What did not hold, the first of it last: all after it may be for the same reason.
    private static func conclude(_ story: StoryBook, _ progress: Progress) -> Int32 {
        let failed = story.checks.filter { !$0.hasHeld }
        progress.say("")
        for check in failed.dropFirst().reversed() { progress.failed(check.name, []) }
        if let first = failed.first {
            progress.failed("at first: \(first.name)", first.differences, atMost: 4)
            for line in story.testimony { progress.say("      \(line)") }
        }
        progress.say(
            "demo: \(story.checks.count - failed.count) of \(story.checks.count) checks held")
        return failed.isEmpty ? 0 : 1
    }
}

// MARK: Any story

/// What a story happens in. It ends with the story, or is kept for a look around.
protocol StoryWorld {
    func keep(telling progress: Progress) throws
    func end() throws
    /// What is still there of it.
    func leftovers() throws -> [String]
}

extension FleetWorld: StoryWorld {}
extension DemoWorld: StoryWorld {}

extension FleetDemo {
    private static func tell(
        in world: some StoryWorld, _ options: DemoOptions, _ progress: Progress,
        _ course: () throws -> StoryBook
    ) throws -> Int32 {
        let story: StoryBook
        do {
            story = try course()
        } catch {
            try world.end()
            throw error
        }
        if options.keepsWorld {
            try world.keep(telling: progress)
        } else {
            try story.step("The world ends") {
                try world.end()
                try story.check("no process, no port and no folder is left", world.leftovers)
            }
        }
        return conclude(story, progress)
    }
}

// MARK: Twelve devices

extension FleetDemo {
    private static func tellFleet(
        _ options: DemoOptions, _ programs: String, _ watchman: Watchman, _ progress: Progress
    ) throws -> Int32 {
        let world = try FleetWorld(options, programsIn: programs, watchman: watchman)
        open(world.folder, options, progress)
        return try tell(in: world, options, progress) {
            let story = try FleetStory(world, options, progress)
            try run(story)
            return story
        }
    }

    private static func run(_ story: FleetStory) throws {
        try story.step("Twelve devices, and nothing on them", story.arrival)
        try story.step("The first rollout", story.firstRollout)
        try story.step("Good changes", story.goodChange)
        try story.step("A bad change", story.badChange)
        try story.step("Somebody has the Git server and kills the broker", story.attacks)
        try story.step("Both come back", story.recovery)
        try story.step("Somebody changes files by hand", story.drift)
        try story.step(
            "The aggregator is killed in the middle of a rollout", story.aggregatorKilled)
        try story.step("An agent is killed while it applies", story.agentKilled)
        try story.step("A device is off during a rollout", story.latecomer)
        try story.step("An operator pauses", story.pause)
        try story.step("At a glance", story.glance)
    }
}

// MARK: One device

extension FleetDemo {
    private static func tellDevice(
        _ options: DemoOptions, _ programs: String, _ watchman: Watchman, _ progress: Progress
    ) throws -> Int32 {
        let world = try DemoWorld(
            fleet: options.fleet, programsIn: programs, watchman: watchman, fault: options.fault)
        open(world.folder, options, progress)
        return try tell(in: world, options, progress) {
            let story = try Story(world, options, progress)
            try run(story)
            return story
        }
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
}
