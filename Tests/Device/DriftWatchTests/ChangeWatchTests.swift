import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import DriftWatch

/// The real inotify on real folders.
@Suite struct ChangeWatchTests {
    /// What is told of changes that have been made; the watch's own clock stands still meanwhile.
    private func told(_ watch: ChangeWatch, after start: Int64) -> Touched? {
        let moment = Instant(seconds: start)
        watch.hear(at: moment)
        return watch.takeTouched(at: moment + .seconds(1))
    }

    private func watching(
        _ device: WatchedDevice, _ record: GenerationRecord, limit: Int = 1_000
    ) -> ChangeWatch {
        let watch = ChangeWatch(root: device.root, folderLimit: limit)
        watch.watch(WatchList(record))
        return watch
    }

    @Test("each way to change a managed path is told, and other names in its folder are not")
    func changes() throws {
        try WatchedDevice.with { device in
            try device.place("/etc/a", "/etc/other")
            let watch = watching(device, WatchedDevice.record(["/etc/a", "/etc/new"]))
            #expect(watch.problem == nil)
            let ways = [
                "echo x >> etc/a", "chmod 600 etc/a", "echo y > etc/t; mv etc/t etc/a",
                "rm etc/a", "ln -s x etc/a", "mv etc/a etc/z",
            ]
            for (index, way) in ways.enumerated() {
                try device.shell(way)
                let touched = told(watch, after: Int64(index + 1) * 10)
                #expect(touched?.paths == ["/etc/a"], "\(way)")
            }
            try device.shell("echo x > etc/new")
            #expect(told(watch, after: 100)?.paths == ["/etc/new"])
            try device.shell("echo x >> etc/other; mkdir etc/more; rm etc/other")
            #expect(told(watch, after: 110) == nil)
        }
    }

    @Test("a write that is only read, and a look, tell nothing")
    func reading() throws {
        try WatchedDevice.with { device in
            try device.place("/etc/a")
            let watch = watching(device, WatchedDevice.record(["/etc/a"]))
            try device.shell("cat etc/a; ls -lR etc; stat etc/a")
            #expect(told(watch, after: 10) == nil)
        }
    }

    @Test("a folder that is moved away and made again is one change, and is watched again")
    func recreated() throws {
        try WatchedDevice.with { device in
            try device.place("/etc/deep/er/a", "/etc/deep/b")
            let watch = watching(device, WatchedDevice.record(["/etc/deep/er/a", "/etc/deep/b"]))
            try device.shell("mv etc/deep etc/old")
            #expect(told(watch, after: 10)?.paths.contains("/etc/deep") == true)
            // What was moved away is nobody's any more.
            try device.shell("echo x > etc/old/er/a")
            #expect(told(watch, after: 20) == nil)
            try device.shell("mkdir -p etc/deep/er; echo one > etc/deep/er/a")
            #expect(told(watch, after: 30)?.isEmpty == false)
            try device.shell("echo two > etc/deep/er/a")
            #expect(told(watch, after: 40)?.paths == ["/etc/deep/er/a"])
            try device.shell("rm -r etc")
            #expect(told(watch, after: 50)?.isEmpty == false)
            try device.shell("mkdir -p etc/deep/er; echo one > etc/deep/er/a")
            #expect(told(watch, after: 60)?.isEmpty == false)
            try device.shell("rm etc/deep/er/a")
            #expect(told(watch, after: 70)?.paths == ["/etc/deep/er/a"])
        }
    }

    @Test("a folder above that is replaced by another is seen, though nothing in it was touched")
    func exchangedAbove() throws {
        try WatchedDevice.with { device in
            try device.place("/etc/deep/er/a", "/other/er/a")
            let watch = watching(device, WatchedDevice.record(["/etc/deep/er/a"]))
            try device.shell("mv etc/deep etc/old; mv other etc/deep")
            let touched = try #require(told(watch, after: 10))
            let list = WatchList(WatchedDevice.record(["/etc/deep/er/a"]))
            #expect(touched.paths.contains { list.items(touchedBy: $0) == [0] })
            try device.shell("echo x > etc/deep/er/a")
            #expect(told(watch, after: 20)?.paths == ["/etc/deep/er/a"])
        }
    }

    @Test("a parent that is a link is not followed; the folder that replaces it is watched")
    func link() throws {
        try WatchedDevice.with { device in
            try device.place("/real/a")
            try device.root.symbolicLink("real", at: "/etc")
            let watch = watching(device, WatchedDevice.record(["/etc/a"]))
            try device.shell("echo x > real/a")
            #expect(told(watch, after: 10) == nil)
            try device.shell("rm etc; mkdir etc")
            #expect(told(watch, after: 20)?.paths == ["/etc"])
            try device.shell("echo x > etc/a")
            #expect(told(watch, after: 30)?.paths == ["/etc/a"])
        }
    }

    @Test("an edit through a link is seen where the bytes are")
    func linkedBytes() throws {
        try WatchedDevice.with { device in
            let backing = StateLayout.files(of: 1) + "/etc/a"
            try device.place(backing)
            try device.root.makeFolder("/etc")
            let list = WatchList(
                WatchedDevice.record([WatchedDevice.file("/etc/a") { $0.placement = .link }]))
            let watch = ChangeWatch(root: device.root)
            watch.watch(list)
            try device.edit(backing)
            let touched = try #require(told(watch, after: 10))
            #expect(touched.paths == [backing])
            #expect(list.items(touchedBy: backing) == [0])
        }
    }

