internal import DeviceRecords
internal import Digests
internal import FleetModel
internal import HostSystem

/// Which failed desired states are to be tried again.
package enum RetryChoice: Equatable, Sendable {
    case all
    /// The one that failed last.
    case last
    /// The one whose digest begins like this.
    case digest(String)
}

extension Commands {
    /// Lets what failed here be tried again: the next look at Git does it. Needs no network.
    package func retry(_ choice: RetryChoice) throws -> AgentExit {
        try root.makeStateFolders()
        guard let lock = try FileLock(StateLayout.lock, below: root, within: Self.patience) else {
            return busy()
        }
        let exit = try retryAlone(choice)
        _ = consume lock
        return exit
    }

    /// Under the device's lock.
    private func retryAlone(_ choice: RetryChoice) throws -> AgentExit {
        var ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let chosen = Self.chosen(choice, ledger.failed)
        guard !chosen.isEmpty else {
            say(Self.nothing(choice, ledger.failed))
            return .notWell
        }
        if case .digest = choice, chosen.count > 1 {
            say("more than one failed state begins like this; write more of it:")
            for state in chosen { say("  \(state.digest)  \(state.reason)") }
            return .notWell
        }
        ledger.retry(chosen, at: Clocks.wall())
        try store.write(ledger, at: StateLayout.ledger)
        for state in chosen {
            say("\(state.digest) is tried again; it failed with: \(state.reason)")
        }
        say("the agent does so at its next look at Git; `flotilla-agent sync` looks now")
        return .well
    }

    private static func chosen(
        _ choice: RetryChoice, _ failed: [Ledger.FailedState]
    ) -> [Ledger.FailedState] {
        switch choice {
        case .all: failed
        case .last: Array(failed.suffix(1))
        case .digest(let text):
            failed.filter { $0.digest.description.utf8.starts(with: text.utf8) }
        }
    }

    private static func nothing(
        _ choice: RetryChoice, _ failed: [Ledger.FailedState]
    ) -> String {
        if failed.isEmpty { return "nothing is remembered as failed" }
        let known = failed.map { "  \($0.digest)  \($0.reason)" }.joined(separator: "\n")
        return "no failed state has this digest; these are remembered:\n\(known)"
    }
}

extension Ledger {
    /// Forgets that these failed, and tells it.
    mutating func retry(_ states: [FailedState], at now: Instant) {
        let digests = Set(states.map(\.digest))
        failed.removeAll { digests.contains($0.digest) }
        for state in states {
            append(
                Outcome(
                    kind: "retry", revision: state.revision, digest: state.digest,
                    detail: "to be tried again by hand; it had failed: \(state.reason)", at: now))
        }
        // Whatever the channel wants is judged anew.
        if rejection?.kind == "knownBad" { rejection = nil }
    }
}
