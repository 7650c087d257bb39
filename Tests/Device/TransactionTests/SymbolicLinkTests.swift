import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct SymbolicLinkTests {
    private let zero = GenerationRecord.beforeFlotilla

    @Test("a link stands as it is told, wherever it leads, and what stood there comes back")
    func comesAndGoes() throws {
        try withDevice { device in
            try device.write("/etc/localtime", "theirs", mode: 0o640)
            try device.root.symbolicLink("elsewhere", at: "/etc/mtab")
            let before = try device.snapshot()
            let one = generation(
                1,
                links: [
                    link("/etc/localtime", to: "/usr/share/zoneinfo/UTC"),
                    link("/etc/mtab", to: "../proc/self/mounts"),
                    link("/new/deep/link", to: "nowhere"),
                ])
            try device.upgrade(from: zero, to: one)
            #expect(try device.root.readLink("/etc/localtime") == "/usr/share/zoneinfo/UTC")
            #expect(try device.root.readLink("/etc/mtab") == "../proc/self/mounts")
            #expect(try device.root.readLink("/new/deep/link") == "nowhere")
            #expect(try device.deviations(from: one) == [])
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(try device.snapshot() == before)
        }
    }

    @Test("a link that leads elsewhere, is missing or was replaced is a deviation, and is healed")
    func drifts() throws {
        try withDevice { device in
            let paths = ["/etc/a", "/etc/b", "/etc/c"]
            let one = generation(1, links: paths.map { link($0, to: "there") })
            try device.upgrade(from: zero, to: one)
            try device.root.unlink("/etc/a")
            try device.root.symbolicLink("elsewhere", at: "/etc/a")
            try device.root.unlink("/etc/b")
            try device.write("/etc/c", "theirs")
            let found = try device.deviations(from: one)
            #expect(found.map(\.path) == paths)
            #expect(found.map(\.kind) == [.target, .missing, .replaced])
            try device.redo(Move(.heal, from: 1, to: 1, paths: paths), from: one, to: one)
            #expect(try device.deviations(from: one) == [])
        }
    }

    @Test("a path changes between file, link and directory, and back over all of them")
    func changesOfKind() throws {
        try withDevice { device in
            let states = [
                generation(1, [file("/etc/app", "one")]),
                generation(2, links: [link("/etc/app", to: "motd")]),
                generation(3, [file("/etc/app/x", "two")]),
                generation(4, links: [link("/etc/app", to: "issue")]),
                generation(5, [file("/etc/app", "three", placement: .link)]),
                generation(6, links: [link("/etc/app", to: "motd")]),
            ]
            var old = zero
            var seen: [[String: String]] = []
            for new in states {
                try device.upgrade(from: old, to: new)
                #expect(try device.deviations(from: new) == [])
                seen.append(try device.snapshot())
                old = new
            }
            for index in states.indices.dropLast().reversed() {
                let (from, to) = (states[index + 1], states[index])
                try device.redo(
                    Move(.goBack, from: from.number, to: to.number), from: from, to: to)
                #expect(try device.snapshot() == seen[index])
            }
        }
    }
}
