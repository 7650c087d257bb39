package import AgentMachine
internal import DeviceRecords

extension Recovery {
    /// What early boot found and did to the files. Units and the health gate are the agent's.
    package enum FileRepair: Equatable, Sendable {
        case nothing
        case undone(Move)
        case redone(Move)
        case replaced([String])
    }

    package func makeFilesWhole(
        restage: (Move) throws -> Void
    ) throws(TransactionError) -> FileRepair {
        switch try begin() {
        case .whole: return .nothing
        case .undo(let move): return .undone(move)
        case .redo(let move), .settle(let move), .reboot(let move), .giveUp(let move, _):
            try asTransaction {
                try restage(move)
                guard let old = try store.generation(move.from),
                    let new = try store.generation(move.to)
                else { return }
                do throws(Flip.Failure) {
                    try Flip(store: store).perform(move, from: old, to: new)
                } catch {
                    throw error.reason
                }
            }
            return .redone(move)
        }
    }
}
