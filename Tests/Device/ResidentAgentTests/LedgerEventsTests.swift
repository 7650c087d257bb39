import AgentMachine
import DeviceRecords
import Digests
import FleetModel
import Testing

@testable import ResidentAgent

@Suite struct LedgerEventsTests {
    private static let first = revision("1")
    private static let second = revision("2")
    private static let moment = Instant(seconds: 1_000)

    private static func revision(_ digit: Character) -> Revision {
        guard let revision = Revision(String(repeating: digit, count: 40)) else {
            fatalError("forty digits are a revision")
        }
        return revision
    }

    /// Generation N has a directory of its own, so that each has its own digest.
    private static func generation(_ number: Int) -> GenerationRecord {
        GenerationRecord(
            number: number, revision: number == 2 ? second : first, created: moment,
            state: DesiredState(
                directories: [DesiredDirectory(path: "/srv/\(number)", bundle: "b")]))
    }

    @discardableResult
    private func note(
        _ event: AgentEvent, in ledger: inout Ledger, at now: Instant = LedgerEventsTests.moment
    ) -> Bool {
        ledger.note(event, at: now) { $0 == 0 ? .beforeFlotilla : Self.generation($0) }
    }

    private func refused(_ revision: Revision, code: String = "unsigned") -> AgentEvent {
        .refused(.init(code: code, reason: "no", revision: revision))
    }

    // MARK: Alarms

    static let alarms: [(event: AgentEvent, kind: String)] = [
        (.refused(.init(code: "unsigned", reason: "no", revision: second)), "refused"),
        (.rejected(second, code: "invalid", reason: "typo"), "rejected"),
        (.knownBad(second, reason: "sick"), "knownBad"),
        (.notApplied(second), "held"),
    ]

    @Test("An alarm is told once, however often it is seen", arguments: alarms.indices)
    func toldOnce(index: Int) {
        let (event, kind) = Self.alarms[index]
        var ledger = Ledger()
        #expect(note(event, in: &ledger))
        for hour in 1...5 {
            let now = Self.moment + .seconds(3_600 * hour)
            #expect(!note(event, in: &ledger, at: now))
        }
        #expect(ledger.outcomes.map(\.kind) == [kind])
        #expect(ledger.alarm?.kind == kind)
        #expect(ledger.alarm?.revision == Self.second)
        #expect(ledger.alarm?.at == Self.moment)
    }

    @Test("A refused tip and a release that can't be applied are each told once, side by side")
    func twoAlarms() {
        var ledger = Ledger()
        for _ in 0..<10 {
            note(refused(Self.second), in: &ledger)
            note(.rejected(Self.first, code: "invalid", reason: "typo"), in: &ledger)
        }
        #expect(ledger.outcomes.map(\.kind) == ["refused", "rejected"])
        // Somebody may be attacking: that comes first.
        #expect(ledger.alarm?.kind == "refused")
        note(.accepted, in: &ledger)
        #expect(ledger.alarm?.kind == "rejected")
        note(.unchanged(Self.first), in: &ledger)
        #expect(ledger.alarm == nil)
    }

    @Test("Another reason, another release or another kind is told anew")
    func toldAnew() {
        var ledger = Ledger()
        note(refused(Self.first), in: &ledger)
        note(refused(Self.second), in: &ledger)
        note(refused(Self.second, code: "tampered"), in: &ledger)
        note(.rejected(Self.first, code: "invalid", reason: "a"), in: &ledger)
        note(.rejected(Self.first, code: "invalid", reason: "b"), in: &ledger)
        note(.knownBad(Self.first, reason: "b"), in: &ledger)
        #expect(ledger.outcomes.count == 6)
    }

    @Test("A refusal that was over and comes again is told again")
    func comesAgain() {
        var ledger = Ledger()
        note(refused(Self.second), in: &ledger)
        #expect(note(.accepted, in: &ledger))
        #expect(ledger.alarm == nil)
        #expect(!note(.accepted, in: &ledger))
        #expect(note(refused(Self.second), in: &ledger))
        #expect(ledger.outcomes.count == 2)
    }

