internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import FleetModel
internal import HostSystem
internal import Transaction
internal import UnitPlanning

extension Commands {
    /// Without numbers: what on the disk is not as the current generation wants it. With two: what
    /// a move from one to the other changes. With one: from the current one to it.
    package func diff(_ first: Int?, _ second: Int?, asJSON: Bool) throws -> AgentExit {
        guard let first else { return try drift(asJSON: asJSON) }
        let from = second == nil ? try store.currentGeneration() : first
        let to = second ?? first
        guard let old = try store.generation(from), let new = try store.generation(to) else {
            say("not both generations are kept; `flotilla-agent history` lists those that are")
            return .notWell
        }
        let move = Move(to < from ? .goBack : .upgrade, from: from, to: to)
        let plan = try MovePlan(of: move, from: old, to: new, in: store)
        print(asJSON ? plan.json(from: from, to: to).pretty + "\n" : plan.text)
        return .well
    }

    private func drift(asJSON: Bool) throws -> AgentExit {
        let number = try store.currentGeneration()
        guard let record = try store.generation(number) else {
            say("the record of generation \(number) is missing")
            return .broken
        }
        let look = DriftLook(record, store: store)
        for failure in look.failures { say("not everything could be looked at: \(failure)") }
        print(
            asJSON
                ? look.json.pretty + "\n"
                : look.drifts.map { "\($0.kind.rawValue)  \($0.subject)  \($0.detail)\n" }.joined())
        return look.drifts.isEmpty && look.failures.isEmpty ? .well : .notWell
    }
}

extension MovePlan {
    /// What happens, in the order in which it does.
    fileprivate var text: String {
        var lines = changes.map { "\($0.change.rawValue)  \($0.path)" }
        lines += hooksBefore.map { "hook before  \($0.text)" }
        lines += (units.beforeFlip + units.afterFlip).map { "systemctl \($0)" }
        lines += hooksAfter.map { "hook after  \($0.text)" }
        if !rebootFor.isEmpty { lines.append("reboot  for \(rebootFor.joined(separator: ", "))") }
        return lines.map { $0 + "\n" }.joined()
    }

    fileprivate func json(from: Int, to: Int) -> JSONValue {
        [
            "version": 1, "from": .integer(Int64(from)), "to": .integer(Int64(to)),
            "paths": .array(
                changes.map { change in
                    [
                        "path": .string(change.path), "bundle": .string(change.bundle),
                        "change": .string(change.change.rawValue),
                    ]
                }),
            "unitsBefore": .array(units.beforeFlip.map { .string($0.description) }),
            "unitsAfter": .array(units.afterFlip.map { .string($0.description) }),
            "hooksBefore": .array(hooksBefore.map(\.json)),
            "hooksAfter": .array(hooksAfter.map(\.json)),
            "reboot": .array(rebootFor.map { .string($0) }),
        ]
    }
}

extension HookRun {
    fileprivate var text: String {
        "\(hook.id): \(hook.command.joined(separator: " ")) (\(paths.count) paths)"
    }

    fileprivate var json: JSONValue {
        [
            "hook": .string(hook.id), "command": .array(hook.command.map { .string($0) }),
            "paths": .array(paths.map { .string($0) }),
        ]
    }
}
