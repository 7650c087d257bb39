import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Synchronization
import TestSupport
import Testing

@testable import Transaction

/// Kills the agent before each single change that it makes to the file system, and lets it start
/// again.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct KillSweepTests {
    private static let zero = GenerationRecord.beforeFlotilla
    private static let one = generation(
        1,
        [
            file("/etc/app/a.conf", "one", mode: 0o600), file("/etc/motd", "two"),
            file("/etc/linked", "three", placement: .link), file("/opt/gone/deep/x", "four"),
            file("/usr/same", "five", owner: Ownership(user: "7", group: "8")),
            file("/etc/wasfile", "one"), file("/etc/own/a", "one"), file("/etc/own/b", "two"),
            file("/etc/own/deep/c", "three"), file("/etc/seed", "six", create: .once),
        ], links: [link("/etc/pointer", to: "motd"), link("/etc/own/l", to: "a")],
        directories: [
            DesiredDirectory(path: "/srv/data", bundle: "b", mode: 0o750), owned("/etc/own"),
        ])
    private static let two = generation(
        2,
        [
            file("/etc/app/a.conf", "two", mode: 0o640), file("/etc/issue", "six"),
            file("/etc/linked", "four", placement: .link), file("/etc/also", "", placement: .link),
            file("/usr/same", "five", owner: Ownership(user: "7", group: "8")),
            file("/etc/wasfile/now/folder", "two"), file("/etc/own/a", "one"),
            file("/etc/own/b", "six"), file("/etc/own/new/d", "four"),
            file("/etc/seed", "six", create: .once),
        ], links: [link("/etc/pointer", to: "issue")],
        directories: [
            DesiredDirectory(path: "/srv/data", bundle: "b", mode: 0o700),
            owned("/etc/own", mode: 0o700),
        ])

    struct Scenario: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var move: Move
        var old: GenerationRecord
        var new: GenerationRecord
        /// Brings a fresh device to where the move begins.
        var prepare: @Sendable (TestDevice) throws -> Void
    }

    private static let scenarios = [
        Scenario(
            testDescription: "first apply", move: Move(.upgrade, from: 0, to: 1), old: zero,
            new: one, prepare: { _ in }),
        Scenario(
            testDescription: "upgrade", move: Move(.upgrade, from: 1, to: 2), old: one, new: two
        ) { device in try device.upgrade(from: zero, to: one) },
        Scenario(
            testDescription: "way back", move: Move(.goBack, from: 2, to: 1), old: two, new: one
        ) { device in
            try device.upgrade(from: zero, to: one)
            try device.upgrade(from: one, to: two)
        },
        Scenario(
            testDescription: "way back to before Flotilla", move: Move(.goBack, from: 1, to: 0),
            old: one, new: zero
        ) { device in try device.upgrade(from: zero, to: one) },
        Scenario(
            testDescription: "heal",
            move: Move(
                .heal, from: 1, to: 1,
                paths: [
                    "/etc/app/a.conf", "/etc/linked", "/etc/own/b", "/etc/own/extra",
                    "/etc/pointer", "/opt/gone/deep/x", "/srv/data",
                ]),
            old: one, new: one
        ) { device in
            try device.upgrade(from: zero, to: one)
            try device.write("/etc/app/a.conf", "drift")
            try device.root.unlink("/etc/linked")
            try device.root.removeTree("/opt/gone")
            try device.root.setMode("/srv/data", 0o777)
            try device.write("/etc/own/b", "drift")
            try device.write("/etc/own/extra/x", "drift")
            try device.root.unlink("/etc/pointer")
        },
    ]

    @Test(
        "killed before any change, the device is on the old or the new state, whole",
        arguments: scenarios)
    func sweep(_ scenario: Scenario) throws {
        try withDeviceFolder { base in
            let start = base + "/start"
            try FileManager.default.createDirectory(
                atPath: start, withIntermediateDirectories: false)
            chmod(start, 0o755)
            let device = try TestDevice(start)
            try device.root.makeFolders(StateLayout.generations)
            try prepareOriginals(device)
            try scenario.prepare(device)
            let old = try device.snapshot()
            let counter = Fuse(at: .max)
            let (expected, steps) = try onCopy(of: start, base: base, counter) { copy in
                try run(scenario, on: copy)
                return (try copy.snapshot(), counter.count)
            }
            #expect(old != expected)
            #expect(steps > 10)
            var outcomes: Set<String> = []
            // All of them in `make full`; else as many as a slow machine has time for.
            let distance = Thoroughness.rounds(3, full: 1)
            print("\(scenario.testDescription): every \(distance). of \(steps) changes")
            for step in stride(from: 1, through: steps, by: distance) {
                let fuse = Fuse(at: step)
                let outcome = try onCopy(of: start, base: base, fuse) { copy in
                    do {
                        try run(scenario, on: copy)
                        Issue.record("step \(step) of \(steps) did not happen")
                    } catch {}
                    try checkReaders(copy, old, expected, step)
                    return try restart(scenario, copy.folder, old, expected, step)
                }
                outcomes.insert(outcome)
            }
            // The sweep has seen both sides of the commit point.
            #expect(outcomes == ["old", "new"])
        }
    }

    /// What stood on the device before Flotilla.
    private func prepareOriginals(_ device: TestDevice) throws {
        try device.write("/etc/motd", "theirs", mode: 0o604)
        try device.root.setOwner("/etc/motd", FileOwner(user: 5, group: 6))
        try device.write("/etc/also", "theirs too")
        try device.root.symbolicLink("motd", at: "/etc/issue")
        try device.root.makeFolders("/srv/data")
        try device.write("/srv/data/theirs", "theirs")
        try device.write("/etc/own/b", "theirs", mode: 0o600)
        try device.write("/etc/own/zz/deep", "theirs")
    }

    private func run(_ scenario: Scenario, on device: TestDevice) throws {
        if scenario.move.purpose == .upgrade {
            try device.upgrade(from: scenario.old, to: scenario.new)
        } else {
            try device.redo(scenario.move, from: scenario.old, to: scenario.new)
        }
    }

    /// Even before the agent starts again, whoever reads a path that both states have gets the old
    /// bytes or the new ones, with their mode and owner: nothing is ever missing or half written.
    private func checkReaders(
        _ device: TestDevice, _ old: [String: String], _ expected: [String: String], _ step: Int
    ) throws {
        let found = try device.snapshot()
        let torn = old.keys.filter { path in
            expected[path] != nil && found[path] != old[path] && found[path] != expected[path]
        }
        let kept = torn.filter { !changesKind(old[$0], expected[$0]) }
        #expect(kept.isEmpty, "step \(step): \(difference(found, expected))")
    }

    /// A file that becomes a folder has to go first.
    private func changesKind(_ old: String?, _ new: String?) -> Bool {
        old?.hasPrefix("directory") != new?.hasPrefix("directory")
    }

    /// Starts the agent again, and returns on which side of the commit point it came up.
    private func restart(
        _ scenario: Scenario, _ folder: String, _ old: [String: String],
        _ expected: [String: String], _ step: Int
    ) throws -> String {
        let device = try TestDevice(folder)
        let position = try device.recover()
        let found = try device.snapshot()
        let isOld: Bool
        switch position {
        case .whole: isOld = found == old
        case .undo: isOld = true
        case .redo, .settle, .reboot, .giveUp: isOld = false
        }
        let wrong = difference(found, isOld ? old : expected)
        #expect(wrong.isEmpty, "step \(step), \(position)")
        let current = try device.store.currentGeneration()
        #expect(current == (isOld ? scenario.old.number : scenario.new.number))
        #expect(try device.root.status(of: StateLayout.current + ".new") == nil)
        #expect(try device.root.status(of: StateLayout.journal) == nil)
        #expect(
            try device.root.status(of: StateLayout.stagedManifest(of: scenario.new.number)) == nil)
        if isOld {
            // And the same move works the next time.
            try run(scenario, on: device)
            let wrongAgain = difference(try device.snapshot(), expected)
            #expect(wrongAgain.isEmpty, "step \(step), again")
        }
        // Whatever happened in between, the device's own files are not lost.
        let record = try #require(try device.store.generation(device.store.currentGeneration()))
        if record.number != 0 {
            try device.redo(
                Move(.goBack, from: record.number, to: 0), from: record, to: Self.zero)
        }
        #expect(device.text("/etc/motd") == "theirs", "step \(step)")
        #expect(device.text("/etc/also") == "theirs too", "step \(step)")
        #expect(try device.root.readLink("/etc/issue") == "motd", "step \(step)")
        #expect(try device.root.status(of: "/srv/data")?.mode == 0o755, "step \(step)")
        #expect(try device.root.status(of: "/opt") == nil, "step \(step)")
        #expect(try device.root.listFolder("/etc/own", limit: 9) == ["b", "zz"], "step \(step)")
        #expect(device.text("/etc/own/b") == "theirs", "step \(step)")
        #expect(device.text("/etc/own/zz/deep") == "theirs", "step \(step)")
        return isOld ? "old" : "new"
    }

    private func difference(_ found: [String: String], _ expected: [String: String]) -> String {
        Set(found.keys).union(expected.keys).sorted().filter { found[$0] != expected[$0] }
            .map { "\($0): \(found[$0] ?? "nothing"), not \(expected[$0] ?? "nothing")" }
            .joined(separator: "; ")
    }

    private func onCopy<Result>(
        of start: String, base: String, _ fuse: Fuse, _ body: (TestDevice) throws -> Result
    ) throws -> Result {
        let folder = "\(base)/copy"
        let outcome = try ChildCommand("cp", ["-a", start, folder]).run(deadline: .seconds(60))
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let device = try TestDevice(folder) { operation, path throws(SystemError) in
            try fuse.burn(operation, path)
        }
        return try body(device)
    }
}

/// Ends a process at its n-th change: nothing that it tries after that happens.
final class Fuse: Sendable {
    private let changes = Atomic<Int>(0)
    private let limit: Int

    init(at limit: Int) { self.limit = limit }

    var count: Int { changes.load(ordering: .relaxed) }

    func burn(_ operation: String, _ path: String) throws(SystemError) {
        let number = changes.wrappingAdd(1, ordering: .relaxed).newValue
        if number >= limit { throw SystemError(operation: operation, path: path, code: EINTR) }
    }
}
