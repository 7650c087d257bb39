import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing
import UnitPlanning

@testable import Transaction

/// Random pairs of desired states, on a disk.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct PairTests {
    private static let zero = GenerationRecord.beforeFlotilla
    private static let pairs = Thoroughness.rounds(60, full: 1_000)

    @Test("A then B is B, and back again is A, to the last byte, mode, owner, link and attribute")
    func pairs() throws {
        var system = SystemRandomNumberGenerator()
        let seed = system.next()
        print("seed of the pairs: \(seed)")
        var generator = SeededGenerator(seed: seed)
        var tried = 0
        for _ in 0..<Self.pairs {
            let original = generator
            try withDevice { device in
                try fill(device, &generator)
                let one = randomGeneration(1, &generator)
                let two = randomGeneration(2, &generator)
                let before = try look(device)
                guard try Preflight.problems(placing: one.state, store: device.store).isEmpty
                else { return }
                try device.upgrade(from: Self.zero, to: one)
                let old = try look(device)
                guard try Preflight.problems(placing: two.state, store: device.store).isEmpty
                else { return }
                tried += 1
                try device.upgrade(from: one, to: two)
                let new = try look(device)
                #expect(try device.deviations(from: two) == [], "seed \(seed)")
                let context = "seed \(seed): \(told(one)) then \(told(two)) on \(before)"
                if let direct = try direct(two, original) { expectSame(new, direct, context) }
                try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
                try expectSame(look(device), old, context)
                try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: Self.zero)
                try expectSame(look(device), before, context)
            }
        }
        // Most of what is thrown together can be placed.
        #expect(tried > Self.pairs / 3)
    }

    /// What the same device looks like that never had anything but B; nil where it can't have that.
    private func direct(
        _ two: GenerationRecord, _ generator: SeededGenerator
    ) throws -> [String: String]? {
        var found: [String: String]?
        var generator = generator
        try withDevice { device in
            try fill(device, &generator)
            guard try Preflight.problems(placing: two.state, store: device.store).isEmpty
            else { return }
            try device.upgrade(from: Self.zero, to: two)
            found = try look(device)
        }
        return found
    }

    private func look(_ device: TestDevice) throws -> [String: String] {
        var found = try device.snapshot()
        for path in found.keys where try device.root.status(of: path)?.kind == .file {
            let attributes = try device.root.attributes(of: path).sorted { $0.key < $1.key }
            found[path]? += attributes.map { " \($0.key)=\($0.value)" }.joined()
        }
        return found
    }

    private func expectSame(
        _ found: [String: String], _ expected: [String: String], _ context: String
    ) {
        let wrong = Set(found.keys).union(expected.keys).sorted()
            .filter { found[$0] != expected[$0] }
            .map { "\($0): \(found[$0] ?? "nothing"), not \(expected[$0] ?? "nothing")" }
            .joined(separator: "; ")
        #expect(wrong.isEmpty, "\(wrong) (\(context))")
    }

    private func told(_ record: GenerationRecord) -> String {
        let state = record.state
        return
            (state.files.map { "\($0.path) \($0.placement) \(String($0.mode, radix: 8))" }
            + state.links.map { "\($0.path) -> \($0.target)" }
            + state.directories.map {
                "\($0.path)/ \(String($0.mode, radix: 8))\($0.isOwned ? " owned" : "")"
            }).joined(separator: ", ")
    }

    // MARK: Random parts

    private static let folders = ["/etc", "/etc/a", "/etc/a/b", "/srv", "/srv/c"]
    private static let names = ["x", "y", "z", "b", "a"]

    /// What the device has of its own.
    private func fill(_ device: TestDevice, _ generator: inout SeededGenerator) throws {
        for folder in Self.folders where Bool.random(using: &generator) {
            try device.root.makeFolders(folder)
            for name in ["x", "y"] where Bool.random(using: &generator) {
                try? device.write(
                    "\(folder)/\(name)", Text.all.randomElement(using: &generator) ?? "",
                    mode: Bool.random(using: &generator) ? 0o644 : 0o600)
            }
            if Bool.random(using: &generator) {
                try? device.root.symbolicLink("x", at: "\(folder)/z")
            }
        }
    }

    private func randomGeneration(
        _ number: Int, _ generator: inout SeededGenerator
    ) -> GenerationRecord {
        var files: [DesiredFile] = []
        var links: [DesiredLink] = []
        var used: Set<String> = []
        for _ in 0..<Int.random(in: 0...7, using: &generator) {
            let folder = Self.folders.randomElement(using: &generator) ?? "/etc"
            let path = "\(folder)/\(Self.names.randomElement(using: &generator) ?? "x")"
            guard used.insert(path).inserted else { continue }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                links.append(link(path, to: Bool.random(using: &generator) ? "x" : "/etc/y"))
            } else {
                files.append(randomFile(path, &generator))
            }
        }
        var directories: [DesiredDirectory] = []
        for folder in Self.folders.dropFirst()
        where !used.contains(folder) && Int.random(in: 0..<3, using: &generator) == 0 {
            directories.append(
                DesiredDirectory(
                    path: folder, bundle: "b",
                    mode: Bool.random(using: &generator) ? 0o755 : 0o700,
                    isOwned: Bool.random(using: &generator)))
        }
        return generation(number, files, links: links, directories: directories)
    }

    private func randomFile(_ path: String, _ generator: inout SeededGenerator) -> DesiredFile {
        let isLinked = Int.random(in: 0..<4, using: &generator) == 0
        return file(
            path, Text.all.randomElement(using: &generator) ?? "one",
            mode: Bool.random(using: &generator) ? 0o644 : 0o600,
            placement: isLinked ? .link : .copy,
            attributes: isLinked || Bool.random(using: &generator)
                ? [:] : ["user.a": Bool.random(using: &generator) ? "1" : "2"])
    }
}
