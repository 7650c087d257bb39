import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing
import Transaction
import UnitPlanning

@testable import DriftWatch

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct DriftScanTests {
    @Test("each kind of difference is told once, with the moment it was first seen")
    func kinds() throws {
        try WatchedDevice.with { device in
            let root = device.root
            let paths = ["/content", "/gone", "/mode", "/owner", "/replaced", "/right"]
            for path in paths { try device.place(path) }
            let scan = TestScan(root: root)
            scan.compare(
                with: WatchedDevice.record(paths.map { WatchedDevice.file($0) }) { state in
                    state.directories = [
                        DesiredDirectory(path: "/folder", bundle: "b", mode: 0o750)
                    ]
                })
            try root.makeFolder("/folder", mode: 0o700)
            try root.replaceFile("/content", with: Array("eno".utf8), mode: 0o644)
            try root.unlink("/gone")
            try root.setMode("/mode", 0o666)
            try root.setOwner("/owner", FileOwner(user: 3, group: 4))
            try root.unlink("/replaced")
            try root.symbolicLink("/right", at: "/replaced")
            let found = scan.scan(at: Instant(seconds: 10))
            #expect(
                found.map { "\($0.subject) \($0.kind.rawValue)" } == [
                    "/content content", "/folder mode", "/gone missing", "/mode mode",
                    "/owner owner", "/replaced replaced",
                ])
            #expect(found.allSatisfy { $0.since == Instant(seconds: 10) && $0.policy == .heal })
            try root.setMode("/mode", 0o644)
            try root.unlink("/content")
            let later = scan.scan(at: Instant(seconds: 20))
            #expect(later.first { $0.subject == "/mode" } == nil)
            #expect(later.first { $0.subject == "/gone" }?.since == Instant(seconds: 10))
            #expect(later.first { $0.subject == "/content" }?.since == Instant(seconds: 20))
            #expect(scan.takeFailures() == [])
        }
    }

    @Test("what stands in an owned directory and is not listed is told once, by scans and by looks")
    func extras() throws {
        try WatchedDevice.with { device in
            try device.place("/srv/own/in/a")
            let scan = TestScan(root: device.root)
            scan.compare(
                with: WatchedDevice.record([WatchedDevice.file("/srv/own/in/a")]) { state in
                    state.directories = [
                        DesiredDirectory(path: "/srv/own", bundle: "b", isOwned: true),
                        DesiredDirectory(path: "/srv/own/in", bundle: "b", isOwned: true),
                    ]
                })
            #expect(scan.scan(at: Instant(seconds: 1)).isEmpty)
            try device.shell("touch srv/own/in/more srv/beside")
            var touched = Touched()
            touched.add("/srv/own/in/more")
            #expect(scan.differs(touched, at: Instant(seconds: 2)))
            for _ in 0..<2 {
                let found = scan.scan(at: Instant(seconds: 3))
                #expect(found.map(\.subject) == ["/srv/own/in/more"])
                #expect(found.map(\.kind) == [.extra])
            }
            try device.shell("rm srv/own/in/more")
            #expect(scan.scan(at: Instant(seconds: 4)).isEmpty)
            #expect(scan.takeFailures() == [])
        }
    }

    @Test("every kind that the transaction finds has its word in a report")
    func words() {
        for kind in Deviation.Kind.allCases {
            #expect(Drift.Kind(kind).rawValue == kind.rawValue)
        }
    }

    @Test("a path's own word counts before its bundle's, and what is only observed is only told")
    func policies() throws {
        try WatchedDevice.with { device in
            func found(
                _ own: DriftPolicy?, _ bundle: DriftPolicy, _ mode: BundleMode = .apply
            ) -> [DriftPolicy] {
                let scan = TestScan(root: device.root)
                let file = WatchedDevice.file("/a") { $0.drift = own }
                scan.compare(
                    with: WatchedDevice.record([file]) { state in
                        state.bundles = [BundlePolicy(name: "b", drift: bundle, mode: mode)]
                    })
                return scan.scan(at: Instant(seconds: 1)).map(\.policy)
            }
            #expect(found(nil, .ignore) == [])
            #expect(found(nil, .report) == [.report])
            #expect(found(.heal, .report) == [.heal])
            #expect(found(.ignore, .heal) == [])
            #expect(found(.report, .heal) == [.report])
            #expect(found(nil, .heal, .observe) == [.report])
            #expect(found(.heal, .heal, .observe) == [.report])
            #expect(found(nil, .ignore, .observe) == [])
        }
    }

    @Test("an edit of equal size between two scans is found")
    func equalSize() throws {
        try WatchedDevice.with { device in
            try device.place("/a")
            let scan = TestScan(root: device.root)
            scan.compare(with: WatchedDevice.record(["/a"]))
            #expect(scan.scan(at: Instant(seconds: 1)) == [])
            try device.edit("/a")
            #expect(scan.scan(at: Instant(seconds: 2)).map(\.kind) == [.content])
        }
    }

    @Test("a scan is done in pieces, and says when it is whole")
    func pieces() throws {
        try WatchedDevice.with { device in
            let paths = (100..<200).map { "/file-\($0)" }
            let scan = TestScan(root: device.root)
            scan.compare(with: WatchedDevice.record(paths))
            scan.scan.begin()
            var pieces = 1
            // A piece for which there was no time at all still gets on.
            while !scan.step(until: Instant(nanoseconds: .min), at: Instant(seconds: 1)) {
                pieces += 1
                #expect(scan.found.count < paths.count)
            }
            #expect(pieces > 3)
            #expect(scan.found.map(\.subject) == paths)
        }
    }

    @Test("since when something differs outlives the agent, and a new generation")
    func since() throws {
        try WatchedDevice.with { device in
            let first = Instant(seconds: 7)
            let known = Drift(subject: "/a", bundle: "b", kind: .missing, since: first)
            let scan = TestScan(root: device.root, known: [known])
            scan.compare(with: WatchedDevice.record(["/a", "/b"]))
            let found = scan.scan(at: Instant(seconds: 50))
            #expect(found.map(\.since) == [first, Instant(seconds: 50)])
            scan.compare(with: WatchedDevice.record([WatchedDevice.file("/a")], number: 2))
            #expect(scan.scan(at: Instant(seconds: 90)).map(\.since) == [first])
            // What was right in between begins anew.
            try device.place("/a")
            #expect(scan.scan(at: Instant(seconds: 91)) == [])
            try device.root.unlink("/a")
            #expect(scan.scan(at: Instant(seconds: 92)).map(\.since) == [Instant(seconds: 92)])
        }
    }

    @Test("one path that can't be looked at hides no other, and is named")
    func failure() throws {
        try WatchedDevice.with { device in
            let nobody = WatchedDevice.file("/b") {
                $0.owner = Ownership(user: "no-such-user", group: "root")
            }
            try device.place("/b")
            let scan = TestScan(root: device.root)
            scan.compare(
                with: WatchedDevice.record([
                    WatchedDevice.file("/a"), nobody, WatchedDevice.file("/c"),
                ]))
            #expect(scan.scan(at: Instant(seconds: 1)).map(\.subject) == ["/a", "/c"])
            let failures = scan.takeFailures()
            #expect(failures.count == 1)
            #expect(failures.first?.contains("no-such-user") == true)
        }
    }

    // MARK: What was touched

    private func touched(_ paths: String...) -> Touched {
        var touched = Touched()
        for path in paths { touched.add(path) }
        return touched
    }

    @Test("a look sees what was touched and leaves the rest as it was found")
    func look() throws {
        try WatchedDevice.with { device in
            try device.place("/etc/a", "/etc/b", "/srv/c")
            let scan = TestScan(root: device.root)
            scan.compare(with: WatchedDevice.record(["/etc/a", "/etc/b", "/srv/c"]))
            #expect(scan.scan(at: Instant(seconds: 1)) == [])
            for path in ["/etc/a", "/etc/b", "/srv/c"] { try device.edit(path) }
            scan.scan.touch(touched("/etc/a"))
            let first = scan.scan(at: Instant(seconds: 2), onlyTouched: true)
            #expect(first.map(\.subject) == ["/etc/a"])
            // A folder is all that is in it.
            scan.scan.touch(touched("/etc"))
            let second = scan.scan(at: Instant(seconds: 3), onlyTouched: true)
            #expect(second.map(\.subject) == ["/etc/a", "/etc/b"])
            #expect(second.first?.since == Instant(seconds: 2))
            var everything = Touched()
            everything.everything = true
            scan.scan.touch(everything)
            #expect(scan.scan(at: Instant(seconds: 4), onlyTouched: true).count == 3)
        }
    }

    @Test("a glance tells whether anything came of it, and keeps nothing")
    func glance() throws {
        try WatchedDevice.with { device in
            try device.place("/a")
            let scan = TestScan(root: device.root)
            scan.compare(with: WatchedDevice.record(["/a"]))
            _ = scan.scan(at: Instant(seconds: 1))
            let touch = touched("/a")
            try device.shell("touch a")
            #expect(!scan.differs(touch, at: Instant(seconds: 2)))
            try device.edit("/a")
            #expect(scan.differs(touch, at: Instant(seconds: 3)))
            #expect(scan.differs(touch, at: Instant(seconds: 4)))
            #expect(scan.scan(at: Instant(seconds: 5)).map(\.since) == [Instant(seconds: 5)])
            #expect(!scan.differs(touch, at: Instant(seconds: 6)))
            // Still another content is no news.
            try device.edit("/a", "three")
            #expect(!scan.differs(touch, at: Instant(seconds: 7)))
            scan.scan.healed(["/a"])
            #expect(scan.found == [])
        }
    }

    // MARK: Units

    @Test("units are told behind the paths, by their own policy, and what systemd does not name")
    func units() throws {
        try WatchedDevice.with { device in
            let scan = TestScan(root: device.root)
            scan.compare(
                with: WatchedDevice.record([WatchedDevice.file("/a")]) { state in
                    state.units = [
                        DesiredUnit(name: "a.service", bundle: "b", activity: .running),
                        DesiredUnit(
                            name: "b.service", bundle: "b", activity: .running, drift: .report),
                        DesiredUnit(
                            name: "c.service", bundle: "b", activity: .running, drift: .ignore),
                        DesiredUnit(name: "d.service", bundle: "b", activity: .running),
                    ]
                })
            #expect(scan.scan.unitNames == ["a.service", "b.service", "d.service"])
            _ = scan.scan(at: Instant(seconds: 1))
            #expect(scan.scan.wantsUnits)
            let text = ["a", "b"].map { "Id=\($0).service\nActiveState=failed\n" }
            scan.scan.take(ShownUnit.read(text.joined(separator: "\n")), at: Instant(seconds: 2))
            #expect(!scan.scan.wantsUnits)
            #expect(
                scan.found.map { "\($0.subject) \($0.policy.rawValue)" } == [
                    "/a heal", "a.service heal", "b.service report",
                ])
            #expect(scan.takeFailures() == ["systemd says nothing of d.service"])
            #expect(
                scan.scan.mends(of: ["a.service", "b.service"]) == [.ask(["start", "a.service"])])
            scan.scan.healed(["a.service"])
            #expect(scan.found.map(\.subject) == ["/a", "b.service"])
        }
    }

    @Test("without systemd no unit is asked about")
    func noSystemd() throws {
        try WatchedDevice.with { device in
            let scan = TestScan(root: device.root)
            scan.scan.asksSystemd = false
            scan.compare(
                with: WatchedDevice.record([]) { state in
                    state.units = [DesiredUnit(name: "a.service", bundle: "b", enabled: true)]
                })
            #expect(scan.scan(at: Instant(seconds: 1)) == [])
            #expect(!scan.scan.wantsUnits)
        }
    }
}
