import FleetModel
import HostSystem

/// What a worker does to itself, so that whatever it reads can't make it do harm.
struct Harness {
    /// Who started it; nil where a person did.
    private let parent: Int32?

    /// The first act of every worker.
    init(_ words: inout Words) throws {
        let group = words.value(of: "--group")
        let agent = words.value(of: "--agent")
        if let group { try ControlGroup.enter(group) }
        parent = agent.flatMap { Int32($0) }
        guard agent == nil || parent != nil else { throw Usage("--agent takes a process id") }
        if let parent { try Program.endWithParent(parent) }
        try Program.closeOtherDescriptors()
    }

    /// For work that talks to servers: from here on it can do nothing else. `prepare` is the last
    /// that is done with root's rights.
    func becomeStranger(
        _ user: String, writing fileBytes: Int, memory: UInt64, prepare: () throws -> Void = {}
    ) throws {
        if Users.effectiveUserID() == 0 {
            try prepare()
            try Privileges.drop(to: user)
            if let parent { try Program.endWithParent(parent) }
        }
        try ProcessLimits(fileBytes: fileBytes, memoryBytes: memory).apply()
    }

    /// For work that needs no server: nil where this machine does not let us, which `doctor` tells.
    func leaveNetwork() -> NetworkAbsence? { try? NetworkAbsence() }
}
