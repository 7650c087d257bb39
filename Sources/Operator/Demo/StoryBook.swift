internal import FleetModel
internal import HostSystem

/// What any of the demo's stories keeps: its steps, and which checks held.
class StoryBook {
    struct Check {
        var name: String
        var differences: [String]
        var hasHeld: Bool { differences.isEmpty }
    }

    let options: DemoOptions
    let progress: Progress
    let watchman: Watchman
    private(set) var checks: [Check] = []
    /// What the world's processes had said last when the first check did not hold.
    private(set) var testimony: [String] = []
    private var stepCount = 0
    /// How long a check may take to hold while all others did.
    var longestWait = Duration.seconds(30)

    init(_ options: DemoOptions, _ watchman: Watchman, _ progress: Progress) {
        self.options = options
        self.watchman = watchman
        self.progress = progress
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

    /// After something did not hold, what builds on it is not worth waiting for as long; long enough
    /// that what has nothing to do with it holds.
    var patience: Duration { checks.allSatisfy(\.hasHeld) ? longestWait : longestWait / 5 }

    /// Waits until there are no differences any more.
    func check(_ name: String, _ differences: @escaping () throws -> [String]) throws {
        try check(name, places: [differences])
    }

    /// Waits until no place has differences any more, and all of them at the same moment. They are
    /// looked at in their order, the next only where the one before is as it should be; what is told
    /// in the end is all.
    func check(_ name: String, places: [() throws -> [String]]) throws {
        progress.await(name)
        let start = Clocks.monotonic()
        let hasHeld = try watchman.wait(atMost: patience) {
            for place in places where try !look(at: place).isEmpty { return false }
            return true
        }
        let differences = hasHeld ? [] : try places.flatMap(look)
        note(name, differences, after: Clocks.monotonic() - start)
    }

    /// The same for what must hold now, and not at some time later.
    func checkNow(_ name: String, places: [() throws -> [String]]) throws {
        progress.await(name)
        let start = Clocks.monotonic()
        let differences = try places.flatMap(look)
        note(name, differences, after: Clocks.monotonic() - start)
    }

    /// A place that can't be looked at is not as it should be.
    private func look(at place: () throws -> [String]) throws -> [String] {
        do {
            return try place()
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            return ["\(error)"]
        }
    }

    func note(_ name: String, _ differences: [String], after duration: Duration) {
        checks.append(Check(name: name, differences: differences))
        if differences.isEmpty {
            progress.held(name, after: duration)
        } else {
            progress.failed(name, differences)
            if testimony.isEmpty {
                testimony = hearWitnesses(of: differences)
                for line in testimony { progress.say("      \(line)") }
            }
        }
    }

    /// The last words in the logs of those whom the differences are about.
    func hearWitnesses(of differences: [String]) -> [String] { [] }
}
