internal import DeviceBus
internal import DeviceRecords
internal import Documents
internal import FleetModel
internal import HostSystem
internal import JSONDocument
internal import ReleaseTrust

extension Doctor {
    private static let patience = Duration.seconds(10)
    /// A certificate that ends so soon should be replaced.
    private static let certificateWarning = Duration.seconds(14 * 86_400)

    /// The broker, step by step as far as it gets, and what came over it.
    func link(_ configuration: AgentConfiguration) -> [Finding] {
        guard let broker = configuration.broker else { return [] }
        let store = RecordStore(root: root)
        let trial: BrokerTrial
        do {
            trial = try BrokerTrial(BusSettings(configuration, store: store), root: root)
        } catch {
            return [
                Finding(
                    part: "mqtt", verdict: .bad, detail: "\(error)",
                    fix: "Put the file right, or name another one below `broker:`; then send the "
                        + "agent a SIGHUP.")
            ]
        }
        let live = (try? store.readIfWhole(LinkStatus.self, at: StateLayout.link)) ?? LinkStatus()
        let place = "\(broker.host):\(broker.port)"
        var findings = [certificate(trial)]
        if live.state == "up", isAgentAtWork {
            findings.append(.well("mqtt", "the agent is connected to \(place)"))
            if let end = live.certificateEnd, end != trial.certificateEnd {
                findings.append(Self.oldCertificate(endsAt: end))
            }
        } else {
            findings += connection(trial, broker, configuration)
        }
        findings.append(order(live))
        return findings
    }

    private func certificate(_ trial: BrokerTrial) -> Finding {
        let left = trial.certificateEnd - Clocks.wall()
        if left > Self.certificateWarning {
            return .well("mqtt certificate", "valid until \(trial.certificateEnd)")
        }
        return Finding(
            part: "mqtt certificate", verdict: left > .zero ? .warning : .bad,
            detail: left > .zero
                ? "it ends at \(trial.certificateEnd)" : "it ended at \(trial.certificateEnd)",
            fix: "Issue a new one: flotilla ca issue DIR device ID.")
    }

    private static func oldCertificate(endsAt end: Instant) -> Finding {
        Finding(
            part: "mqtt session", verdict: .warning,
            detail:
                "the agent speaks with another certificate than the file's, which ends at \(end)",
            fix: "Let the agent read its files again: systemctl reload flotilla-agent.")
    }

    private func connection(
        _ trial: BrokerTrial, _ broker: AgentConfiguration.Broker,
        _ configuration: AgentConfiguration
    ) -> [Finding] {
        let addresses: [String]
        do {
            addresses = try trial.address.map { [$0] } ?? resolve(broker.host, broker.port)
        } catch {
            return [
                Finding(
                    part: "mqtt name", verdict: .bad, detail: "\(broker.host): \(error)",
                    fix: "Look at the name, and at the name servers in /etc/resolv.conf.")
            ]
        }
        let name = Finding.well("mqtt name", addresses.joined(separator: ", "))
        let trust = try? RecordStore(root: root).readIfWhole(TrustHead.self, at: StateLayout.trust)
        var failures: [String] = []
        for address in addresses {
            do throws(BusError) {
                try trial.connect(
                    to: address, notBefore: trust?.committed, patience: Self.patience)
                return [name, .well("mqtt", "\(broker.host):\(broker.port) welcomes this device")]
            } catch {
                failures.append("\(error)")
            }
        }
        return [
            name,
            Finding(
                part: "mqtt", verdict: .bad, detail: failures.joined(separator: "; "),
                fix: "Look at the port and the firewall, then at the broker's certificate and "
                    + "`ca:`, then at the broker's log: it says whom it refuses."),
        ]
    }

    /// As the agent has it looked up.
    func resolve(_ host: String, _ port: Int) throws -> [String] {
        var command = ChildCommand(
            worker, ["resolve", host, String(port), "--root", root.hostPath],
            outputLimit: Limits.workerOutputBytes)
        // Not among the groups that an agent which starts right now takes for its own leftovers.
        let containment = try ChildContainment(prefix: "flotilla-look-\(Program.processID)")
        let group = try containment.group(for: "resolve")
        if let group { command.arguments += ["--group", group.path] }
        let outcome = try command.run(deadline: AgentLoop.resolveDeadline)
        try containment.end(group, sparing: [])
        guard outcome.isSuccess else {
            throw AgentTrouble(
                outcome.errorText.isEmpty ? "\(outcome.status)" : outcome.errorText)
        }
        return try AgentLoop.addresses(in: outcome.output)
    }

    /// Whether a resident agent lives.
    private var isAgentAtWork: Bool {
        guard let lock = try? FileLock(StateLayout.residence, below: root) else { return true }
        _ = consume lock
        return false
    }

    private func order(_ live: LinkStatus) -> Finding {
        guard let order = live.order else {
            return .well("order", "none has come")
        }
        let age = (Clocks.wall() - order.issued).wholeHours
        let detail = "\(order.release.short) is \(order.standing), issued \(age) h ago"
        if !live.isStale { return .well("order", detail) }
        return Finding(
            part: "order", verdict: .bad, detail: "\(detail): stale",
            fix: "Look whether the aggregator lives, and whether Git gives "
                + "\(order.tip.short), which it names.")
    }
}

extension Duration {
    fileprivate var wholeHours: Int64 { components.seconds / 3_600 }
}