    @Test("A confirmation ends a rejection, and leaves a refusal of the tip standing")
    func confirmationAndAlarms() {
        var ledger = Ledger()
        note(refused(Self.second), in: &ledger)
        note(.knownBad(Self.first, reason: "sick"), in: &ledger)
        note(.confirmed(Move(.upgrade, from: 0, to: 1)), in: &ledger)
        #expect(ledger.alarm?.kind == "refused")
        #expect(ledger.rejection == nil)
    }

    // MARK: What the device has

    @Test("A release that changes nothing here moves the revision, once")
    func unchanged() {
        var ledger = Ledger()
        note(.confirmed(Move(.upgrade, from: 0, to: 1)), in: &ledger)
        #expect(note(.unchanged(Self.second), in: &ledger))
        #expect(ledger.revision == Self.second)
        #expect(ledger.confirmed == 1)
        #expect(ledger.outcomes.map(\.kind) == ["confirmed", "unchanged"])
        #expect(!note(.unchanged(Self.second), in: &ledger))
    }

    @Test("A confirmation moves what is confirmed, and keeps what was before it")
    func confirmed() {
        var ledger = Ledger()
        note(.confirmed(Move(.upgrade, from: 0, to: 1)), in: &ledger)
        #expect(ledger.previous == 0)
        let move = Move(.upgrade, from: 1, to: 2, wasFailing: ["web/up"])
        #expect(note(.confirmed(move), in: &ledger))
        #expect(ledger.confirmed == 2)
        #expect(ledger.previous == 1)
        #expect(ledger.revision == Self.second)
        #expect(ledger.outcomes.last?.generation == 2)
        #expect(ledger.outcomes.last?.revision == Self.second)
        #expect(ledger.outcomes.last?.detail == "was failing before: web/up")
        // A kill after the record and before the journal is forgotten says it twice.
        note(.confirmed(move), in: &ledger)
        #expect(ledger.previous == 1)
    }

    @Test("A failure is remembered by the digest of what failed, and bounded")
    func failed() {
        var ledger = Ledger()
        let digest = Self.generation(2).digest
        #expect(note(.failed(generation: 2, reason: "sick"), in: &ledger))
        #expect(ledger.failure(of: digest)?.reason == "sick")
        #expect(ledger.failure(of: digest)?.revision == Self.second)
        #expect(ledger.failure(of: Self.generation(1).digest) == nil)
        #expect(ledger.outcomes.last?.kind == "failed")
        for number in 3..<200 {
            note(.failed(generation: number, reason: "sick"), in: &ledger)
        }
        #expect(ledger.failed.count == Ledger.failedLimit)
        #expect(ledger.outcomes.count == Ledger.outcomeLimit)
        #expect(ledger.failure(of: digest) == nil)
        #expect(ledger.failure(of: Self.generation(199).digest) != nil)
    }

    @Test("A failure of a generation whose record is lost changes nothing")
    func failedUnknown() {
        var ledger = Ledger()
        let changed = ledger.note(.failed(generation: 9, reason: "x"), at: Self.moment) { _ in nil }
        #expect(!changed)
    }

    @Test("Nothing managed is no failure, though a device is brought back from it by hand")
    func nothingManaged() {
        var ledger = Ledger()
        note(.failed(generation: 0, reason: "by hand"), in: &ledger)
        #expect(ledger.failed.isEmpty)
    }

