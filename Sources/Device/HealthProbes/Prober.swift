internal import Documents
package import FleetModel
package import HostSystem

/// What is to be done to try a check once.
package enum ProbeAttempt: Equatable, Sendable {
    case answered(ProbeResult)
    /// Run a child; it knows how to read its end.
    case child(ProbeChild)
    /// Ask systemd about this unit. UnitControl knows how.
    case unit(String)
}

/// Knows how each kind of check is tried. Nothing here waits: files are looked at in place, and all
/// that can take time is a child process, which the caller's loop runs.
package struct Prober: Sendable {
    private let root: Root
    private let worker: ChildCommand

    /// `worker` is `flotilla-worker` without arguments, as this device starts it.
    package init(root: Root, worker: ChildCommand) {
        self.root = root
        self.worker = worker
    }

    package func attempt(_ check: HealthCheck) -> ProbeAttempt {
        switch check.probe {
        case .file(let path, let contains):
            return .answered(FileProbe.run(path: path, contains: contains, below: root))
        case .command(let words):
            guard let executable = words.first else {
                return .answered(ProbeResult(passed: false, detail: "the command is empty"))
            }
            let command = ChildCommand(
                executable, Array(words.dropFirst()),
                environment: ["FLOTILLA_ROOT": root.hostPath], outputLimit: Limits.probedBytes)
            return .child(ProbeChild(command, deadline: check.timeout, speaks: .status))
        case .http, .tcp:
            var command = worker
            command.arguments.append("probe")
            command.standardInput = Array(check.json.canonical.utf8)
            command.outputLimit = 2 * Limits.reasonBytes + 1_024
            // The worker keeps the check's own time-out and says what it waited for; only names
            // that nobody answers for, or a worker that hangs, get to the end of this one.
            return .child(
                ProbeChild(command, deadline: check.timeout + .seconds(2), speaks: .result))
        case .unit(let unit):
            return .unit(unit)
        case .disk(let path, let free):
            return .answered(FloorProbe.disk(path: path, free: free, below: root))
        case .memory(let available):
            return .answered(FloorProbe.memory(available: available))
        }
    }

    /// Tries it and waits for the end; nil for a unit, which is systemd's to judge.
    package func run(_ check: HealthCheck) -> ProbeResult? {
        switch attempt(check) {
        case .answered(let result): return result
        case .child(let child): return child.run()
        case .unit: return nil
        }
    }
}