    @Test("in an owned directory every name is of interest, but for what is staged there")
    func owned() throws {
        try WatchedDevice.with { device in
            try device.place("/srv/own/in/a")
            let watch = watching(
                device,
                WatchedDevice.record([WatchedDevice.file("/srv/own/in/a")]) { state in
                    state.directories = [
                        DesiredDirectory(path: "/srv/own", bundle: "b", isOwned: true)
                    ]
                })
            try device.shell("touch srv/own/in/.flotilla-1-2 srv/beside")
            #expect(told(watch, after: 10) == nil)
            try device.shell("touch srv/own/in/more")
            #expect(told(watch, after: 20)?.paths == ["/srv/own/in/more"])
        }
    }

    @Test("where people tell systemd otherwise, units are touched")
    func units() throws {
        try WatchedDevice.with { device in
            try device.root.makeFolder("/etc")
            let watch = watching(
                device,
                WatchedDevice.record([]) { state in
                    state.units = [DesiredUnit(name: "a.service", bundle: "b", enabled: true)]
                })
            try device.shell("mkdir -p etc/systemd/system")
            #expect(told(watch, after: 5)?.units == true)
            try device.shell("ln -s /dev/null etc/systemd/system/a.service")
            #expect(told(watch, after: 10)?.units == true)
            try device.shell("mkdir etc/systemd/system/a.service.d")
            #expect(told(watch, after: 20)?.units == true)
            try device.shell("echo x > etc/systemd/system/a.service.d/override.conf")
            #expect(told(watch, after: 30)?.units == true)
        }
    }

    @Test("a unit that starts or stops touches units, and one of somebody else's does not")
    func runningUnits() throws {
        try WatchedDevice.with { device in
            try device.shell("mkdir -p run/systemd/units")
            let watch = watching(
                device,
                WatchedDevice.record([]) { state in
                    state.units = [DesiredUnit(name: "a.service", bundle: "b", enabled: true)]
                })
            try device.shell("ln -s 1 run/systemd/units/invocation:b.service")
            #expect(told(watch, after: 5) == nil)
            try device.shell("ln -s 1 run/systemd/units/invocation:a.service")
            #expect(told(watch, after: 10)?.units == true)
            try device.shell("rm run/systemd/units/invocation:a.service")
            #expect(told(watch, after: 20)?.units == true)
        }
    }

    @Test("more folders than may be watched are told, and the others are watched")
    func limit() throws {
        try WatchedDevice.with { device in
            try device.place("/a", "/one/b", "/two/c")
            let watch = watching(
                device, WatchedDevice.record(["/a", "/one/b", "/two/c"]), limit: 2)
            #expect(watch.problem?.contains("1 of 3 folders") == true)
            try device.shell("echo x > a")
            #expect(told(watch, after: 10)?.paths == ["/a"])
            watch.watch(WatchList(WatchedDevice.record(["/a"])))
            #expect(watch.problem == nil)
        }
    }

    @Test("another generation is watched from the moment that it is told")
    func otherGeneration() throws {
        try WatchedDevice.with { device in
            try device.place("/one/a", "/two/b")
            let watch = watching(device, WatchedDevice.record(["/one/a"]))
            watch.watch(WatchList(WatchedDevice.record(["/two/b"])))
            try device.shell("echo x > one/a")
            #expect(told(watch, after: 10) == nil)
            try device.shell("echo x > two/b")
            #expect(told(watch, after: 20)?.paths == ["/two/b"])
        }
    }

    // MARK: When

    @Test(
        "a burst is one change: it is told when it is quiet, and after five seconds at the latest")
    func gathering() {
        var gathering = Gathering()
        var touched = Touched()
        touched.add("/a")
        let start = Instant(seconds: 100)
        #expect(gathering.dueAt == nil)
        gathering.add(touched, at: start)
        #expect(gathering.dueAt == start + .milliseconds(500))
        for step in 1...30 { gathering.add(touched, at: start + .milliseconds(200 * step)) }
        #expect(gathering.dueAt == start + .seconds(5))
        #expect(gathering.take(at: start + .seconds(4)) == nil)
        #expect(gathering.take(at: start + .seconds(5)) == touched)
        #expect(gathering.dueAt == nil)
    }

    @Test("a flood is looked at once a minute, however long it lasts")
    func flood() {
        var gathering = Gathering()
        var flood = Touched()
        flood.everything = true
        let start = Instant(seconds: 100)
        gathering.add(flood, at: start)
        #expect(gathering.take(at: start + .seconds(1)) == flood)
        gathering.add(flood, at: start + .seconds(2))
        #expect(gathering.dueAt == start + .seconds(61))
    }

    @Test("too many paths are everything")
    func bound() {
        var touched = Touched()
        for number in 0...Touched.pathLimit { touched.add("/\(number)") }
        #expect(touched.everything && touched.paths.isEmpty)
    }

    @Test("after it was read the queue is left alone for a moment, so that a flood is no busy loop")
    func deafness() throws {
        try WatchedDevice.with { device in
            try device.place("/etc/a")
            let watch = watching(device, WatchedDevice.record(["/etc/a"]))
            let now = Instant(seconds: 10)
            #expect(watch.pollRequest(at: now) != nil)
            #expect(watch.wakeAt(now, isBusy: false) == Instant(nanoseconds: .max))
            try device.shell("echo x > etc/a")
            watch.hear(at: now)
            #expect(watch.pollRequest(at: now) == nil)
            #expect(watch.wakeAt(now, isBusy: true) == now + .milliseconds(100))
            let later = now + .milliseconds(100)
            #expect(watch.pollRequest(at: later) != nil)
            #expect(watch.wakeAt(later, isBusy: false) == now + .milliseconds(500))
            #expect(watch.wakeAt(later, isBusy: true) == Instant(nanoseconds: .max))
        }
    }
}
