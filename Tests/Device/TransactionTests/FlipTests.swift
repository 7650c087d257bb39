import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct FlipTests {
    private let zero = GenerationRecord.beforeFlotilla

    @Test("the first generation brings files, links and folders, each with its mode")
    func first() throws {
        try withDevice { device in
            let one = generation(
                1,
                [
                    file("/etc/app/a.conf", "one", mode: 0o640),
                    file("/etc/app/l.conf", "two", mode: 0o600, placement: .link),
                ],
                directories: [DesiredDirectory(path: "/srv/app", bundle: "b", mode: 0o750)])
            try device.upgrade(from: zero, to: one)
            #expect(device.text("/etc/app/a.conf") == "one")
            #expect(try device.root.status(of: "/etc/app/a.conf")?.mode == 0o640)
            #expect(device.text("/etc/app/l.conf") == "two")
            #expect(
                try device.root.readLink("/etc/app/l.conf")
                    == "../../var/lib/flotilla/current/files/etc/app/l.conf")
            #expect(try device.root.status(of: "/srv/app")?.mode == 0o750)
            #expect(try device.root.status(of: "/etc/app")?.mode == 0o755)
            #expect(try device.store.currentGeneration() == 1)
            #expect(try device.deviations(from: one) == [])
            #expect(
                try device.root.status(of: StateLayout.stagedManifest(of: 1)) == nil)
        }
    }

    @Test("going back to before Flotilla brings back every byte, mode, owner and link")
    func originals() throws {
        try withDevice { device in
            try device.write("/etc/motd", "theirs", mode: 0o600)
            try device.root.setOwner("/etc/motd", FileOwner(user: 12, group: 34))
            try device.root.symbolicLink("motd", at: "/etc/issue")
            try device.root.makeFolder("/srv", mode: 0o711)
            let before = try device.snapshot()
            let one = generation(
                1,
                [
                    file("/etc/motd", "one"), file("/etc/issue", "two"),
                    file("/etc/new/deep/x", "three"),
                ], directories: [DesiredDirectory(path: "/srv", bundle: "b", mode: 0o700)])
            try device.upgrade(from: zero, to: one)
            let index = try #require(try device.root.listFolder(StateLayout.saved, limit: 9))
            #expect(index.count == 2)
            for name in index {
                let status = try device.root.status(of: "\(StateLayout.saved)/\(name)")
                #expect(status?.mode == 0o600)
            }
            #expect(try device.root.status(of: "/srv")?.mode == 0o700)
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(try device.snapshot() == before)
            #expect(try device.store.currentGeneration() == 0)
            #expect(try Originals(store: device.store).read().originals.isEmpty)
            #expect(try device.root.listFolder(StateLayout.saved, limit: 9) == ["index.json"])
        }
    }

    @Test("a folder of ours stays when somebody else put a file into it")
    func sharedFolder() throws {
        try withDevice { device in
            let one = generation(1, [file("/opt/app/x", "one")])
            try device.upgrade(from: zero, to: one)
            try device.write("/opt/app/theirs", "theirs")
            try device.upgrade(from: one, to: generation(2))
            #expect(try device.root.listFolder("/opt/app", limit: 9) == ["theirs"])
        }
    }

    @Test("an original that was given back is the device's own again: a later edit is kept")
    func editAfterLeaving() throws {
        try withDevice { device in
            try device.write("/etc/motd", "theirs")
            let one = generation(1, [file("/etc/motd", "one")])
            let two = generation(2)
            let three = generation(3, [file("/etc/motd", "three")])
            try device.upgrade(from: zero, to: one)
            try device.upgrade(from: one, to: two)
            #expect(device.text("/etc/motd") == "theirs")
            try device.write("/etc/motd", "edited")
            try device.upgrade(from: two, to: three)
            try device.redo(Move(.goBack, from: 3, to: 2), from: three, to: two)
            #expect(device.text("/etc/motd") == "edited")
        }
    }

    @Test("a flip that fails half way goes back to the old bytes, and the originals survive it")
    func failsHalfWay() throws {
        try withDeviceFolder { folder in
            let device = try TestDevice(folder)
            try device.write("/etc/b", "theirs")
            let one = generation(1, [file("/etc/a", "one"), file("/etc/b", "two")])
            let two = generation(2, [file("/etc/a", "three"), file("/etc/c", "four")])
            try device.upgrade(from: zero, to: one)
            let whole = try device.snapshot()
            let broken = try TestDevice(folder) { operation, path throws(SystemError) in
                if operation == "rename" && path == "/etc/c" {
                    throw SystemError(operation: operation, path: path, code: ENOSPC)
                }
            }
            let failure = #expect(throws: Flip.Failure.self) {
                try broken.upgrade(from: one, to: two)
            }
            #expect(failure?.passedCommitPoint == true)
            #expect(device.text("/etc/a") == "three")
            try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
            #expect(try device.snapshot() == whole)
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(device.text("/etc/b") == "theirs")
        }
    }

    @Test("a staged file that was changed before the flip is found, and nothing is touched")
    func tamperedStage() throws {
        try withDevice { device in
            let one = generation(1, [file("/etc/a", "one"), file("/l", "two", placement: .link)])
            let move = Move(.upgrade, from: 0, to: 1)
            for victim in [nil, "/var/lib/flotilla/generations/1/files/l"] {
                let manifest = try Stage(store: device.store).make(
                    move, from: zero, to: one, contents: TestDevice.contents)
                let staged = try #require(manifest.items.first { $0.path == "/etc/a" }?.staged)
                try device.write(victim ?? staged, "bad")
                try device.store.write(
                    Journal(phase: .flipping, move: move), at: StateLayout.journal)
                let failure = #expect(throws: Flip.Failure.self) {
                    try Flip(store: device.store).perform(move, from: zero, to: one)
                }
                #expect(failure?.passedCommitPoint == false)
                #expect(failure?.reason.code == .notStaged)
                #expect(try device.root.status(of: "/etc/a") == nil)
                #expect(try device.store.currentGeneration() == 0)
            }
            try Recovery(store: device.store).discard(generation: 1)
            #expect(try device.snapshot().keys.filter { $0.contains(".flotilla") } == [])
        }
    }

    @Test("content that is not what the desired state names is never staged")
    func wrongContent() throws {
        try withDevice { device in
            let one = generation(1, [file("/etc/a", "one")])
            let error = #expect(throws: TransactionError.self) {
                try Stage(store: device.store).make(
                    Move(.upgrade, from: 0, to: 1), from: zero, to: one
                ) { _ in [1, 2, 3] }
            }
            #expect(error?.code == .wrongContent)
            let left = try device.root.listFolder("/", limit: 9)
            #expect(left == ["var"])
        }
    }

    @Test("without its journal a flip does nothing")
    func unjournaled() throws {
        try withDevice { device in
            let one = generation(1, [file("/a", "one")])
            let move = Move(.upgrade, from: 0, to: 1)
            try Stage(store: device.store).make(
                move, from: zero, to: one, contents: TestDevice.contents)
            let failure = #expect(throws: Flip.Failure.self) {
                try Flip(store: device.store).perform(move, from: zero, to: one)
            }
            #expect(failure?.reason.code == .notJournaled)
        }
    }

    @Test("only what changed is written: the other files keep their inodes, links share theirs")
    func writesOnlyChanges() throws {
        try withDevice { device in
            let one = generation(
                1,
                [
                    file("/a", "one"), file("/b", "two"), file("/l", "three", placement: .link),
                    file("/m", "four", placement: .link),
                ])
            let two = generation(
                2,
                [
                    file("/a", "one"), file("/b", "five"), file("/l", "three", placement: .link),
                    file("/m", "six", placement: .link),
                ])
            try device.upgrade(from: zero, to: one)
            let inode = try device.root.status(of: "/a")?.inode
            let linked = try device.root.status(of: "/var/lib/flotilla/generations/1/files/l")
            try device.upgrade(from: one, to: two)
            #expect(try device.root.status(of: "/a")?.inode == inode)
            #expect(
                try device.root.status(of: "/var/lib/flotilla/generations/2/files/l")?.inode
                    == linked?.inode)
            #expect(["/a", "/b", "/l", "/m"].map(device.text) == ["one", "five", "three", "six"])
        }
    }

    @Test("an edit through a link does not reach the generation that we go back to")
    func editedTwin() throws {
        try withDevice { device in
            let one = generation(1, [file("/l", "one", placement: .link)])
            let two = generation(
                2, [file("/l", "one", placement: .link), file("/x", "two")])
            try device.upgrade(from: zero, to: one)
            try device.upgrade(from: one, to: two)
            // In place, so that both generations have it.
            let handle = try #require(FileHandle(forWritingAtPath: device.folder + "/l"))
            handle.write(Data("EDIT".utf8))
            try handle.close()
            try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
            #expect(device.text("/l") == "one")
        }
    }

    @Test("a path changes between file, folder, copy and link")
    func changesOfKind() throws {
        try withDevice { device in
            let states = [
                generation(1, [file("/etc/app", "one")]),
                generation(2, [file("/etc/app/x", "two"), file("/etc/app/y/z", "three")]),
                generation(3, [file("/etc/app", "four", placement: .link)]),
                generation(4, [file("/etc/app", "five")]),
                generation(5, directories: [DesiredDirectory(path: "/etc/app", bundle: "b")]),
                generation(6, [file("/etc/app", "six")]),
            ]
            var old = zero
            for new in states {
                try device.upgrade(from: old, to: new)
                #expect(try device.deviations(from: new) == [])
                old = new
            }
            // And straight back over all of them.
            try device.redo(Move(.goBack, from: 6, to: 2), from: states[5], to: states[1])
            #expect(device.text("/etc/app/y/z") == "three")
            try device.redo(Move(.goBack, from: 2, to: 0), from: states[1], to: zero)
            #expect(try device.root.listFolder("/etc", limit: 9) == nil)
        }
    }

    @Test("healing puts right the paths that it was given, and no others")
    func heals() throws {
        try withDevice { device in
            let one = generation(
                1,
                [
                    file("/a", "one", mode: 0o600), file("/b", "two"), file("/c/d/e", "three"),
                    file("/l", "four", placement: .link), file("/m", "five", placement: .link),
                ], directories: [DesiredDirectory(path: "/dir", bundle: "b", mode: 0o700)])
            try device.upgrade(from: zero, to: one)
            try device.write("/a", "drift")
            try device.write("/b", "drift")
            try device.root.removeTree("/c")
            try device.root.setMode("/dir", 0o777)
            try device.write("/l", "drift")
            try device.write("/var/lib/flotilla/generations/1/files/m", "drift")
            try device.redo(
                Move(.heal, from: 1, to: 1, paths: ["/a", "/c/d/e", "/dir", "/l", "/m"]), from: one,
                to: one)
            #expect(device.text("/b") == "drift")
            #expect(try device.deviations(from: one).map(\.path) == ["/b"])
        }
    }

    @Test("drift that is only to be reported outlives an upgrade that does not touch its path")
    func reportedDrift() throws {
        try withDevice { device in
            let one = generation(1, [file("/a", "one"), file("/b", "two")], drift: .report)
            let two = generation(2, [file("/a", "one"), file("/b", "three")], drift: .report)
            try device.upgrade(from: zero, to: one)
            try device.write("/a", "drift")
            try device.upgrade(from: one, to: two)
            #expect(device.text("/a") == "drift" && device.text("/b") == "three")
            let three = generation(3, [file("/a", "four"), file("/b", "three")], drift: .report)
            try device.upgrade(from: two, to: three)
            #expect(device.text("/a") == "four")
        }
    }

    @Test("generations that nobody can go back to are removed, never the current one")
    func forgetsGenerations() throws {
        try withDevice { device in
            var old = zero
            for number in 1...3 {
                let new = generation(number, [file("/a", Text.all[number])])
                try device.upgrade(from: old, to: new)
                old = new
            }
            try Recovery(store: device.store).forgetGenerations(allBut: [2])
            #expect(try device.root.listFolder(StateLayout.generations, limit: 9) == ["2", "3"])
        }
    }
}
