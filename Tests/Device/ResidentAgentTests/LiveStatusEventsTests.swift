import AgentMachine
import DeviceRecords
import FleetModel
import Testing

@testable import ResidentAgent

@Suite struct LiveStatusEventsTests {
    private let moment = Instant(seconds: 1_000)

    @Test("A failed fetch is shown until one works")
    func fetch() {
        var status = LiveStatus()
        status.note(.trouble("full"), at: moment)
        status.note(.fetchFailed("down"), at: moment)
        #expect(status.fetchProblem == "down")
        #expect(status.trouble == "full")
        #expect(status.lastFetch == moment)
        status.note(.fetchWorks, at: moment + .seconds(1))
        #expect(status.fetchProblem == nil)
        #expect(status.lastFetch == moment + .seconds(1))
    }

    @Test("Drift is counted whole and listed up to a bound, and ends with a clean scan")
    func drift() {
        var status = LiveStatus()
        let paths = (0..<250).map { "/etc/\($0)" }
        status.note(.drift(paths.map { found($0) }), at: moment)
        #expect(status.driftCount == 250)
        #expect(status.drift.map(\.subject) == Array(paths.prefix(LiveStatus.driftLimit)))
        #expect(status.driftSince == moment)
        #expect(status.lastScan == moment)
        status.note(.drift([]), at: moment + .seconds(9))
        #expect(status.driftCount == 0)
        #expect(status.drift.isEmpty)
        #expect(status.lastScan == moment + .seconds(9))
    }

    @Test("What is healed is not shown as drift any more")
    func healed() {
        var status = LiveStatus()
        status.note(.drift([found("/etc/a"), found("/etc/b", .reported)]), at: moment)
        status.note(.healed(["/etc/a"]), at: moment)
        #expect(status.drift.map(\.subject) == ["/etc/b"])
        #expect(status.driftCount == 1)
    }

    @Test("What is contested is shown first, and counted")
    func contested() {
        var status = LiveStatus()
        let drifts = (0..<250).map { found("/etc/\($0)", .reported) }
        status.note(.drift(drifts + [found("/etc/fight", .contested)]), at: moment)
        #expect(status.drift.first?.subject == "/etc/fight")
        #expect(status.contestedCount == 1)
        status.note(.drift(drifts), at: moment)
        #expect(status.contestedCount == 0)
    }

    private func found(_ path: String, _ standing: Drift.Standing = .healing) -> Drift {
        Drift(subject: path, bundle: "b", kind: .content, since: moment, standing: standing)
    }

    @Test("What is healed counts though the list was too short to hold it")
    func healedBeyondTheList() {
        var status = LiveStatus()
        let paths = (0..<250).map { "/etc/\($0)" }
        status.note(.drift(paths.map { found($0) }), at: moment)
        status.note(.healed(paths), at: moment)
        #expect(status.drift.isEmpty)
        #expect(status.driftCount == 0)
    }

    @Test("A generation that is confirmed or come back to begins without drift")
    func moved() {
        let moves: [AgentEvent] = [
            .confirmed(Move(.upgrade, from: 1, to: 2)), .wentBack(Move(.goBack, from: 2, to: 1)),
        ]
        for event in moves {
            var status = LiveStatus()
            status.note(.drift([found("/etc/a")]), at: moment)
            status.note(event, at: moment)
            #expect(status.drift.isEmpty)
            #expect(status.driftCount == 0)
        }
    }
}
