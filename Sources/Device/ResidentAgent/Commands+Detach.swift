internal import AgentMachine
internal import DeviceRecords
internal import HostSystem
internal import Transaction

extension Commands {
    /// Before the agent is taken off the device: files that are links through its state folder become
    /// files of their own. An agent that is at work would take that for drift, so there must be none.
    package func detach() throws -> AgentExit {
        guard try root.exists(StateLayout.current) else {
            say("nothing was ever brought to this device")
            return .well
        }
        guard let residence = try FileLock(StateLayout.residence, below: root) else {
            say("the agent is at work and would put the links back; stop it first")
            return .busy
        }
        guard let lock = try FileLock(StateLayout.lock, below: root, within: Self.patience) else {
            return busy()
        }
        let exit = try replaceLinks()
        _ = consume lock
        _ = consume residence
        return exit
    }

    private func replaceLinks() throws -> AgentExit {
        let journal = try store.read(Journal.self, at: StateLayout.journal)
        guard journal?.phase != .flipping else {
            say("a move is half done: make the files whole first, with `flotilla-agent sync`")
            return .notWell
        }
        let number = try store.currentGeneration()
        guard let record = try store.generation(number) else {
            say(
                "the record of generation \(number) is missing, so nobody knows which files are its "
                    + "own: go back to one that `flotilla-agent history` lists")
            return .broken
        }
        let paths = try Detachment(store: store).run(record)
        say(
            "\(paths.count) links became files; the device keeps what generation \(number) brought, "
                + "without the agent")
        return .well
    }
}