    @Test("The way back stands on the older generation, with nothing newer to go back to")
    func wentBack() {
        var ledger = Ledger()
        for number in 1...3 {
            note(.confirmed(Move(.upgrade, from: number - 1, to: number)), in: &ledger)
        }
        note(.wentBack(Move(.goBack, from: 3, to: 2, reason: "sick")), in: &ledger)
        #expect(ledger.confirmed == 2)
        #expect(ledger.revision == Self.second)
        #expect(ledger.previous == nil)
        #expect(ledger.outcomes.last?.kind == "rolledBack")
        #expect(ledger.outcomes.last?.detail == "sick")
        // The channel still wants what was left, so this device is not well.
        #expect(ledger.alarm?.kind == "knownBad" && ledger.alarm?.revision == Self.first)
        #expect(!note(.knownBad(Self.first, reason: "sick"), in: &ledger))
        note(.wentBack(Move(.goBack, from: 2, to: 0, reason: "sick")), in: &ledger)
        #expect(ledger.revision == nil)
        #expect(ledger.confirmed == 0)
    }

    @Test("A failed upgrade that goes back keeps the generation before the good one")
    func failedUpgradeGoesBack() {
        var ledger = Ledger()
        note(.confirmed(Move(.upgrade, from: 0, to: 1)), in: &ledger)
        note(.confirmed(Move(.upgrade, from: 1, to: 2)), in: &ledger)
        note(.failed(generation: 3, reason: "sick"), in: &ledger)
        note(.wentBack(Move(.goBack, from: 3, to: 2, reason: "sick")), in: &ledger)
        #expect(ledger.confirmed == 2)
        #expect(ledger.previous == 1)
    }

    @Test("What happens all the time changes nothing: an idle device writes nothing")
    func idle() {
        var ledger = Ledger()
        for event in [
            AgentEvent.fetchFailed("down"), .fetchWorks, .drift([]), .trouble("full"), .accepted,
            .waiting(Self.second),
        ] {
            #expect(!note(event, in: &ledger))
        }
        #expect(ledger == Ledger())
    }

    @Test("A drift is told once, and again when it is another one or has ended in between")
    func drift() {
        var ledger = Ledger()
        #expect(note(.drift([found("/etc/x")]), in: &ledger))
        #expect(!note(.drift([found("/etc/x")]), in: &ledger))
        #expect(note(.drift([found("/etc/x"), found("a.service")]), in: &ledger))
        #expect(note(.drift([]), in: &ledger))
        #expect(note(.drift([found("/etc/x")]), in: &ledger))
        #expect(ledger.outcomes.map(\.kind) == ["drift", "drift", "drift"])
        #expect(ledger.outcomes.map(\.sequence) == [1, 2, 3])
        #expect(ledger.outcomes[1].detail == "/etc/x (content), a.service (content)")
    }

