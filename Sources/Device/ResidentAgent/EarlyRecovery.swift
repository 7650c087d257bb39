internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import FleetModel
package import HostSystem
internal import Transaction
internal import UnitControl
internal import UnitPlanning

/// `flotilla-agent recover`: early at boot, before anything reads its configuration, the files are made
/// whole. The gate, everything that needs a network, and units but for those that leave stay for the agent.
///
/// It ends by itself, whatever happens: a device that boots with an old file can be helped, and one
/// that does not boot can't.
package struct EarlyRecovery {
    private let root: Root
    private let store: RecordStore
    /// Where `flotilla-worker` stands.
    private let worker: String

    /// For all of it. Beyond that the kernel ends it, at a moment at which any moment is good.
    private static let deadline = Duration.seconds(100)
    /// For making contents again, which is most of the work.
    private static let restageDeadline = Duration.seconds(80)
    /// So early nobody else should be at work.
    private static let lockPatience = Duration.seconds(5)
    /// For one unit that leaves with a generation that is given up.
    private static let unitDeadline = Duration.seconds(5)

    package init(root: Root, worker: String) {
        self.root = root
        self.worker = worker
        store = RecordStore(root: root)
    }

    package func run() -> AgentExit {
        Program.endBySignal(after: Self.deadline)
        do {
            try root.makeStateFolders()
            let lock = try FileLock(StateLayout.lock, below: root, within: Self.lockPatience)
            guard lock != nil else {
                say("somebody else is changing this device, and puts it right")
                return .well
            }
            try recover()
            _ = consume lock
            return .well
        } catch {
            say("the files are not made whole: \(error); the agent will try again")
            return .notWell
        }
    }

    private func recover() throws {
        for line in try RecordRepair(store: store).run(at: Clocks.wall()) { say(line) }
        if let move = try Recovery(store: store).begin().trial { try charge(move) }
        try endWhatLeaves()
        switch try makeFilesWhole() {
        case .nothing: say("all files are whole")
        case .undone(let move):
            say("generation \(move.to) was not begun; generation \(move.from) is whole")
        case .redone(let move): try tell("the files of generation \(move.to) were placed again")
        case .replaced(let paths):
            let shown = paths.prefix(10).joined(separator: ", ")
            try tell("\(paths.count) files came back as they were, and were placed again: \(shown)")
        }
    }

    private func makeFilesWhole() throws -> Recovery.FileRepair {
        try Recovery(store: store).makeFilesWhole(restage: restage)
    }

    private func restage(_ move: Move) throws {
        var command = ChildCommand(
            worker, ["restage", "--root", root.hostPath, "--agent", String(Program.processID)])
        command.standardInput = Array(Journal(phase: .flipping, move: move).json.canonical.utf8)
        let outcome = try command.run(deadline: Self.restageDeadline)
        guard outcome.isSuccess else {
            throw AgentTrouble(
                "contents are not made again: \(outcome.status): \(outcome.errorText)")
        }
    }

    // MARK: Boots

    /// A generation that lets the machine crash before the agent begins can only be stopped here.
    private func charge(_ move: Move) throws {
        let known = try store.readIfWhole(BootCount.self, at: StateLayout.boots)
        let count = BootCount.seen(
            known, generation: move.to, boot: try Clocks.bootID())
        if count != known { try store.write(count, at: StateLayout.boots) }
        guard
            let reason = count.verdict(
                maxBoots: configuration?.maxBoots ?? AgentConfiguration.defaultMaxBoots)
        else { return }
        try giveUp(move, because: reason)
    }

    /// Begins the way back: its files are placed here, and what leaves with it is stopped.
    private func giveUp(_ move: Move, because reason: String) throws {
        let back = move.back(because: reason)
        say("generation \(move.to) is given up: \(reason)")
        try note(.failed(generation: move.to, reason: reason))
        try store.write(Journal(phase: .flipping, move: back), at: StateLayout.journal)
        try store.remove(StateLayout.boots)
    }

    /// A unit can only be stopped and disabled while its file is there, so a way back that flips here
    /// does it here. At a boot nothing runs yet, but what was enabled is about to be started.
    private func endWhatLeaves() throws {
        guard let move = try store.read(Journal.self, at: StateLayout.journal)?.move,
            move.purpose == .goBack, try store.currentGeneration() == move.from,
            let old = try store.generation(move.from), let new = try store.generation(move.to)
        else { return }
        let control = UnitControl(services: configuration?.services ?? .none)
        for action in try MovePlan(of: move, from: old, to: new, in: store).units.beforeFlip {
            guard let command = control.command(for: action) else { continue }
            let outcome = try command.run(deadline: Self.unitDeadline)
            if !outcome.isSuccess { say("\(action): \(outcome.status): \(outcome.errorText)") }
        }
    }

    /// A configuration that can't be read keeps nobody's files from being whole.
    private var configuration: AgentConfiguration? { try? AgentConfiguration(of: root) }

    // MARK: Telling

    private func note(_ event: AgentEvent) throws {
        var ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let changed = ledger.note(event, at: Clocks.wall()) { try? store.generation($0) }
        if changed { try store.write(ledger, at: StateLayout.ledger) }
    }

    private func tell(_ text: String) throws {
        say(text)
        var ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        ledger.append(
            Ledger.Outcome(
                kind: "recovered", generation: try store.currentGeneration(), detail: text,
                at: Clocks.wall()))
        try store.write(ledger, at: StateLayout.ledger)
    }

    private func say(_ text: String) { Program.writeToStandardError("recover: \(text)\n") }
}
