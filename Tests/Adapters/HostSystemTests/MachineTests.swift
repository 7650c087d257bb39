import FleetModel
import Foundation
import Testing

@testable import HostSystem

@Suite struct MachineTests {
    @Test("the wall clock agrees with Foundation's, the monotonic one runs forward")
    func clocks() {
        let difference = Double(Clocks.wall().nanoseconds) / 1e9 - Date().timeIntervalSince1970
        #expect(abs(difference) < 5)
        let first = Clocks.monotonic()
        #expect(Clocks.monotonic() >= first && first > Instant(nanoseconds: 0))
    }

    @Test("a boot has one name")
    func bootID() throws {
        #expect(try Clocks.bootID().utf8.count == 36)
        #expect(try Clocks.bootID() == Clocks.bootID())
    }

    @Test("users and groups are found by name and number, and an unknown one is named")
    func users() throws {
        #expect(try Users.lookUpUser("root") == 0)
        #expect(try Users.lookUpUser("1234") == 1234)
        #expect(try Users.lookUpGroup("root") == 0)
        #expect(try Users.lookUpUser("no-such-user") == nil)
        #expect(try Users.lookUpGroup("no-such-group") == nil)
        let daemon = try Users.lookUp(Ownership(user: "daemon", group: "daemon"))
        #expect(daemon == FileOwner(user: 1, group: 1))
        let error = #expect(throws: SystemError.self) {
            try Users.lookUp(Ownership(user: "root", group: "no-such-group"))
        }
        #expect(error?.description.contains("group no-such-group") == true)
    }

    @Test("root's rights are not given to an unknown user or to root")
    func refusesRoot() {
        #expect(throws: SystemError.self) { try Privileges.drop(to: "no-such-user") }
        #expect(throws: SystemError.self) { try Privileges.drop(to: "root") }
    }

    @Test(
        "dropped rights can't be taken back, and the groups go too",
        .enabled(if: geteuid() == 0, "needs root"))
    func drops() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try Privileges.drop(to: "daemon")
            let root = try Root("/")
            let isPlain =
                geteuid() == 1 && getegid() == 1 && setuid(0) != 0 && seteuid(0) != 0
                && (try? root.readFile("/etc/shadow", limit: 1 << 20)) == nil
            exit(isPlain ? 7 : 1)
        }
    }

    @Test("a signal is read from the queue, and interrupts nothing")
    func signals() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let queue = try SignalQueue()
            guard try queue.next() == nil else { exit(1) }
            // To this thread: the test runner has others, which do not block it.
            raise(SIGTERM)
            var requests = [PollRequest(reading: queue.descriptor)]
            try PollRequest.wait(for: &requests, timeout: .seconds(20))
            guard requests[0].isReadable, try queue.next() == .terminate else { exit(2) }
            raise(SIGHUP)
            guard try queue.next() == .hangUp, try queue.next() == nil else { exit(3) }
            exit(7)
        }
    }

    @Test("waiting ends with the time, and a fraction of a millisecond is not nothing")
    func pollTimeout() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        var requests = [
            PollRequest(reading: ends[0]), PollRequest(ends[1], reading: false, writing: true),
        ]
        try PollRequest.wait(for: &requests, timeout: .zero)
        #expect(!requests[0].isReady && requests[1].isWritable)
        var idle = [requests[0]]
        let start = Clocks.monotonic()
        try PollRequest.wait(for: &idle, timeout: .microseconds(1_200))
        #expect(Clocks.monotonic() - start >= .microseconds(1_200) && !idle[0].isReady)
        close(ends[1])
        try PollRequest.wait(for: &idle, timeout: .seconds(20))
        #expect(idle[0].isReadable && idle[0].hasEnded)
        close(ends[0])
    }

    @Test("random bytes have the asked count and differ")
    func random() {
        #expect(Program.randomBytes(40).count == 40)
        #expect(Program.randomBytes(16) != Program.randomBytes(16))
    }

    @Test("the facts of an image come from the image, the rest from the machine")
    func facts() throws {
        try withRoot { root, _ in
            let own = try HostFacts.read(root: root)
            #expect(own == (try HostFacts.read(root: Root("/"))))
            #expect(!own.architecture.isEmpty && own.systemID != nil)
            try root.makeFolders("/usr/lib")
            try root.makeFolder("/etc")
            try root.symbolicLink("../usr/lib/os-release", at: "/etc/os-release")
            try root.createFile(
                "/usr/lib/os-release",
                contents: Array("# a comment\nID=yocto\nVERSION_ID=\"5.0\"\nNAME='x'\n".utf8),
                mode: 0o644)
            let image = try HostFacts.read(root: root)
            #expect(image.systemID == "yocto" && image.systemVersion == "5.0")
            #expect(image.architecture == own.architecture)
        }
    }

    @Test("a board's name becomes a label's value")
    func label() {
        #expect(
            HostFacts.label("Raspberry Pi 4 Model B Rev 1.4") == "raspberry-pi-4-model-b-rev-1.4")
        #expect(HostFacts.label("  (odd)  ") == "odd")
        #expect(HostFacts.label(String(repeating: "x", count: 99)).utf8.count == 63)
    }
}