    @Test("A fight is told with what stands there and how often it came back")
    func contested() {
        var ledger = Ledger()
        var drift = found("/etc/x")
        drift.detail = "the content differs"
        drift.healed = 3
        note(.contested([drift]), in: &ledger)
        #expect(ledger.outcomes.last?.kind == "contested")
        #expect(
            ledger.outcomes.last?.detail.hasPrefix(
                "/etc/x: the content differs; it was healed 3 times") == true)
    }

    @Test("What is to be tried again is forgotten and told, and no alarm any more")
    func retry() {
        var ledger = Ledger()
        note(.failed(generation: 2, reason: "sick"), in: &ledger)
        note(.knownBad(Self.second, reason: "sick"), in: &ledger)
        let failed = ledger.failed
        #expect(failed.count == 1)
        ledger.retry(failed, at: Instant(seconds: 9))
        #expect(ledger.failed.isEmpty)
        #expect(ledger.alarm == nil)
        #expect(ledger.outcomes.last?.kind == "retry")
        #expect(ledger.outcomes.last?.digest == failed.first?.digest)
    }

    private func found(_ subject: String) -> Drift {
        Drift(subject: subject, bundle: "b", kind: .content, since: Instant(seconds: 1))
    }

    // MARK: Steps

    @Test("A step is told with what it did and how long it took; one that did nothing is not")
    func steps() {
        let move = Move(.upgrade, from: 1, to: 2)
        var ledger = Ledger()
        #expect(!note(.step(move, .units(.afterFlip)), in: &ledger))
        let details = EventDetails(took: .milliseconds(840), changes: ["daemon-reload", "start a"])
        for step in [MoveStep.units(.afterFlip), .flipped, .needsReboot, .settling] {
            _ = ledger.note(.step(move, step), at: Self.moment, details) { Self.generation($0) }
        }
        #expect(
            ledger.outcomes.map(\.kind) == ["units", "flipped", "needsReboot", "settling"])
        #expect(ledger.outcomes.first?.detail == "daemon-reload, start a")
        #expect(ledger.outcomes.first?.took == .milliseconds(840))
        #expect(ledger.outcomes.allSatisfy { $0.generation == 2 && $0.isStep })
        #expect(!note(.step(Move(.heal, from: 2, to: 2), .flipped), in: &ledger))
    }

    @Test("Each hook is an outcome of its own, in one event")
    func hooks() {
        var ledger = Ledger()
        let results = [
            HookResult(hook: "web/a", moment: .before, verdict: .passed, detail: "exit status 0"),
            HookResult(hook: "web/b", moment: .before, verdict: .failed, detail: "exit status 1"),
        ]
        #expect(note(.hooksRan(Move(.upgrade, from: 1, to: 2), results), in: &ledger))
        #expect(
            ledger.outcomes.map(\.detail) == [
                "web/a (before) passed: exit status 0", "web/b (before) failed: exit status 1",
            ])
    }

    @Test("A move that is put off is told once for one reason, and over when it is made")
    func postponed() {
        let move = Move(.upgrade, from: 1, to: 2)
        var ledger = Ledger()
        for minute in 1...3 {
            note(
                .postponed(
                    move, Self.second, reason: "hook web/till: busy",
                    retryAfter: .seconds(60 * minute)), in: &ledger)
        }
        #expect(ledger.outcomes.map(\.kind) == ["postponed"])
        #expect(ledger.alarm?.kind == "postponed")
        note(.confirmed(move), in: &ledger)
        #expect(ledger.alarm == nil)
        // A healing that is put off is no alarm of a release.
        note(
            .postponed(
                Move(.heal, from: 2, to: 2), nil, reason: "busy", retryAfter: .seconds(30)),
            in: &ledger)
        #expect(ledger.alarm == nil)
    }

    @Test("A heal is told with its paths, and not with more than fit a line")
    func healed() {
        var ledger = Ledger()
        note(.healed(["/etc/a"]), in: &ledger)
        #expect(ledger.outcomes.last?.detail == "/etc/a")
        note(.healed((0..<500).map { "/etc/\($0)" }), in: &ledger)
        #expect(ledger.outcomes.last?.detail.hasSuffix("/etc/9 and 490 more") == true)
    }

    @Test("A lost link is an outcome of its own about the release that was left, and no failure")
    func lostLink() throws {
        var ledger = Ledger()
        note(.confirmed(Move(.upgrade, from: 0, to: 1)), in: &ledger)
        let back = Move(.goBack, from: 2, to: 1, reason: "no way home: x", wayHome: .seconds(600))
        #expect(note(.lostLink(back, retryAfter: .seconds(900)), in: &ledger))
        let told = try #require(ledger.outcomes.last)
        #expect(told.kind == "lostLink")
        #expect(told.generation == 1)
        #expect(told.revision == Self.second)
        #expect(told.digest == Self.generation(2).digest)
        #expect(told.detail == "no way home: x, nor from here; tried again in 15m")
        #expect(ledger.failed.isEmpty)
        #expect(ledger.confirmed == 1)
        #expect(ledger.revision == Self.first)
        #expect(ledger.alarm?.kind == "lostLink")
        note(.confirmed(Move(.upgrade, from: 1, to: 2)), in: &ledger)
        #expect(ledger.alarm == nil)
    }
}
