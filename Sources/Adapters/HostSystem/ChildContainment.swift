/// How everything that a child starts is ended with it. Killing its process group is not enough:
/// one call of setsid leads out of that.
package struct ChildContainment: Sendable {
    package enum Method: Equatable, Sendable {
        /// The child enters a group of its own.
        case controlGroups
        /// This process adopts what children abandon, and kills that. Nothing else in it may start
        /// children in another way.
        case orphanSweep
    }

    package let method: Method
    /// Why no control group can be made.
    package let obstacle: String?
    /// What the groups' names begin with, so that two agents on one machine don't meet.
    private let prefix: String

    /// How long what was killed may take to be gone.
    private static let patience = Duration.seconds(5)

    /// Finds out which method this machine allows.
    package init(prefix: String) throws(SystemError) {
        do throws(SystemError) {
            try ControlGroup.make(named: "\(prefix)-trial-\(Program.processID)").end(
                within: Self.patience)
            try self.init(prefix: prefix, .controlGroups)
        } catch {
            try self.init(prefix: prefix, .orphanSweep, because: error.description)
        }
    }

    package init(
        prefix: String, _ method: Method, because obstacle: String? = nil
    ) throws(SystemError) {
        self.prefix = prefix
        self.method = method
        self.obstacle = obstacle
        if method == .orphanSweep { try OrphanSweep.adoptOrphans() }
    }

    /// Ends what an earlier process of this device left behind when it was killed, and not what is
    /// in `groups`. Nobody else may be at work for the device.
    package func endLeftovers(sparing groups: [ControlGroup] = []) throws(SystemError) {
        guard method == .controlGroups else { return }
        for group in try ControlGroup.own(beginningWith: prefix) where !groups.contains(group) {
            try group.end(within: Self.patience)
        }
    }

    /// The group that a child is to enter as its first act; nil where none is needed.
    package func group(for purpose: String) throws(SystemError) -> ControlGroup? {
        guard method == .controlGroups else { return nil }
        return try ControlGroup.make(named: "\(prefix)-\(purpose)")
    }

    /// To be called when the child was reaped. When it returns, nothing that the child started is
    /// alive; children in `running` and theirs are left alone.
    package func end(_ group: ControlGroup?, sparing running: [Int32]) throws(SystemError) {
        switch method {
        case .controlGroups: try group?.end(within: Self.patience)
        case .orphanSweep: try OrphanSweep.run(sparing: running, within: Self.patience)
        }
    }
}
