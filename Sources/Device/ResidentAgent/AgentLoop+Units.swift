internal import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import Transaction
internal import UnitControl
internal import UnitPlanning

/// What a move does besides the files: units, and the boot after them.
extension AgentLoop {
    var unitControl: UnitControl { UnitControl(services: configuration.services) }

    // MARK: The plan

    /// All that a move does. It is made once for a move, for the records of generations are large.
    func plan(for move: Move) throws -> MovePlan {
        if let known = plans.plan(for: move) { return known }
        let plan = try makePlan(for: move)
        plans.keep(plan, for: move)
        return plan
    }

    private func makePlan(for move: Move) throws -> MovePlan {
        let new = try knownGeneration(move.to)
        if move.purpose == .heal { return MovePlan(healing: move.paths, in: new.state) }
        let old = try knownGeneration(move.from)
        return try MovePlan(of: move, from: old, to: new, in: store)
    }

    private func unitActions(for move: Move, _ moment: UnitMoment) throws -> [UnitAction] {
        switch moment {
        case .beforeFlip: try plan(for: move).units.beforeFlip
        case .afterFlip: try plan(for: move).units.afterFlip
        case .undo: try plan(for: move).units.takingBack(move.units)
        case .resume: UnitPlan.resuming(try knownGeneration(move.to).state)
        }
    }

    /// What a step did, for its event.
    func changes(of event: AgentEvent) -> [String] {
        switch event {
        case .step(let move, .units(let moment)) where configuration.services == .systemd:
            // It was made for this very step, so it is there.
            (try? unitActions(for: move, moment))?.map(\.description) ?? []
        case .step(let move, .needsReboot):
            move.rebootFor
        default:
            []
        }
    }

    // MARK: Units

    func changeUnits(of move: Move, _ moment: UnitMoment) {
        do {
            changeUnits(try unitActions(for: move, moment), failures: [])
        } catch {
            inputs.append(.unitsFailed("\(error)"))
        }
    }

    /// Does the actions one after the other. One that fails does not keep the others from being
    /// done: what has begun to move must come to rest.
    func changeUnits(_ actions: [UnitAction], failures: [String]) {
        guard let action = actions.first else {
            inputs.append(
                failures.isEmpty
                    ? .unitsChanged : .unitsFailed(failures.joined(separator: "; ")))
            return
        }
        guard let command = unitControl.command(for: action) else {
            changeUnits([], failures: failures)
            return
        }
        start(
            .units(actions, failures: failures), command, deadline: UnitControl.actionDeadline)
    }

    /// What is stopped for a move that is not to be is started again only where it ran.
    func seeUnits(of move: Move) {
        do {
            let units = try plan(for: move).units.touchedBeforeFlip
            guard !units.isEmpty, let command = unitControl.seeStandings(of: units) else {
                inputs.append(.unitsSeen([]))
                return
            }
            start(.look(units), command, deadline: UnitControl.actionDeadline)
        } catch {
            inputs.append(.unitsFailed("\(error)"))
        }
    }

    func seen(_ units: [String], _ outcome: ChildOutcome) {
        guard outcome.isSuccess,
            let standings = UnitControl.standings(of: units, in: outcome.outputText)
        else {
            inputs.append(.unitsFailed("how units stand can't be seen: \(outcome.told)"))
            return
        }
        inputs.append(.unitsSeen(standings))
    }

    // MARK: The boot

    /// Where services are none of ours, somebody else boots the machine.
    func reboot() {
        guard let command = unitControl.reboot else { return }
        guard !jobs.contains(where: { if case .reboot = $0.purpose { true } else { false } })
        else { return }
        say("the machine is booted, for a change needs it")
        start(.reboot, command, deadline: UnitControl.actionDeadline)
    }
}

extension MovePlan {
    /// What a move does on this disk: nobody needs anything for the sake of a path that stood there
    /// already as it is to be.
    init(
        of move: Move, from old: GenerationRecord, to new: GenerationRecord, in store: RecordStore
    ) throws(TransactionError) {
        let difference = try EffectiveDifference(store: store).read(for: move, from: old, to: new)
        self.init(from: old.state, to: new.state, changing: difference)
    }
}

/// The plan of the move that is under way.
struct KnownPlan {
    private var key: [Int] = []
    private var paths: [String] = []
    private var known: MovePlan?

    func plan(for move: Move) -> MovePlan? {
        move.purpose == .heal && move.paths != paths || key != [move.from, move.to] ? nil : known
    }

    mutating func keep(_ plan: MovePlan, for move: Move) {
        key = [move.from, move.to]
        paths = move.paths
        known = plan
    }

    mutating func forget() { self = KnownPlan() }
}
