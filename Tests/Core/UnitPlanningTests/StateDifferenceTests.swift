import Digests
import FleetModel
import TestSupport
import Testing
import UnitPlanning

/// The pure planner over random pairs of desired states.
@Suite struct StateDifferenceTests {
    private static let runs = 300

    private func overPairs(_ body: (DesiredState, DesiredState, UInt64) throws -> Void) rethrows {
        var system = SystemRandomNumberGenerator()
        let seed = system.next()
        print("seed of the differences: \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.runs {
            try body(randomState(&generator), randomState(&generator), seed)
        }
    }

    @Test("a state differs from itself in nothing")
    func same() {
        overPairs { one, _, seed in
            #expect(StateDifference(from: one, to: one).isEmpty, "seed \(seed)")
        }
    }

    @Test("a difference and the one the other way round cancel, path by path")
    func reversed() {
        overPairs { one, two, seed in
            let there = StateDifference(from: one, to: two)
            let back = StateDifference(from: two, to: one)
            for (there, back) in [
                (there.files, back.files), (there.links, back.links),
                (there.directories, back.directories),
            ] {
                #expect(there.map(\.path) == back.map(\.path), "seed \(seed)")
                #expect(there.map(\.change.reversed) == back.map(\.change), "seed \(seed)")
            }
        }
    }

    @Test("applied to the old state it gives the new one")
    func applied() {
        overPairs { one, two, seed in
            let difference = StateDifference(from: one, to: two)
            let (old, new) = (one.applied, two.applied)
            #expect(
                patched(old.files, difference.files, new.files, \.path).map(\.content)
                    == new.files.map(\.content), "seed \(seed)")
            #expect(
                patched(old.links, difference.links, new.links, \.path).map(\.target)
                    == new.links.map(\.target), "seed \(seed)")
            #expect(
                patched(old.directories, difference.directories, new.directories, \.path)
                    .map(\.isOwned) == new.directories.map(\.isOwned), "seed \(seed)")
        }
    }

    @Test("what stands already is left out, and nothing else")
    func leavingOut() {
        overPairs { one, two, seed in
            let all = StateDifference(from: one, to: two)
            let untouched = Set(all.paths.filter { $0.utf8.count % 2 == 0 })
            let rest = all.leavingOut(untouched)
            #expect(rest.paths == all.paths.filter { !untouched.contains($0) }, "seed \(seed)")
        }
    }

    @Test("a bundle that is only observed changes nothing, one that is applied from now on does")
    func observed() {
        let file = DesiredFile(
            path: "/a", bundle: "b", content: SHA256.hash([1]), size: 1)
        let seen = DesiredState(
            bundles: [BundlePolicy(name: "b", mode: .observe)], files: [file])
        let placed = DesiredState(bundles: [BundlePolicy(name: "b")], files: [file])
        #expect(StateDifference(from: DesiredState(), to: seen).isEmpty)
        #expect(StateDifference(from: seen, to: placed).files.map(\.change) == [.added])
        #expect(StateDifference(from: placed, to: seen).files.map(\.change) == [.removed])
    }

    private func patched<Item>(
        _ old: [Item], _ changes: [StateDifference.PathChange], _ new: [Item],
        _ path: (Item) -> String
    ) -> [Item] {
        let changed = Set(changes.map(\.path))
        let kept = old.filter { !changed.contains(path($0)) }
        return (kept + new.filter { changed.contains(path($0)) }).sorted { path($0) < path($1) }
    }

    private func randomState(_ generator: inout SeededGenerator) -> DesiredState {
        var state = DesiredState(bundles: [
            BundlePolicy(name: "a"), BundlePolicy(name: "seen", mode: .observe),
        ])
        for path in ["/1", "/2", "/33", "/44", "/5/6", "/7/88"] {
            let bundle = Int.random(in: 0..<5, using: &generator) == 0 ? "seen" : "a"
            let flag = Bool.random(using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                state.files.append(
                    DesiredFile(
                        path: path, bundle: bundle, content: SHA256.hash([flag ? 1 : 2]), size: 1,
                        mode: Bool.random(using: &generator) ? 0o644 : 0o600,
                        create: Bool.random(using: &generator) ? .always : .once,
                        attributes: Bool.random(using: &generator) ? [:] : ["user.a": "1"]))
            case 2, 3:
                state.links.append(
                    DesiredLink(path: path, bundle: bundle, target: flag ? "x" : "y"))
            case 4:
                state.directories.append(
                    DesiredDirectory(path: path, bundle: bundle, isOwned: flag))
            default: break
            }
        }
        return state
    }
}
