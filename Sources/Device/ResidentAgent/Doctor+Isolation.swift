internal import DeviceRecords
internal import HostSystem

extension Doctor {
    /// How what a fetch leaves behind is ended, as this process could do it. The agent itself is
    /// started by its unit, which gives it at least as much.
    func isolation() -> Finding {
        do throws(SystemError) {
            let containment = try ChildContainment(prefix: AgentLoop.groupPrefix(of: root))
            switch containment.method {
            case .controlGroups:
                return .well("isolation", "what a fetch leaves behind ends with its control group")
            case .orphanSweep:
                return Finding(
                    part: "isolation", verdict: .warning,
                    detail: "what a fetch leaves behind is looked for among the agent's orphans, "
                        + "for no control group can be made: \(containment.obstacle ?? "")",
                    fix: "Run the agent as root, by its systemd unit (Delegate=yes), on a system "
                        + "with cgroup v2.")
            }
        } catch {
            return Finding(
                part: "isolation", verdict: .bad, detail: "\(error)",
                fix: "Use a kernel with control groups, or one that lets orphans be adopted.")
        }
    }

    /// Whether what parses a release can be kept from calling anywhere.
    func stagingNetwork() -> Finding {
        do throws(SystemError) {
            try NetworkAbsence().end()
            return .well("staging", "releases are read without a network")
        } catch {
            return Finding(
                part: "staging", verdict: .warning,
                detail: "releases are read by a process that could use the network: \(error)",
                fix: "Run the agent as root, on a kernel with network namespaces.")
        }
    }
}
