import AgentMachine
import DeviceRecords
import Digests
import Documents
import FleetModel
import Foundation
import HostSystem
import JSONDocument
import ReleaseTrust
import TestSupport
import Testing
import UnitPlanning

@testable import DeviceRecords

/// Text that trips those who quote or count in haste.
let awkward = "null \"quoted\" \\ é 😀\n\u{1}~ true 1e5"

func revision(_ digit: Character) throws -> Revision {
    try #require(Revision(String(repeating: digit, count: 40)))
}

/// One record of each kind, with everything in it that can be there.
enum Samples {
    static let moment = Instant(nanoseconds: 1_700_000_000_123_456_789)

    static func state() throws -> DesiredState {
        DesiredState(
            bundles: [BundlePolicy(name: "web", drift: .report)],
            files: [
                DesiredFile(
                    path: "/etc/web.conf", bundle: "web", content: SHA256.hash("port 80".utf8),
                    size: 7, mode: 0o640, owner: Ownership(user: "root", group: "adm"),
                    placement: .link, blob: try revision("b"))
            ],
            directories: [DesiredDirectory(path: "/etc/web.d", bundle: "web", mode: 0o750)],
            units: [
                DesiredUnit(
                    name: "web.service", bundle: "web", enabled: true, activity: .running,
                    restartOn: ["/etc/web.conf"], reloadOn: ["/etc/web.d"])
            ],
            validators: [
                DesiredValidator(bundle: "web", command: ["/bin/true", "{{stage}}", awkward])
            ],
            health: HealthGate(
                settle: .seconds(3),
                checks: [
                    HealthCheck(
                        name: "up", bundle: "web",
                        probe: .http(url: "http://localhost/", status: 200, contains: "ok"))
                ]))
    }

    static func generation(_ number: Int = 7) throws -> GenerationRecord {
        GenerationRecord(
            number: number, revision: try revision("a"), created: moment, state: try state())
    }

    static func journals() -> [Journal] {
        MovePhase.allCases.flatMap { phase in
            Move.Purpose.allCases.map { purpose in
                var move = Move(
                    purpose, from: 3, to: 4, reason: purpose == .goBack ? awkward : nil,
                    wasFailing: ["web/up", awkward], paths: ["/etc/a", awkward],
                    units: purpose == .upgrade ? standings : [],
                    rebootFor: phase == .rebooting ? ["/etc/fstab"] : [],
                    wayHome: purpose == .heal ? nil : .seconds(600))
                if phase == .settling { move.settled = .seconds(90) }
                return Journal(
                    phase: phase, move: move, boot: phase == .rebooting ? awkward : nil,
                    rebootStarts: phase == .rebooting ? 2 : 0)
            }
        }
    }

    private static let standings = [
        UnitStanding(unit: "a.service", isActive: true, isEnabled: false),
        UnitStanding(unit: "b.service", isActive: false, isEnabled: true),
    ]

    static func boots() -> [BootCount] {
        [
            BootCount(generation: 7, boot: awkward),
            BootCount(
                generation: 7, boot: "b", thirds: 14, hadTime: true, isOpen: true,
                wasOrderly: false),
        ]
    }

    static func ledger() throws -> Ledger {
        var ledger = Ledger()
        ledger.confirmed = 4
        ledger.previous = 3
        ledger.revision = try revision("c")
        ledger.remember(
            Ledger.FailedState(
                digest: SHA256.hash([1]), revision: try revision("d"), reason: awkward, at: moment))
        ledger.remember(
            Ledger.FailedState(digest: SHA256.hash([2]), revision: nil, reason: "", at: moment))
        ledger.append(
            Ledger.Outcome(
                kind: "confirmed", generation: 4, revision: try revision("c"), detail: awkward,
                at: moment))
        ledger.append(Ledger.Outcome(kind: "healed", at: moment, took: .milliseconds(1_234)))
        ledger.refusal = Ledger.Outcome(kind: "refused", detail: "unsigned", at: moment)
        ledger.rejection = Ledger.Outcome(kind: "rejected", detail: "invalid", at: moment)
        return ledger
    }

    static func status() -> LiveStatus {
        var status = LiveStatus()
        status.phase = "settling"
        status.lastFetch = moment
        status.fetchProblem = awkward
        status.trouble = "null"
        status.lastScan = Instant(nanoseconds: -5)
        status.drift = drift().drifts
        status.driftCount = 200
        status.contestedCount = 3
        status.watchProblem = awkward
        return status
    }

    static func drift() -> DriftRecord {
        DriftRecord(
            Drift.Kind.allCases.map { kind in
                Drift(
                    subject: "/etc/\(kind)", bundle: "web", kind: kind, detail: awkward,
                    policy: .report, since: moment, standing: .contested, healed: 3)
            })
    }

    static func hold() -> Hold { Hold(reason: awkward, since: moment, until: moment + .seconds(9)) }

    static func fetch() throws -> FetchReport {
        FetchReport(tip: try revision("e"), receivedBytes: 1 << 40)
    }

    /// The keys of real people and a rule, as `trust/` has them.
    static func head() throws -> TrustHead {
        let policy: JSONValue = [
            "format": 1, "approvals": ["default": 1, "bundles/firewall/**": 2],
        ]
        return TrustHead(
            channel: try #require(ChannelName("fleet/main")), release: try revision("f"),
            committed: Instant(seconds: 1_700_000_000), allowedSigners: try signers(),
            policy: try TrustPolicy(try node(policy), file: "policy"))
    }

    static func signers() throws -> AllowedSigners {
        let text = try withTemporaryFolder { folder in
            "# Who signs.\nalice \(try TestKey("alice", in: folder).publicText)\n"
        }
        return try AllowedSigners(text: text, file: "allowed_signers")
    }

    static func node(_ value: JSONValue) throws -> Node {
        try JSON.parse(Array(value.canonical.utf8), file: "sample")
    }
}

/// A device's folder that is gone when the closure ends.
func withStore<Result>(_ body: (RecordStore, URL) throws -> Result) throws -> Result {
    try withTemporaryFolder { folder in
        let root = try Root(folder.path)
        try root.makeStateFolders()
        return try body(RecordStore(root: root), folder)
    }
}
