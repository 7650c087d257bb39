import FleetModel
import Testing

@testable import UnitPlanning

@Suite struct UnitPathTests {
    private static let folder = "/etc/systemd/system"

    @Test(
        "Its own file, its template, and every drop-in folder that systemd reads belong to a unit",
        arguments: [
            "a-b@x.service", "a-b@.service", "a-b@x.service.d/1.conf", "a-b@.service.d/1.conf",
            "a-.service.d/1.conf", "service.d/1.conf",
        ])
    func own(name: String) {
        #expect(UnitPaths.isOwn("\(Self.folder)/\(name)", of: "a-b@x.service"))
        #expect(UnitPaths.isOwn("/usr/lib/systemd/system/\(name)", of: "a-b@x.service"))
    }

    @Test(
        "What only looks like it does not",
        arguments: [
            "a-b@y.service", "a-b.service", "b-.service.d/1.conf", "socket.d/1.conf",
            "multi-user.target.wants/a-b@x.service", "a-b@x.service.d/more/1.conf",
            "a-b@x.service.wants/c.service",
        ])
    func foreign(name: String) {
        #expect(!UnitPaths.isOwn("\(Self.folder)/\(name)", of: "a-b@x.service"))
        #expect(UnitPaths.isUnitFile("\(Self.folder)/\(name)"))
    }

    @Test("Only a file just below systemd's folders is a unit")
    func unit() {
        #expect(UnitPaths.unit(of: "\(Self.folder)/a.service") == "a.service")
        #expect(UnitPaths.unit(of: "\(Self.folder)/a.conf") == nil)
        #expect(UnitPaths.unit(of: "\(Self.folder)/a.service.d/x.service") == nil)
        #expect(UnitPaths.unit(of: "/etc/a.service") == nil)
        #expect(!UnitPaths.isUnitFile("/etc/systemd/system-other/a.service"))
    }

    @Test("Sockets, timers, paths and automounts start what is named as they are")
    func started() {
        #expect(UnitPaths.started(by: "a.socket") == "a.service")
        #expect(UnitPaths.started(by: "a.timer") == "a.service")
        #expect(UnitPaths.started(by: "a.path") == "a.service")
        #expect(UnitPaths.started(by: "srv.automount") == "srv.mount")
        #expect(UnitPaths.started(by: "a.service") == nil)
    }
}
