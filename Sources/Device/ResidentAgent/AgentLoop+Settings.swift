internal import AgentMachine
internal import DeviceRecords
internal import Digests
internal import FleetModel
internal import HostSystem

extension AgentLoop {
    static func pace(_ configuration: AgentConfiguration) -> AgentPace {
        AgentPace(
            device: configuration.device, fetchInterval: configuration.fetchEvery,
            scanInterval: configuration.scanEvery)
    }

    /// Of the names of this agent's control groups; another one for each device on a machine.
    static func groupPrefix(of root: Root) -> String {
        "flotilla-\(SHA256.hash(root.hostPath.utf8).description.prefix(12))"
    }

    /// Takes over what changed in the configuration. Where it is wrong the agent goes on with what
    /// it has: a typing error must not take a device out of its fleet. A channel that the anchor
    /// does not name is refused by `stage`, which says what to do.
    func readConfigurationAgain() {
        do {
            let wanted = try AgentConfiguration(of: root)
            guard wanted != configuration else {
                // Files that it names may have been put right.
                bus?.configure(wanted, leaving: leave)
                return
            }
            configuration = wanted
            bus?.configure(wanted, leaving: leave)
            machine.keep(Self.pace(wanted))
            say("the configuration has changed: \(wanted.device) on channel \(wanted.channel)")
        } catch {
            trouble("the changed configuration is not taken over: \(error)")
        }
    }

    // MARK: Telling

    /// Keeps what `status` shows. The file system below /run is memory, and a device that can't
    /// write there has worse troubles, so it only says so.
    func show(phase: String) {
        guard status.phase != phase else { return }
        status.phase = phase
        keepStatus()
    }

    func keepStatus() {
        do {
            try twice { () throws(RecordError) in
                try store.write(status, at: StateLayout.status)
            }
        } catch {
            say("the status can't be shown: \(error)")
        }
    }

    /// Something that a person should know, and that is tried again.
    func trouble(_ text: String) {
        say("trouble: \(text)")
        status.trouble = text
        keepStatus()
    }

    func say(_ text: String) { Program.writeToStandardError(text + "\n") }
}

/// A moment's lack of room, processes or descriptors is over at the second try.
func twice<Value, Failure>(_ work: () throws(Failure) -> Value) throws(Failure) -> Value {
    do throws(Failure) { return try work() } catch { return try work() }
}
