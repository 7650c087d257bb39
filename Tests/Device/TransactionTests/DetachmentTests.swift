import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct DetachmentTests {
    private let zero = GenerationRecord.beforeFlotilla

    @Test("links become files with the same bytes, mode and owner, and outlive the state folder")
    func replacesLinks() throws {
        try withDevice { device in
            let owner = Ownership(user: "12", group: "34")
            let one = generation(
                1,
                [
                    file("/etc/app/a", "one"),
                    file("/etc/app/l", "two", mode: 0o640, placement: .link, owner: owner),
                    file("/srv/l", "three", mode: 0o755, placement: .link),
                ])
            try device.upgrade(from: zero, to: one)
            #expect(try Detachment(store: device.store).run(one) == ["/etc/app/l", "/srv/l"])
            try device.root.removeTree(StateLayout.state)
            for (path, text, mode) in [("/etc/app/l", "two", 0o640), ("/srv/l", "three", 0o755)] {
                let status = try device.root.status(of: path)
                #expect(status?.kind == .file)
                #expect(status?.mode == UInt16(mode))
                #expect(device.text(path) == text)
            }
            #expect(
                try device.root.status(of: "/etc/app/l")?.owner == FileOwner(user: 12, group: 34))
            #expect(device.text("/etc/app/a") == "one")
            #expect(try device.root.listFolder("/etc/app", limit: 9) == ["a", "l"])
        }
    }

    @Test("what somebody put in the place of a link stays, and a second run changes nothing")
    func leavesOthersAlone() throws {
        try withDevice { device in
            let one = generation(
                1, [file("/l", "one", placement: .link), file("/m", "two", placement: .link)])
            try device.upgrade(from: zero, to: one)
            try device.root.unlink("/l")
            try device.root.symbolicLink("elsewhere", at: "/l")
            #expect(try Detachment(store: device.store).run(one) == ["/m"])
            #expect(try device.root.readLink("/l") == "elsewhere")
            let snapshot = try device.snapshot()
            #expect(try Detachment(store: device.store).run(one) == [])
            #expect(try device.snapshot() == snapshot)
        }
    }

    @Test("wherever it is killed, every path can be read, and a second run ends it")
    func killed() throws {
        var steps = 0
        repeat {
            var isThrough = false
            try withDeviceFolder { folder in
                let device = try TestDevice(folder)
                let one = generation(
                    1, [file("/e/l", "one", placement: .link), file("/m", "two", placement: .link)])
                try device.root.makeFolders(StateLayout.generations)
                try device.upgrade(from: zero, to: one)
                let fuse = Fuse(at: steps + 1)
                let mortal = try TestDevice(folder, watcher: fuse.burn)
                isThrough = (try? Detachment(store: mortal.store).run(one)) != nil
                #expect(device.text("/e/l") == "one" && device.text("/m") == "two")
                _ = try Detachment(store: device.store).run(one)
                try device.root.removeTree(StateLayout.state)
                #expect(device.text("/e/l") == "one" && device.text("/m") == "two")
                #expect(try device.root.listFolder("/e", limit: 9) == ["l"])
            }
            if isThrough { break }
            steps += 1
        } while steps < 100
        #expect((8..<100).contains(steps))
    }

    @Test("a link that leads to nothing is told, and not made a file of")
    func dangling() throws {
        try withDevice { device in
            let one = generation(1, [file("/l", "one", placement: .link)])
            try device.upgrade(from: zero, to: one)
            try device.root.unlink(StateLayout.files(of: 1) + "/l")
            let error = #expect(throws: TransactionError.self) {
                try Detachment(store: device.store).run(one)
            }
            #expect(error?.path == "/l")
            #expect(try device.root.readLink("/l") != nil)
        }
    }
}
