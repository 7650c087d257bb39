import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// The real agent, and what it forgives a release.
@Suite struct ForgivenChecksTests {
    /// A release with one folder, and checks of that folder's mode and of a sensor.
    private func prepare(_ generation: Int, mode: UInt16, in bench: AgentBench) throws {
        let checks = [
            ("mode", "[ $(stat -c %a $FLOTILLA_ROOT/srv/data) = 755 ]"),
            ("sensor", "[ -e $FLOTILLA_ROOT/sensor ]"),
        ].map { name, text in
            HealthCheck(
                name: name, bundle: "b", probe: .command(["sh", "-c", text]),
                timeout: .seconds(20))
        }
        let record = GenerationRecord(
            number: generation, revision: Revision(AgentBench.tip), created: Clocks.wall(),
            state: DesiredState(
                bundles: [BundlePolicy(name: "b")],
                directories: [DesiredDirectory(path: "/srv/data", bundle: "b", mode: mode)],
                health: HealthGate(settle: .zero, deadline: .zero, checks: checks)))
        try bench.write("/prepared/\(generation)", record.json.pretty)
    }

    /// A worker that stages the release whose number stands in `next`.
    private func bench(in folder: URL) throws -> AgentBench {
        let bench = try AgentBench(in: folder)
        try bench.configure(fetchEvery: "1h")
        try bench.script(
            """
            case $1 in
            fetch) fetched ;;
            stage)
                number=$(cat "$DEVICE/next") state="$DEVICE/var/lib/flotilla/generations"
                mkdir -p "$state/$number"
                cp "$DEVICE/prepared/$number" "$state/$number/generation.json"
                echo '{"format":1,"refusal":null,"verdict":{"kind":"staged","generation":'$number','
                echo '"revision":"\(AgentBench.tip)"}}' ;;
            restage) echo '{"format":1}' ;;
            esac
            """)
        try bench.write("/sensor", "")
        try prepare(1, mode: 0o755, in: bench)
        try sync(to: 1, bench)
        #expect(try kinds(bench) == ["confirmed"])
        return bench
    }

    private func sync(to generation: Int, _ bench: AgentBench) throws {
        try bench.write("/next", "\(generation)")
        _ = try bench.runAgent(["sync"])
    }

    private func kinds(_ bench: AgentBench) throws -> [String] {
        let outcomes = try bench.store.read(Ledger.self, at: StateLayout.ledger)?.outcomes ?? []
        return outcomes.filter { !$0.isStep }.map(\.kind)
    }

    @Test("An edit by hand that fails a check is healed first, and excuses no release that does so")
    func editByHand() throws {
        try withTemporaryFolder { folder in
            let bench = try bench(in: folder)
            #expect(chmod("\(bench.device)/srv/data", 0o700) == 0)
            try prepare(2, mode: 0o700, in: bench)
            try sync(to: 2, bench)
            #expect(
                try kinds(bench) == ["confirmed", "drift", "healed", "failed", "rolledBack"],
                "\(bench.logText())")
            #expect(try bench.root.status(of: "/srv/data")?.mode == 0o755)
            #expect(try bench.store.currentGeneration() == 1)
        }
    }

    @Test("A device that was sick before gets its release, and says what was failing")
    func sickBefore() throws {
        try withTemporaryFolder { folder in
            let bench = try bench(in: folder)
            try bench.root.unlink("/sensor")
            try prepare(3, mode: 0o755, in: bench)
            try sync(to: 3, bench)
            let ledger = try #require(try bench.store.read(Ledger.self, at: StateLayout.ledger))
            #expect(
                ledger.ends.map(\.kind) == ["confirmed", "confirmed"])
            #expect(ledger.outcomes.last?.detail == "was failing before: b/sensor")
        }
    }
}
