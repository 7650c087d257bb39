import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

@Suite struct ProbeRoundTests {
    private func check(
        _ name: String, _ probe: HealthCheck.Probe? = nil, retries: Int = 0
    ) -> HealthCheck {
        HealthCheck(
            name: name, bundle: "b", probe: probe ?? .file(path: "/\(name)", contains: nil),
            retries: retries)
    }

    private func result(_ check: HealthCheck, _ passed: Bool) -> CheckResult {
        CheckResult(check: check.id, passed: passed)
    }

    @Test("Units come first and all at once, then the others one by one")
    func order() {
        let units = [check("u", .unit("u.service")), check("v", .unit("v.service"))]
        let files = [check("a"), check("b")]
        var round = ProbeRound([files[0], units[0], files[1], units[1]])
        #expect(round.takeNext() == .units(units))
        #expect(round.takeNext() == .check(files[0]))
        #expect(round.takeNext() == .check(files[1]))
        #expect(round.takeNext() == nil)
        #expect(!round.isComplete)
    }

    @Test("A failed try is repeated as often as the check says, and then it counts")
    func retries() throws {
        let check = check("a", retries: 2)
        var round = ProbeRound([check])
        var now = Instant(seconds: 0)
        for _ in 0..<2 {
            #expect(round.takeNext() == .check(check))
            round.take(result(check, false), of: check, at: now)
            #expect(!round.isComplete && round.takeNext() == nil)
            now = try #require(round.retryAt)
            #expect(round.resume(at: now + .milliseconds(-1)) == 0)
            #expect(round.resume(at: now) == 1)
        }
        #expect(round.takeNext() == .check(check))
        round.take(result(check, false), of: check, at: now)
        #expect(round.isComplete && round.retryAt == nil)
        #expect(round.results == [result(check, false)])
    }

    @Test("A try that passes ends it")
    func passes() {
        let unit = check("u", .unit("u.service"), retries: 9)
        var round = ProbeRound([unit])
        _ = round.takeNext()
        round.take(result(unit, false), of: unit, at: Instant(seconds: 0))
        #expect(round.resume(at: Instant(seconds: 1)) == 1)
        #expect(round.takeNext() == .units([unit]))
        round.take(result(unit, true), of: unit, at: Instant(seconds: 1))
        #expect(round.results == [result(unit, true)])
    }

    @Test("A round without checks is complete")
    func empty() {
        #expect(ProbeRound([]).isComplete)
    }
}

private let mayReplaceSystemctl: Bool = {
    let probe = "mount --bind /bin/true /usr/bin/systemctl && systemctl"
    return (try? run("unshare", ["-m", "sh", "-c", probe])) != nil
}()

/// The real agent, its gate, and a stand-in for `systemctl`, which needs a systemd that runs.
@Suite(.enabled(if: mayReplaceSystemctl, "this machine lets nobody mount"))
struct GateOfAgentTests {
    /// Runs `sync` on a device whose generation 1 is staged, with that shell text as `systemctl`.
    private func sync(
        _ checks: [HealthCheck], settle: Duration, deadline: Duration, systemctl: String,
        _ body: (AgentBench, Ledger) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.configure(fetchEvery: "1h")
            let path = "\(bench.device)/etc/flotilla/agent.yaml"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacingOccurrences(of: "services: none", with: "services: systemd").write(
                toFile: path, atomically: true, encoding: .utf8)
            try bench.root.makeStateFolders()
            let gate = HealthGate(
                settle: settle, interval: .milliseconds(100), deadline: deadline, checks: checks)
            let record = GenerationRecord(
                number: 1, revision: Revision(AgentBench.tip),
                created: Clocks.wall(),
                state: DesiredState(
                    directories: [DesiredDirectory(path: "/srv/new", bundle: "b")], health: gate))
            try bench.root.makeFolders(StateLayout.generation(1))
            try bench.store.write(record, at: StateLayout.record(of: 1))
            try bench.script(
                """
                case $1 in
                fetch) fetched ;;
                stage)
                    echo '{"format":1,"refusal":null,"verdict":{"kind":"staged","generation":1,'
                    echo '"revision":"\(AgentBench.tip)"}}' ;;
                restage) echo '{"format":1}' ;;
                esac
                """)
            let stand = folder.appendingPathComponent("systemctl").path
            try "#!/bin/bash\nD='\(bench.device)'; echo \"$*\" >> \"$D/asked\"\n\(systemctl)\n"
                .write(toFile: stand, atomically: true, encoding: .utf8)
            chmod(stand, 0o755)
            let shell = "mount --bind '\(stand)' /usr/bin/systemctl && exec \"$0\" \"$@\""
            _ = try runChild(
                ["unshare", "-m", "sh", "-c", shell, bench.agent, "sync", "--root", bench.device],
                in: folder)
            try body(bench, #require(try bench.store.read(Ledger.self, at: StateLayout.ledger)))
        }
    }

