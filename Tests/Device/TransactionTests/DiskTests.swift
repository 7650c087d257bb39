import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

/// What a disk can refuse, each on the real thing, and that nothing is touched by then.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct DiskTests {
    private let zero = GenerationRecord.beforeFlotilla

    private func problems(
        _ device: TestDevice, _ record: GenerationRecord
    ) throws -> [Preflight.Problem] {
        try Preflight.problems(placing: record.state, store: device.store)
    }

    /// Whether the file system below the device knows the lock.
    private func lock(_ path: String, _ flag: String = "+i", on device: TestDevice) throws -> Bool {
        let outcome = try ChildCommand("chattr", [flag, device.folder + path]).run(
            deadline: .seconds(20))
        if !outcome.isSuccess { print("skipped: chattr \(flag): \(outcome.errorText)") }
        return outcome.isSuccess
    }

    private func unlock(_ path: String, on device: TestDevice) throws {
        _ = try output(of: "chattr", ["-i", "-a", device.folder + path])
    }

    @Test("a locked file is found where it would have to change, and left alone where it is right")
    func immutableFile() throws {
        try withDevice { device in
            try device.write("/etc/locked", "theirs")
            try device.write("/etc/right", "one")
            for path in ["/etc/locked", "/etc/right"] {
                guard try lock(path, on: device) else { return }
            }
            defer { for path in ["/etc/locked", "/etc/right"] { try? unlock(path, on: device) } }
            let one = generation(1, [file("/etc/locked", "one"), file("/etc/right", "one")])
            let found = try problems(device, one)
            #expect(found.map(\.path) == ["/etc/locked"])
            #expect(found.first?.message == "it is locked against changes.")
            let failure = #expect(throws: Flip.Failure.self) {
                try device.upgrade(from: zero, to: one)
            }
            #expect(failure?.passedCommitPoint == false)
            #expect(device.text("/etc/locked") == "theirs")
            try Recovery(store: device.store).discard(generation: 1)
            #expect(try device.root.listFolder("/etc", limit: 9) == ["locked", "right"])
        }
    }

    @Test("a locked folder, and a locked file that is to leave, are found")
    func immutableFolder() throws {
        try withDevice { device in
            try device.root.makeFolders("/etc/locked")
            let one = generation(1, [file("/etc/leaving", "one")])
            try device.upgrade(from: zero, to: one)
            guard try lock("/etc/locked", "+a", on: device) else { return }
            defer { try? unlock("/etc/locked", on: device) }
            guard try lock("/etc/leaving", on: device) else { return }
            defer { try? unlock("/etc/leaving", on: device) }
            let found = try problems(device, generation(2, [file("/etc/locked/deep/x", "one")]))
            #expect(found.map(\.path) == ["/etc/leaving", "/etc/locked/deep/x"])
            #expect(found[0].message.contains("it leaves, and is locked"))
            #expect(found[0].bundle == "b")
            #expect(found[1].message.contains("/etc/locked is locked"))
        }
    }

    @Test("a file system with too little room is found before a byte is written to it")
    func tooSmall() throws {
        try withDevice { device in
            try device.root.makeFolder("/small")
            try withMounts(
                "mount -t tmpfs -o size=64k,mode=755 none small "
                    + "&& head -c 61440 /dev/zero > small/filler", in: device
            ) { inside in
                let large = largeFile("/small/large", bytes: 32 << 10)
                let one = generation(1, [file("/etc/a", "one"), large])
                let error = #expect(throws: TransactionError.self) {
                    try inside.upgrade(from: zero, to: one)
                }
                let cause = systemError(error)
                #expect(cause?.isFull == true)
                #expect(cause?.description.contains("make room there") == true)
                let names = try inside.root.listFolder("/small", limit: 9)
                #expect(names == ["filler"])
                #expect(try inside.root.status(of: "/etc/a") == nil)
                #expect(try inside.store.currentGeneration() == 0)
            }
        }
    }

    @Test("a small ext4 that fills up half way leaves nothing staged, and the next try succeeds")
    func fillsUp() throws {
        try withDevice { device in
            try device.root.makeFolder("/small")
            let image = device.folder + "/image"
            try withMounts(
                "truncate -s 1M \(image) && mkfs.ext4 -q -N 16 -O ^has_journal \(image) "
                    + "&& mount -o loop \(image) small && chmod 755 small && rmdir small/lost+found",
                in: device
            ) { inside in
                // There is room for the bytes, and not for so many names.
                let files = (0..<30).map { file("/small/\($0)", "one") }
                let one = generation(1, files)
                let error = #expect(throws: TransactionError.self) {
                    try inside.upgrade(from: zero, to: one)
                }
                let cause = systemError(error)
                #expect(cause?.isFull == true)
                #expect(try inside.root.listFolder("/small", limit: 99) == [])
                try inside.upgrade(from: zero, to: generation(2, [files[0]]))
                #expect(inside.text("/small/0") == "one")
            }
        }
    }

    @Test("where originals can't be kept for want of room, the old files stand")
    func noRoomForOriginals() throws {
        try withDevice { device in
            try device.write("/etc/large", String(repeating: "x", count: 200_000))
            try withMounts(
                "mount -t tmpfs -o size=96k,mode=755 none var", in: device
            ) { inside in
                try inside.root.makeFolders(StateLayout.generations)
                let one = generation(1, [file("/etc/a", "one"), file("/etc/large", "two")])
                let failure = #expect(throws: Flip.Failure.self) {
                    try inside.upgrade(from: zero, to: one)
                }
                #expect(failure?.passedCommitPoint == false)
                let cause = systemError(failure?.reason)
                #expect(cause?.isFull == true)
                #expect(inside.read("/etc/large").count == 200_000)
                try Recovery(store: inside.store).discard(generation: 1)
                #expect(try inside.root.listFolder("/etc", limit: 9) == ["large"])
            }
        }
    }

    @Test("links and their folders are looked at like files")
    func links() throws {
        try withDevice { device in
            try device.root.makeFolder("/open", mode: 0o1777)
            try device.write("/etc/folder/x", "theirs")
            try device.root.symbolicLink("etc", at: "/lib")
            let one = generation(
                1,
                links: [
                    link("/open/l", to: "x"), link("/etc/folder", to: "x"),
                    link("/lib/l", to: "x"), link("/fine", to: "nowhere"),
                ])
            let found = try problems(device, one)
            #expect(found.map(\.path) == ["/etc/folder", "/lib/l", "/open/l"])
        }
    }

    private func systemError(_ error: TransactionError?) -> SystemError? {
        if case .system(let cause) = error?.code { cause } else { nil }
    }

    private func largeFile(_ path: String, bytes: Int) -> DesiredFile {
        var large = file(path, "one")
        large.size = bytes
        return large
    }
}
