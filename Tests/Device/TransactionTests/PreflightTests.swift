import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct PreflightTests {
    @Test("a state that the disk can hold has no problem, with or without its folders")
    func fine() throws {
        try withDevice { device in
            try device.write("/etc/there", "x")
            let files = [file("/etc/there", "one"), file("/new/deep/file", "two")]
            #expect(try problems(device, files) == [])
            #expect(try device.root.listFolder("/", limit: 9) == ["etc", "var"])
        }
    }

    @Test("a directory, a pipe and a file in the way are found, each with its path")
    func obstacles() throws {
        try withDevice { device in
            try device.root.makeFolders("/etc/folder")
            try device.write("/etc/file", "x")
            #expect(mkfifo(device.folder + "/etc/pipe", 0o600) == 0)
            let found = try problems(
                device,
                [
                    file("/etc/file/below", "one"), file("/etc/folder", "one"),
                    file("/etc/pipe", "one"),
                ],
                [DesiredDirectory(path: "/etc/file", bundle: "b")])
            #expect(
                found.map(\.path) == ["/etc/file", "/etc/file/below", "/etc/folder", "/etc/pipe"])
            #expect(found[1].message.contains("/etc/file is a file"))
        }
    }

    @Test("a linked parent is told with the path to manage instead")
    func linkedParent() throws {
        try withDevice { device in
            try device.root.makeFolders("/usr/lib")
            try device.root.symbolicLink("usr/lib", at: "/lib")
            let problem = try #require(try problems(device, [file("/lib/systemd/x", "one")]).first)
            #expect(problem.message.contains("/lib is a symbolic link to usr/lib"))
            #expect(problem.fix.contains("below /usr/lib instead"))
        }
    }

    @Test("a folder that others may write, now or by this very state, holds no managed file")
    func writableFolders() throws {
        try withDevice { device in
            try device.root.makeFolder("/open", mode: 0o1777)
            try device.root.makeFolder("/theirs", mode: 0o755, owner: FileOwner(user: 7, group: 0))
            let found = try problems(
                device,
                [file("/open/deep/x", "one"), file("/theirs/x", "one"), file("/planned/x", "one")],
                [
                    DesiredDirectory(
                        path: "/planned", bundle: "b", mode: 0o775,
                        owner: Ownership(user: "root", group: "12"))
                ])
            #expect(found.map(\.path) == ["/open/deep/x", "/planned/x", "/theirs/x"])
            #expect(found.allSatisfy { $0.message.contains("others than root may write") })
        }
    }

    @Test("the agent's own state, an unknown owner and a file above others are refused")
    func otherRefusals() throws {
        try withDevice { device in
            let found = try problems(
                device,
                [
                    file("/var/lib/flotilla/current", "one"),
                    file("/a", "one", owner: Ownership(user: "no-such-user", group: "root")),
                    file("/b", "one"), file("/b/c", "one"),
                ])
            #expect(found.map(\.path) == ["/a", "/b", "/var/lib/flotilla/current"])
            #expect(found[0].message.contains("no-such-user:root"))
        }
    }

    @Test("a read-only file system and a mount point are found before anything is touched")
    func mounts() throws {
        try withDevice { device in
            try device.root.makeFolder("/ro")
            try device.write("/mounted", "x")
            try device.write("/bound", "x")
            try withMounts(
                "mount -t tmpfs -o ro,mode=755 none ro && mount --bind /etc/hostname mounted "
                    + "&& mount --bind bound bound", in: device
            ) { inside in
                let found = try problems(
                    inside,
                    [
                        file("/bound", "one"), file("/mounted", "one"), file("/ro/x/y", "one"),
                        file("/rw", "one"),
                    ])
                #expect(found.map(\.path) == ["/bound", "/mounted", "/ro/x/y"])
                #expect(found[0].message.contains("mount point"))
                #expect(found[1].message.contains("mount point"))
                #expect(found[2].message.contains("read-only"))
            }
        }
    }

    @Test("a file of an overlay's lower layer is no mount point, though its device number differs")
    func overlay() throws {
        try withDevice { device in
            try device.write("/etc/motd", "x")
            try device.root.makeFolder("/layer")
            try withMounts(
                "mount -t tmpfs none layer && mkdir layer/upper layer/work "
                    + "&& mount -t overlay -o lowerdir=etc,upperdir=layer/upper,workdir=layer/work "
                    + "none etc", in: device
            ) { inside in
                let found = try problems(inside, [file("/etc/motd", "one")])
                #expect(found == [])
            }
        }
    }

    @Test("a folder that is ours and becomes empty may become a file, one with strange files not")
    func folderBecomesFile() throws {
        try withDevice { device in
            let one = generation(1, [file("/etc/app/x/y", "one")])
            try device.upgrade(from: .beforeFlotilla, to: one)
            #expect(try problems(device, [file("/etc/app", "two")]) == [])
            try device.write("/etc/app/x/theirs", "x")
            #expect(try problems(device, [file("/etc/app", "two")]).map(\.path) == ["/etc/app"])
            let two = generation(2, [file("/etc/app", "two")])
            let before = try device.snapshot()
            let failure = #expect(throws: Flip.Failure.self) {
                try device.upgrade(from: one, to: two)
            }
            #expect(failure?.reason.code == .blocked && failure?.passedCommitPoint == false)
            try Recovery(store: device.store).discard(generation: 2)
            #expect(try device.snapshot() == before)
        }
    }

    private func problems(
        _ device: TestDevice, _ files: [DesiredFile], _ directories: [DesiredDirectory] = []
    ) throws -> [Preflight.Problem] {
        try Preflight.problems(
            placing: generation(1, files, directories: directories).state, store: device.store)
    }
}
