import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct OwnedDirectoryTests {
    private let zero = GenerationRecord.beforeFlotilla
    private let one = generation(
        1,
        [
            file("/etc/conf.d/a", "one", mode: 0o600), file("/etc/conf.d/b", "two"),
            file("/etc/conf.d/deep/er/c", "three"),
            file("/etc/conf.d/linked", "four", placement: .link),
        ],
        links: [link("/etc/conf.d/default", to: "a")],
        directories: [
            owned("/etc/conf.d", mode: 0o750),
            DesiredDirectory(path: "/etc/conf.d/empty", bundle: "b", mode: 0o700),
        ])

    /// What a device has in the directory before Flotilla.
    private func fill(_ device: TestDevice) throws {
        try device.write("/etc/conf.d/b", "theirs", mode: 0o604)
        try device.write("/etc/conf.d/zz", "theirs too")
        try device.write("/etc/conf.d/deep/old/file", "six")
        try device.root.setOwner("/etc/conf.d/deep/old", FileOwner(user: 5, group: 6))
        try device.root.symbolicLink("zz", at: "/etc/conf.d/a")
        try device.root.makeFolder("/etc/conf.d/default", mode: 0o711)
        try device.write("/etc/conf.d/default/inner", "five")
    }

    @Test("what an owned directory does not list goes, and all of it comes back when it is let go")
    func takesOver() throws {
        try withDevice { device in
            try fill(device)
            let before = try device.snapshot()
            try device.upgrade(from: zero, to: one)
            #expect(try device.deviations(from: one) == [])
            #expect(
                try device.root.listFolder("/etc/conf.d", limit: 99)
                    == ["a", "b", "deep", "default", "empty", "linked"])
            #expect(try device.root.listFolder("/etc/conf.d/deep", limit: 99) == ["er"])
            #expect(try device.root.status(of: "/etc/conf.d")?.mode == 0o750)
            #expect(try device.root.readLink("/etc/conf.d/default") == "a")
            #expect(device.text("/etc/conf.d/linked") == "four")
            #expect(try device.root.listFolder("/etc", limit: 9) == ["conf.d"])
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(try device.snapshot() == before)
            let saved = try Originals(store: device.store).read()
            #expect(saved.originals.isEmpty && saved.owned.isEmpty)
        }
    }

    @Test("a directory that is owned no more gets back what stood in it, and keeps what it lists")
    func isSharedAgain() throws {
        try withDevice { device in
            try fill(device)
            try device.upgrade(from: zero, to: one)
            let two = generation(
                2, [file("/etc/conf.d/b", "five")],
                directories: [DesiredDirectory(path: "/etc/conf.d", bundle: "b")])
            try device.upgrade(from: one, to: two)
            #expect(device.text("/etc/conf.d/b") == "five")
            #expect(device.text("/etc/conf.d/zz") == "theirs too")
            #expect(device.text("/etc/conf.d/default/inner") == "five")
            #expect(try device.root.readLink("/etc/conf.d/a") == "zz")
            try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
            #expect(try device.deviations(from: one) == [])
        }
    }

    @Test("several changes come in one instant: whoever lists it sees the old or the new directory")
    func changesAsAWhole() throws {
        try withDeviceFolder { folder in
            let device = try TestDevice(folder)
            try device.upgrade(from: zero, to: one)
            let two = generation(
                2,
                [
                    file("/etc/conf.d/a", "one", mode: 0o600), file("/etc/conf.d/b", "five"),
                    file("/etc/conf.d/new", "six"),
                ], directories: [owned("/etc/conf.d", mode: 0o750)])
            let old = try device.snapshot().filter { $0.key.hasPrefix("/etc/conf.d") }
            let inode = try device.root.status(of: "/etc/conf.d/a")?.inode
            let seen = Snapshots()
            let watched = try TestDevice(folder) { _, _ throws(SystemError) in
                let found = try? device.snapshot().filter { $0.key.hasPrefix("/etc/conf.d") }
                seen.add(found ?? [:])
            }
            try watched.upgrade(from: one, to: two)
            let new = try device.snapshot().filter { $0.key.hasPrefix("/etc/conf.d") }
            #expect(seen.all.count > 20)
            // But for links, which lead through `current` and change when that does.
            let whole = Set([old, new].map { without("/etc/conf.d/linked", $0) })
            #expect(whole.isSuperset(of: seen.all.map { without("/etc/conf.d/linked", $0) }))
            // What is the same was neither written nor copied.
            #expect(try device.root.status(of: "/etc/conf.d/a")?.inode == inode)
            #expect(try device.root.listFolder("/etc", limit: 9) == ["conf.d"])
        }
    }

    private func without(_ path: String, _ snapshot: [String: String]) -> [String: String] {
        var snapshot = snapshot
        snapshot[path] = nil
        return snapshot
    }

    @Test("one change alone is one file, and the directory stays the one that it was")
    func singleChange() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            let inode = try device.root.status(of: "/etc/conf.d")?.inode
            var two = one
            two.number = 2
            two.state.files[1] = file("/etc/conf.d/b", "six")
            try device.upgrade(from: one, to: two)
            #expect(device.text("/etc/conf.d/b") == "six")
            #expect(try device.root.status(of: "/etc/conf.d")?.inode == inode)
            #expect(try device.deviations(from: two) == [])
        }
    }

    @Test("what appears in it is told as extra, once for a folder, and healing removes it")
    func extras() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            try device.write("/etc/conf.d/mine", "x")
            try device.write("/etc/conf.d/more/of/it", "x")
            try device.write("/etc/conf.d/deep/er/d", "x")
            let found = try device.deviations(from: one)
            let paths = ["/etc/conf.d/deep/er/d", "/etc/conf.d/mine", "/etc/conf.d/more"]
            #expect(found.map(\.path) == paths)
            #expect(found.allSatisfy { $0.kind == .extra && $0.bundle == "b" })
            try device.redo(
                Move(.heal, from: 1, to: 1, paths: Array(paths.dropLast())), from: one, to: one)
            #expect(try device.deviations(from: one).map(\.path) == ["/etc/conf.d/more"])
            try device.redo(Move(.heal, from: 1, to: 1, paths: paths), from: one, to: one)
            #expect(try device.deviations(from: one) == [])
        }
    }

    @Test("an edit in place of a file that both trees share does not reach what we go back to")
    func editedInPlace() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            let whole = try device.snapshot()
            var two = one
            two.number = 2
            two.state.files[1] = file("/etc/conf.d/b", "six")
            two.state.files.append(file("/etc/conf.d/new", "five"))
            try device.upgrade(from: one, to: two)
            let handle = try #require(
                FileHandle(forWritingAtPath: device.folder + "/etc/conf.d/deep/er/c"))
            handle.write(Data("EDIT".utf8))
            try handle.close()
            try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
            #expect(try device.snapshot() == whole)
        }
    }

    @Test("a staged tree that was changed before the flip is found, and nothing is touched")
    func tamperedTree() throws {
        try withDevice { device in
            try fill(device)
            let before = try device.snapshot()
            let move = Move(.upgrade, from: 0, to: 1)
            let manifest = try Stage(store: device.store).make(
                move, from: zero, to: one, contents: TestDevice.contents)
            let tree = try #require(manifest.items.first { $0.kind == .tree })
            try device.write(tree.staged + "/deep/er/c", "bad")
            try device.store.write(
                Journal(phase: .flipping, move: move), at: StateLayout.journal)
            let failure = #expect(throws: Flip.Failure.self) {
                try Flip(store: device.store).perform(move, from: zero, to: one)
            }
            #expect(failure?.passedCommitPoint == false && failure?.reason.code == .notStaged)
            try Recovery(store: device.store).discard(generation: 1)
            #expect(try device.snapshot() == before)
        }
    }

    @Test("where a lower layer can't change places with it, it changes file by file")
    func overlay() throws {
        try withDevice { device in
            try fill(device)
            let before = try device.snapshot()
            try device.root.makeFolder("/layer")
            try withMounts(
                "mount -t tmpfs none layer && mkdir layer/upper layer/work "
                    + "&& mount -t overlay -o lowerdir=etc,upperdir=layer/upper,workdir=layer/work "
                    + "none etc", in: device
            ) { inside in
                try inside.root.makeFolder("/etc/new")
                let refusal = #expect(throws: SystemError.self) {
                    try inside.root.exchange("/etc/new", "/etc/conf.d")
                }
                #expect(refusal?.isExchangeRefused == true)
                try inside.root.removeFolder("/etc/new")
                try inside.upgrade(from: zero, to: one)
                #expect(try inside.deviations(from: one) == [])
                #expect(try inside.root.listFolder("/etc", limit: 9) == ["conf.d"])
                try inside.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
                let after = try inside.snapshot().filter { $0.key.hasPrefix("/etc") }
                #expect(after == before.filter { $0.key.hasPrefix("/etc") })
            }
        }
    }

    @Test("a directory that is a mount point of its own changes file by file")
    func mountPoint() throws {
        try withDevice { device in
            try device.root.makeFolders("/etc/conf.d")
            try withMounts("mount -t tmpfs -o mode=750 none etc/conf.d", in: device) { inside in
                try inside.write("/etc/conf.d/zz", "theirs")
                try inside.upgrade(from: zero, to: one)
                #expect(try inside.deviations(from: one) == [])
                try inside.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
                #expect(try inside.root.listFolder("/etc/conf.d", limit: 9) == ["zz"])
            }
        }
    }

    @Test("what is mounted inside, a socket and the agent's own folders are found before the flip")
    func refusals() throws {
        try withDevice { device in
            try device.root.makeFolders("/etc/conf.d/volume")
            #expect(mkfifo(device.folder + "/etc/conf.d/pipe", 0o600) == 0)
            let found = try Preflight.problems(placing: one.state, store: device.store)
            #expect(found.map(\.path) == ["/etc/conf.d"])
            #expect(found.first?.message.contains("/etc/conf.d/pipe") == true)
            unlink(device.folder + "/etc/conf.d/pipe")
            try withMounts("mount -t tmpfs none etc/conf.d/volume", in: device) { inside in
                let found = try Preflight.problems(placing: one.state, store: inside.store)
                #expect(found.map(\.path) == ["/etc/conf.d"])
                #expect(found.first?.message.contains("mounted at /etc/conf.d/volume") == true)
                // And should one be mounted later, what is in it survives.
                try inside.write("/etc/conf.d/volume/data", "theirs")
                #expect(throws: SystemError.self) { try inside.root.removeTree("/etc/conf.d") }
                #expect(inside.text("/etc/conf.d/volume/data") == "theirs")
            }
            let above = generation(1, directories: [owned("/var"), owned("/etc")])
            let refused = try Preflight.problems(placing: above.state, store: device.store)
            #expect(refused.map(\.path) == ["/etc", "/var"])
        }
    }

    @Test("a file that is placed once, and one that is only observed, stay in an owned directory")
    func spares() throws {
        try withDevice { device in
            try device.write("/etc/conf.d/seen", "theirs")
            try device.write("/etc/conf.d/local", "mine")
            try device.write("/etc/conf.d/other", "theirs")
            let one = generation(
                1,
                [
                    file("/etc/conf.d/a", "one"),
                    file("/etc/conf.d/local", "two", create: .once),
                    file("/etc/conf.d/seen", "three", bundle: "seen"),
                ], directories: [owned("/etc/conf.d")])
            try device.upgrade(from: zero, to: one)
            #expect(
                try device.root.listFolder("/etc/conf.d", limit: 9) == ["a", "local", "seen"])
            #expect(device.text("/etc/conf.d/local") == "mine")
            #expect(device.text("/etc/conf.d/seen") == "theirs")
            #expect(try device.deviations(from: one).map(\.path) == ["/etc/conf.d/seen"])
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(
                try device.root.listFolder("/etc/conf.d", limit: 9) == ["local", "other", "seen"])
        }
    }
}

/// What somebody saw who looked before every single change.
private final class Snapshots: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [[String: String]] = []

    var all: [[String: String]] { lock.withLock { found } }

    func add(_ snapshot: [String: String]) { lock.withLock { found.append(snapshot) } }
}
