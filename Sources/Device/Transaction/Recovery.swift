package import AgentMachine
package import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Finds out at start where a kill or a power cut left the device, and clears away what nobody will
/// use any more.
package struct Recovery {
    let store: RecordStore
    var root: Root { store.root }

    package init(store: RecordStore) { self.store = store }

    /// Where the agent has to go on. Before the commit point of an upgrade the old generation is
    /// untouched, and what was staged is removed here; after it, the move is to be staged and
    /// flipped again.
    package func begin() throws(TransactionError) -> StartPosition {
        try asTransaction {
            let journal = try store.read(Journal.self, at: StateLayout.journal)
            let ledger = try store.read(Ledger.self, at: StateLayout.ledger)
            let position = StartPosition(
                journal: journal.map { ($0.phase, $0.move) },
                current: try store.currentGeneration(), confirmed: ledger?.confirmed ?? 0,
                isRebooted: try journal?.isRebooted(in: Clocks.bootID()) ?? true)
            switch position {
            case .whole: try settle()
            case .undo: try removeLeftovers()
            case .redo, .settle, .reboot, .giveUp: break
            }
            return position
        }
    }

    /// Throws away a generation that is not going to be, or not any more; never the current one.
    package func discard(generation: Int) throws(TransactionError) {
        try Stage(store: store).remove(generation: generation)
        try asTransaction {
            guard try store.currentGeneration() != generation else { return }
            try root.removeTree(StateLayout.generation(generation))
        }
    }

    /// To be called when the device is whole and nothing is under way: after a confirmation, a way
    /// back, and at a clean start. Forgets the originals of paths that the current generation does
    /// not hold.
    package func settle() throws(TransactionError) {
        try asTransaction {
            try removeLeftovers()
            try removeUnborn()
            // A record that can't be read does not say what may be forgotten.
            let record = try store.generationIfWhole(store.currentGeneration())
            if let record { try Originals(store: store).forget(allBut: record.state) }
        }
    }

    /// Removes the folders of generations that nobody can go back to any more.
    package func forgetGenerations(allBut kept: Set<Int>) throws(TransactionError) {
        try asTransaction {
            for generation in try generations() where !kept.contains(generation) {
                try discard(generation: generation)
            }
        }
    }

    /// Staged files of all generations, and the link that was about to become `current`.
    private func removeLeftovers() throws {
        for generation in try generations() {
            try Stage(store: store).remove(generation: generation)
        }
        try root.unlink(StateLayout.current + ".new", missingIsFine: true)
    }

    /// Generations that were being staged when the agent was killed. Numbers only rise, so what is
    /// above all that ever stood here never did, and nobody will finish it under this number.
    private func removeUnborn() throws {
        guard let ledger = try store.read(Ledger.self, at: StateLayout.ledger) else { return }
        let known = [try store.currentGeneration(), ledger.confirmed, ledger.previous ?? 0]
        // Steps are told of before anything stands.
        let told = ledger.outcomes.filter { !$0.isStep }.compactMap(\.generation)
        let newest = (known + told).max() ?? 0
        for generation in try generations() where generation > newest {
            try discard(generation: generation)
        }
    }

    private func generations() throws -> [Int] {
        let names = try root.listFolder(StateLayout.generations, limit: 10_000) ?? []
        return names.compactMap { Int($0) }.sorted()
    }
}