    private let units = ["a.service", "b.service"].map {
        HealthCheck(name: $0, bundle: "b", probe: .unit($0), timeout: .seconds(20))
    }

    /// Says of both units that they are active, each with these words for its restarts.
    private func active(_ restarts: String) -> String {
        """
        for unit in a b; do
            echo "Id=$unit.service"; echo "Names=$unit.service"; echo LoadState=loaded
            echo ActiveState=active; echo SubState=running; echo Result=success
            echo NRestarts=\(restarts); echo ActiveEnterTimestampMonotonic=7; echo
        done
        """
    }

    @Test("Units that stay active pass, with one question for all of them in each round")
    func stable() throws {
        try sync(
            units, settle: .milliseconds(300), deadline: .seconds(20), systemctl: active("3")
        ) { (bench, ledger) throws in
            #expect(ledger.ends.map(\.kind) == ["confirmed"])
            let asked = bench.text("/asked")?.split(separator: "\n") ?? []
            let rounds = asked.filter { $0.hasSuffix("show") || $0.contains(" show ") }
            #expect(rounds.count >= 2)
            #expect(rounds.allSatisfy { $0.hasSuffix("-- a.service b.service") })
        }
    }

    @Test("A unit that systemd restarts again and again fails, though it is active in each round")
    func restarting() throws {
        let count = "$(wc -l < \"$D/asked\")"
        try sync(
            units, settle: .seconds(2), deadline: .seconds(1), systemctl: active(count)
        ) { (bench, ledger) throws in
            #expect(ledger.ends.map(\.kind) == ["failed", "rolledBack"])
            let reason = try #require(ledger.failed.first?.reason)
            #expect(reason.contains("it was started again while it settled"))
            #expect(try !bench.root.exists("/srv/new"))
        }
    }

    @Test("A systemctl that fails is a failure of the checks, with its words")
    func broken() throws {
        try sync(
            units, settle: .zero, deadline: .zero,
            systemctl: "echo 'no bus, token=abc' >&2; exit 1"
        ) { (_, ledger) throws in
            let reason = try #require(ledger.failed.first?.reason)
            #expect(reason.contains("systemctl show: exit status 1: no bus, token=***"))
            #expect(reason.hasSuffix("(and 1 more)"))
        }
    }

    @Test("A check that fails is tried again within its round, as often as it says")
    func retries() throws {
        let slow = HealthCheck(
            name: "slow", bundle: "b",
            probe: .command([
                "sh", "-c",
                "echo x >> $FLOTILLA_ROOT/tries; [ $(wc -l < $FLOTILLA_ROOT/tries) -ge 3 ]",
            ]), timeout: .seconds(20), retries: 2)
        try sync([slow], settle: .zero, deadline: .zero, systemctl: "true") {
            (bench, ledger) throws in
            #expect(ledger.ends.map(\.kind) == ["confirmed"])
            #expect(bench.text("/tries") == "x\nx\nx\n")
        }
    }
}
