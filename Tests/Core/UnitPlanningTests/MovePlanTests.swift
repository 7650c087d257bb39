import Digests
import FleetModel
import Testing
import UnitPlanning

@Suite struct MovePlanTests {
    private func file(_ path: String, _ content: String = "1", bundle: String = "web")
        -> DesiredFile
    {
        DesiredFile(path: path, bundle: bundle, content: SHA256.hash(content.utf8), size: 1)
    }

    private func hook(
        _ name: String, _ moment: DesiredHook.Moment, bundle: String = "web", on: [String] = [],
        program: String = "/bin/true"
    ) -> DesiredHook {
        DesiredHook(name: name, bundle: bundle, moment: moment, command: [program], on: on)
    }

    private let bundles = [BundlePolicy(name: "db"), BundlePolicy(name: "web")]

    @Test("A hook runs when its bundle changes something, and is told what")
    func ofBundle() {
        let old = DesiredState(
            bundles: bundles, files: [file("/a"), file("/b", bundle: "db")],
            hooks: [hook("h", .before), hook("h", .after, bundle: "db")])
        var new = old
        new.files = [file("/a", "2"), file("/b", bundle: "db"), file("/c")]
        let plan = MovePlan(from: old, to: new)
        #expect(plan.hooksBefore.map(\.hook.id) == ["web/h"])
        #expect(plan.hooksBefore.first?.paths == ["/a", "/c"])
        #expect(plan.hooksAfter.isEmpty)
    }

    @Test("A hook with `on` looks at these paths alone, whoever manages them")
    func on() {
        let old = DesiredState(
            bundles: bundles, files: [file("/a"), file("/d/x", bundle: "db")],
            hooks: [hook("h", .after, on: ["/d"])])
        var new = old
        new.files = [file("/a", "2"), file("/d/x", bundle: "db")]
        #expect(MovePlan(from: old, to: new).hooksAfter.isEmpty)
        new.files = [file("/a"), file("/d/x", "2", bundle: "db")]
        #expect(MovePlan(from: old, to: new).hooksAfter.first?.paths == ["/d/x"])
    }

    @Test("Hooks run in the order in which they are listed, and those of a bundle that leaves last")
    func order() {
        let old = DesiredState(
            bundles: bundles, files: [file("/a"), file("/b", bundle: "db")],
            hooks: [hook("z", .after, bundle: "db"), hook("b", .after), hook("a", .after)])
        var new = old
        new.files = [file("/a", "2")]
        new.hooks.removeFirst()
        #expect(
            MovePlan(from: old, to: new).hooksAfter.map(\.hook.id) == ["web/b", "web/a", "db/z"])
    }

    @Test("A hook whose program comes with the move can't run before it, nor after it left with it")
    func ownProgram() {
        let with = DesiredState(
            bundles: bundles, files: [file("/hook")],
            hooks: [hook("b", .before, program: "/hook"), hook("a", .after, program: "/hook")])
        let there = MovePlan(from: DesiredState(), to: with)
        #expect(there.hooksBefore.isEmpty && there.hooksAfter.map(\.hook.name) == ["a"])
        let back = MovePlan(from: with, to: DesiredState())
        #expect(back.hooksBefore.map(\.hook.name) == ["b"] && back.hooksAfter.isEmpty)
    }

    @Test("A healing runs the hooks of what is healed")
    func healing() {
        let state = DesiredState(
            bundles: bundles, files: [file("/a"), file("/b", bundle: "db")],
            hooks: [hook("h", .before), hook("h", .after, bundle: "db")])
        let plan = MovePlan(healing: ["/b"], in: state)
        #expect(plan.hooksBefore.isEmpty)
        #expect(plan.hooksAfter.map(\.paths) == [["/b"]])
        #expect(plan.rebootFor.isEmpty && plan.changes.isEmpty)
    }

    @Test("A change needs a boot where its own bundle says so, in both directions")
    func reboot() {
        var policies = bundles
        policies[1].rebootOn = ["/boot", "/a"]
        let old = DesiredState(bundles: policies, files: [file("/b/x", bundle: "db")])
        var new = old
        new.files = [file("/a"), file("/boot/x"), file("/bootless"), file("/c")]
        #expect(MovePlan(from: old, to: new).rebootFor == ["/a", "/boot/x"])
        #expect(MovePlan(from: new, to: old).rebootFor == ["/a", "/boot/x"])
        // What another bundle has there needs none, and the bundle's leaving counts.
        new.files = [file("/boot/y", bundle: "db")]
        #expect(MovePlan(from: old, to: new).rebootFor.isEmpty)
        new.files = [file("/boot/x")]
        #expect(MovePlan(from: new, to: DesiredState()).rebootFor == ["/boot/x"])
    }
}
