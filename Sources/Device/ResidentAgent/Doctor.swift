internal import AgentMachine
package import DeviceRecords
internal import Documents
internal import FleetModel
package import HostSystem
internal import ReleaseTrust

/// Looks at everything that the agent needs, and says of each part whether it is well and, where it
/// is not, what to do.
package struct Doctor {
    let root: Root
    let store: RecordStore
    let worker: String

    package init(root: Root, worker: String) {
        self.root = root
        store = RecordStore(root: root)
        self.worker = worker
    }

    struct Finding {
        enum Verdict: String { case well, warning, bad }

        var part: String
        var verdict: Verdict
        var detail: String
        var fix = ""

        static func well(_ part: String, _ detail: String) -> Finding {
            Finding(part: part, verdict: .well, detail: detail)
        }
    }

    /// What a configuration asks for that this device can't do, though each key is well formed.
    package static func check(_ configuration: AgentConfiguration) throws {
        let user = configuration.repository.fetchUser
        guard let number = try Users.lookUpUser(user) else {
            throw AgentTrouble(
                "\(StateLayout.configuration): the user \(user) does not exist. Make it, or name "
                    + "another one as `repository: {fetchUser: …}`.")
        }
        if number == 0 {
            throw AgentTrouble(
                "\(StateLayout.configuration): fetching as root is refused. Name an unprivileged "
                    + "user as `repository: {fetchUser: …}`.")
        }
    }

    package func run(asJSON: Bool) throws -> AgentExit {
        let findings = examine()
        if asJSON {
            try Program.writeToStandardOutput(Self.json(findings).pretty + "\n")
        } else {
            for finding in findings {
                let fix = finding.fix.isEmpty ? "" : "\n         fix: \(finding.fix)"
                let line = "\(finding.verdict.rawValue)  \(finding.part): \(finding.detail)\(fix)"
                try Program.writeToStandardOutput(line + "\n")
            }
        }
        return findings.contains { $0.verdict == .bad } ? .notWell : .well
    }

    /// The same for a file.
    var report: JSONValue { Self.json(examine()) }

    private static func json(_ findings: [Finding]) -> JSONValue {
        [
            "version": 1,
            "findings": .array(
                findings.map { finding in
                    [
                        "part": .string(finding.part),
                        "verdict": .string(finding.verdict.rawValue),
                        "detail": .string(finding.detail), "fix": .string(finding.fix),
                    ]
                }),
        ]
    }

    private func examine() -> [Finding] {
        var findings = [clock(), disk(), state(), drift(), isolation(), stagingNetwork()]
        do throws(RecordError) {
            let configuration = try AgentConfiguration(of: root)
            findings.append(
                .well("configuration", "\(configuration.device) on \(configuration.channel)"))
            findings.append(trust(configuration))
            findings.append(user(configuration))
            findings.append(contentsOf: gitName(configuration))
            findings.append(contentsOf: network(configuration))
            findings.append(contentsOf: link(configuration))
        } catch {
            findings.append(
                Finding(
                    part: "configuration", verdict: .bad, detail: "\(error)",
                    fix: "Correct \(StateLayout.configuration)."))
        }
        return findings
    }

    // MARK: The parts

    private func clock() -> Finding {
        let now = Clocks.wall()
        guard let head = try? store.read(TrustHead.self, at: StateLayout.trust) else {
            return .well("clock", "\(now), with no signed time to compare it with")
        }
        if now < head.committed {
            return Finding(
                part: "clock", verdict: .bad,
                detail: "\(now) is before the last release, \(head.committed)",
                fix: "Set the clock, or start a time service such as systemd-timesyncd.")
        }
        return .well("clock", "\(now)")
    }

    private func disk() -> Finding {
        do throws(SystemError) {
            let free = try root.freeBytes(at: "/")
            // Twice the largest single file that a release may bring.
            guard free >= 2 * Limits.fileBytes else {
                return Finding(
                    part: "disk", verdict: .warning, detail: "\(free >> 20) MiB are free",
                    fix: "Free some space on the file system of \(StateLayout.state).")
            }
            return .well("disk", "\(free >> 20) MiB are free")
        } catch {
            return Finding(part: "disk", verdict: .bad, detail: "\(error)")
        }
    }

    private func state() -> Finding {
        do throws(RecordError) {
            let number = try store.currentGeneration()
            guard try store.generation(number) != nil else {
                return Finding(
                    part: "state", verdict: .bad,
                    detail: "the record of generation \(number) is missing",
                    fix: "Go to another one with `flotilla-agent rollback --to N`.")
            }
            if let journal = try store.read(Journal.self, at: StateLayout.journal) {
                return Finding(
                    part: "state", verdict: .warning,
                    detail: "a move to generation \(journal.move.to) is under way",
                    fix: "Let the agent finish it: `flotilla-agent sync`.")
            }
            return .well("state", "generation \(number)")
        } catch {
            return Finding(
                part: "state", verdict: .bad, detail: "\(error)",
                fix: "Remove the damaged file; the agent starts over from its anchor.")
        }
    }

    private func trust(_ configuration: AgentConfiguration) -> Finding {
        do throws(RecordError) {
            guard let anchor = try store.read(TrustAnchor.self, at: StateLayout.anchor) else {
                return Finding(
                    part: "trust", verdict: .bad, detail: "\(StateLayout.anchor) is missing",
                    fix: "Put there what `flotilla anchor` prints in the fleet repository.")
            }
            guard anchor.channel.channel == configuration.channel else {
                return Finding(
                    part: "trust", verdict: .bad,
                    detail: "the anchor is for \(anchor.channel)",
                    fix: "Make `channel:` in \(StateLayout.configuration) agree with it.")
            }
            return .well("trust", "\(anchor.channel) from release \(anchor.release.short)")
        } catch {
            return Finding(
                part: "trust", verdict: .bad, detail: "\(error)",
                fix: "Put there what `flotilla anchor` prints in the fleet repository.")
        }
    }

    private func user(_ configuration: AgentConfiguration) -> Finding {
        let user = configuration.repository.fetchUser
        do throws(SystemError) {
            switch try Users.lookUpUser(user) {
            case nil:
                return Finding(
                    part: "user", verdict: .bad, detail: "the user \(user) does not exist",
                    fix:
                        "systemd-sysusers makes it, or: useradd --system --shell /usr/sbin/nologin \(user)"
                )
            case 0:
                return Finding(
                    part: "user", verdict: .bad, detail: "fetching as root is refused",
                    fix: "Name an unprivileged user as `repository: {fetchUser: …}`.")
            case let number?:
                return .well("user", "\(user) (\(number)) fetches")
            }
        } catch {
            return Finding(part: "user", verdict: .bad, detail: "\(error)")
        }
    }

    /// The worker tries it, as the agent would have it tried: as the unprivileged user.
    private func network(_ configuration: AgentConfiguration) -> [Finding] {
        var fetch = ChildCommand(worker, ["fetch", "--root", root.hostPath])
        do throws(SystemError) {
            try root.makeStateFolders()
            let containment = try ChildContainment(prefix: AgentLoop.groupPrefix(of: root))
            // A fetch begins with emptying the incoming folder: never under the agent's feet.
            guard let lock = try FileLock(StateLayout.lock, below: root) else {
                return [.well("git", "not tried, for the agent is at work")]
            }
            let group = try containment.group(for: "doctor")
            if let group { fetch.arguments += ["--group", group.path] }
            let outcome = try fetch.run(deadline: .seconds(90))
            try containment.end(group, sparing: [])
            _ = consume lock
            if outcome.isSuccess {
                return [.well("git", "\(configuration.repository.url) answers")]
            }
            return [
                Finding(
                    part: "git", verdict: .bad,
                    detail: "\(configuration.repository.url): \(outcome.errorText)",
                    fix: "Look at the address, the name server, the certificates and the branch.")
            ]
        } catch {
            return [
                Finding(
                    part: "worker", verdict: .bad, detail: "\(error)",
                    fix: "Install flotilla-worker beside flotilla-agent.")
            ]
        }
    }
}
