import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct AttributeTests {
    private let zero = GenerationRecord.beforeFlotilla

    private func attributes(of path: String, on device: TestDevice) throws -> [String: String] {
        try device.root.attributes(of: path).mapValues { String(decoding: $0, as: UTF8.self) }
    }

    @Test("attributes are set, compared, healed, and taken away by the release that drops them")
    func comeAndGo() throws {
        try withDevice { device in
            let one = generation(
                1, [file("/a", "one", attributes: ["user.origin": "fleet", "user.note": "x"])])
            try device.upgrade(from: zero, to: one)
            #expect(
                try attributes(of: "/a", on: device) == ["user.origin": "fleet", "user.note": "x"])
            try device.root.setAttributes(["user.note": [1]], of: "/a")
            #expect(try device.deviations(from: one).map(\.kind) == [.attribute])
            try device.redo(Move(.heal, from: 1, to: 1, paths: ["/a"]), from: one, to: one)
            #expect(try device.deviations(from: one) == [])
            let two = generation(2, [file("/a", "one", attributes: ["user.origin": "fleet"])])
            try device.upgrade(from: one, to: two)
            #expect(try attributes(of: "/a", on: device) == ["user.origin": "fleet"])
            try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
            #expect(
                try attributes(of: "/a", on: device) == ["user.origin": "fleet", "user.note": "x"])
        }
    }

    @Test("an original with the very bytes of ours comes back without our attributes")
    func original() throws {
        try withDevice { device in
            try device.write("/a", "one")
            let one = generation(1, [file("/a", "one", attributes: ["user.origin": "fleet"])])
            try device.upgrade(from: zero, to: one)
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(try attributes(of: "/a", on: device) == [:])
        }
    }

    @Test("labels go over to what replaces a file, a link or a directory; capabilities don't")
    func labels() throws {
        try withDevice { device in
            try device.write("/etc/conf.d/a", "theirs")
            try device.write("/etc/b", "theirs")
            try device.root.symbolicLink("b", at: "/etc/c")
            let label = Array("system_u:object_r:etc_t:s0".utf8)
            for path in ["/etc/b", "/etc/c", "/etc/conf.d", "/etc/conf.d/a"] {
                try device.root.setAttributes(["security.selinux": label], of: path)
            }
            // A capability of no rights, in the kernel's second format.
            let capability: [UInt8] = [0, 0, 0, 2] + [UInt8](repeating: 0, count: 16)
            try device.root.setAttributes(
                ["security.SMACK64": Array("_".utf8), "security.capability": capability],
                of: "/etc/b")
            let one = generation(
                1,
                [
                    file("/etc/b", "one"), file("/etc/conf.d/a", "two"), file("/etc/conf.d/z", ""),
                ],
                links: [link("/etc/c", to: "conf.d")], directories: [owned("/etc/conf.d")])
            try device.upgrade(from: zero, to: one)
            #expect(
                try device.root.attributes(of: "/etc/b")
                    == ["security.selinux": label, "security.SMACK64": Array("_".utf8)])
            for path in ["/etc/c", "/etc/conf.d", "/etc/conf.d/a"] {
                #expect(
                    try device.root.attribute("security.selinux", of: path) == label, "\(path)")
            }
            #expect(try device.root.attributes(of: "/etc/conf.d/z") == [:])
            // What comes back is what stood there, with everything that it had.
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(try device.root.attribute("security.capability", of: "/etc/b") == capability)
            #expect(try device.root.attribute("security.selinux", of: "/etc/b") == label)
        }
    }

    @Test("a default access list of the folder does not let more people in than the mode says")
    func defaultList() throws {
        try withDevice { device in
            try device.root.makeFolders("/etc")
            try device.root.setAttributes(
                [AccessControlList.defaultAttribute: list(user: 12, permissions: 4)], of: "/etc")
            let one = generation(1, [file("/etc/secret", "one", mode: 0o640)])
            try device.upgrade(from: zero, to: one)
            #expect(try device.root.attributes(of: "/etc/secret") == [:])
            #expect(try device.deviations(from: one) == [])
        }
    }

    @Test("a folder that a list lets others write holds no managed file, whatever its mode says")
    func writableByList() throws {
        try withDevice { device in
            try device.root.makeFolders("/open")
            try device.root.makeFolders("/closed")
            try device.root.setAttributes(
                [AccessControlList.attribute: list(user: 12, permissions: 6)], of: "/open")
            try device.root.setAttributes(
                [AccessControlList.attribute: list(user: 12, permissions: 5)], of: "/closed")
            let one = generation(1, [file("/open/deep/x", "one"), file("/closed/x", "one")])
            let found = try Preflight.problems(placing: one.state, store: device.store)
            #expect(found.map(\.path) == ["/open/deep/x"])
            #expect(found.first?.message.contains("access list") == true)
        }
    }

    @Test("a file system without attributes is found before anything is touched")
    func notSupported() throws {
        try withDevice { device in
            try device.root.makeFolder("/plain")
            try withMounts("mount -t ramfs none plain && chmod 755 plain", in: device) { inside in
                let one = generation(
                    1,
                    [
                        file("/plain/a", "one", attributes: ["user.a": "1"]),
                        file("/plain/b", "one"), file("/a", "one", attributes: ["user.a": "1"]),
                    ])
                let found = try Preflight.problems(placing: one.state, store: inside.store)
                #expect(found.map(\.path) == ["/plain/a"])
                #expect(found.first?.message.contains("keeps no extended attributes") == true)
            }
        }
    }

    /// An access list as the kernel keeps it: the owner, one named user, the group, a mask, others.
    private func list(user: UInt32, permissions: UInt16) -> [UInt8] {
        let entries: [(tag: UInt16, permissions: UInt16, id: UInt32)] = [
            (0x01, 7, .max), (0x02, permissions, user), (0x04, 5, .max), (0x10, 7, .max),
            (0x20, 0, .max),
        ]
        return [2, 0, 0, 0]
            + entries.flatMap { entry in
                [UInt8(entry.tag), 0, UInt8(entry.permissions), 0]
                    + (0..<4).map { UInt8(truncatingIfNeeded: entry.id >> (8 * $0)) }
            }
    }
}
