import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

/// What a container sees that has managed files mounted into it.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct BindMountTests {
    private let zero = GenerationRecord.beforeFlotilla

    private func state(_ number: Int, _ a: String, _ b: String) -> GenerationRecord {
        generation(
            number,
            [
                file("/etc/app/a.conf", a), file("/etc/app/own/a", a), file("/etc/app/own/b", b),
            ], directories: [owned("/etc/app/own")])
    }

    @Test("a mounted folder shows each new generation, a single mounted file the one of its start")
    func container() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: state(1, "one", "two"))
            try device.root.makeFolders("/container/folder")
            try device.root.makeFolders("/container/own")
            try device.write("/container/file", "")
            try withMounts(
                "mount --bind etc/app container/folder "
                    + "&& mount --bind etc/app/a.conf container/file "
                    + "&& mount --bind etc/app/own container/own", in: device
            ) { inside in
                #expect(inside.text("/container/file") == "one")
                try device.upgrade(from: state(1, "one", "two"), to: state(2, "three", "four"))
                // The folder is the same, and its names lead to the new files.
                #expect(inside.text("/container/folder/a.conf") == "three")
                #expect(inside.text("/container/folder/own/a") == "three")
                #expect(inside.text("/container/folder/own/b") == "four")
                // A single file is mounted as the object that it was: only a restart of the
                // container gives it the new one.
                #expect(inside.text("/container/file") == "one")
                // And so is an owned directory that changed as a whole, which is empty now.
                #expect(try inside.root.listFolder("/container/own", limit: 9) == [])
                try device.redo(
                    Move(.goBack, from: 2, to: 1), from: state(2, "three", "four"),
                    to: state(1, "one", "two"))
                #expect(inside.text("/container/folder/a.conf") == "one")
            }
        }
    }
}
