import DeviceBus
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// The real agent after a flip that touches the network.
@Suite struct WayHomeTests {
    /// A release that makes a folder of the network's configuration; generation 1.
    private func stage(in bench: AgentBench, wayHome: Duration = .seconds(2)) throws {
        try bench.root.makeStateFolders()
        let state = DesiredState(
            bundles: [BundlePolicy(name: "b")],
            directories: [DesiredDirectory(path: "/etc/network/new", bundle: "b")],
            health: HealthGate(settle: .zero, wayHome: wayHome))
        let record = GenerationRecord(
            number: 1, revision: Revision(AgentBench.tip), created: Clocks.wall(),
            state: state)
        try bench.root.makeFolders(StateLayout.generation(1))
        try bench.store.write(record, at: StateLayout.record(of: 1))
    }

    /// A worker that stages generation 1, and whose Git can be reached the first time, and then
    /// where `reach` says so.
    private func script(_ bench: AgentBench, reach: String) throws {
        try bench.script(
            """
            case $1 in
            fetch)
                if [ ! -e "$DEVICE/fetched" ]; then touch "$DEVICE/fetched"; fetched
                elif \(reach); then fetched
                else echo "no route to password=hunter2" >&2; exit 1
                fi ;;
            stage)
                echo '{"format":1,"refusal":null,"verdict":{"kind":"staged","generation":1,'
                echo '"revision":"\(AgentBench.tip)"}}' ;;
            restage) echo '{"format":1}' ;;
            resolve) echo '{"addresses":["127.0.0.1"],"format":1}' ;;
            esac
            """)
    }

    private func ledger(_ bench: AgentBench) throws -> Ledger {
        try #require(try bench.store.read(Ledger.self, at: StateLayout.ledger))
    }

    private func withRelease(
        reach: String, _ body: (AgentBench, Ledger) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.configure(fetchEvery: "1h")
            try stage(in: bench)
            try script(bench, reach: reach)
            _ = try bench.runAgent(["sync"])
            try body(bench, ledger(bench))
            #expect(try bench.store.read(Journal.self, at: StateLayout.journal) == nil)
        }
    }

    @Test("Git that answers after the flip confirms it")
    func confirmed() throws {
        try withRelease(reach: "true") { (bench, ledger) throws in
            #expect(ledger.ends.map(\.kind) == ["confirmed"])
            #expect(try bench.root.exists("/etc/network/new"))
        }
    }

    @Test("Git that answers only without the release is its failure, which is remembered")
    func releaseAtFault() throws {
        try withRelease(reach: "[ ! -e \"$DEVICE/etc/network/new\" ]") { (bench, ledger) throws in
            #expect(ledger.ends.map(\.kind) == ["failed", "rolledBack"])
            #expect(ledger.failed.count == 1)
            let reason = try #require(ledger.failed.first?.reason)
            #expect(reason.hasPrefix("no way home: neither a broker nor Git answered within 2s"))
            #expect(reason.contains("password=***"))
            #expect(try !bench.root.exists("/etc/network/new"))
            #expect(try bench.store.currentGeneration() == 0)
        }
    }

    @Test("Git that answers nowhere is a lost link: the device is back, and nothing is remembered")
    func lostLink() throws {
        try withRelease(reach: "false") { (bench, ledger) throws in
            #expect(ledger.ends.map(\.kind) == ["lostLink"])
            #expect(ledger.ends.first?.revision?.text == AgentBench.tip)
            #expect(ledger.failed.isEmpty)
            #expect(try !bench.root.exists("/etc/network/new"))
            #expect(try bench.runAgent(["status"]).text.contains("lostLink: no way home"))
        }
    }

    @Test(
        "A broker that welcomes the device anew is a way home, and an old connection is none",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/mosquitto")))
    func broker() throws {
        try withBusWorld { world in
            let bench = world.bench
            try world.configure(fetchEvery: "1h")
            try stage(in: bench, wayHome: .seconds(60))
            // Git waits for the link, so that it stands before the flip.
            try script(bench, reach: "false")
            let text = try String(contentsOfFile: bench.worker, encoding: .utf8)
            try text.replacingOccurrences(
                of: "fetch)\n", with: "fetch)\n    while [ ! -e $DEVICE/go ]; do sleep 0.02; done\n"
            ).write(toFile: bench.worker, atomically: true, encoding: .utf8)
            chmod(bench.worker, 0o755)
            let agent = try bench.startAgent()
            #expect(waits { world.link.state == "up" }, "\(bench.logText())")
            let first = try #require(world.link.epoch)
            try bench.write("/go", "")
            #expect(
                try waits { try world.ledger().outcomes.last?.kind == "confirmed" },
                "\(bench.logText())")
            #expect(waits { world.link.epoch.map { $0 > first } == true })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }
}
