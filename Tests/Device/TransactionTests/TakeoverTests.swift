import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing
import UnitPlanning

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct TakeoverTests {
    private let zero = GenerationRecord.beforeFlotilla

    @Test("a file that stands already as it should be is not written, and changes nothing")
    func identical() throws {
        try withDevice { device in
            try device.write("/etc/same", "one")
            try device.write("/etc/other", "theirs")
            try device.root.symbolicLink("same", at: "/etc/link")
            try device.root.makeFolder("/srv", mode: 0o750)
            let one = generation(
                1, [file("/etc/same", "one"), file("/etc/other", "two")],
                links: [link("/etc/link", to: "same")],
                directories: [DesiredDirectory(path: "/srv", bundle: "b", mode: 0o750)])
            let paths = ["/etc/same", "/etc/link", "/srv"]
            let before = try paths.map { try device.root.status(of: $0) }
            try device.upgrade(from: zero, to: one)
            // Times, inode and all.
            #expect(try paths.map { try device.root.status(of: $0) } == before)
            let effective = EffectiveDifference(store: device.store)
            let up = Move(.upgrade, from: 0, to: 1)
            #expect(try effective.read(for: up, from: zero, to: one).paths == ["/etc/other"])
            let back = Move(.goBack, from: 1, to: 0)
            #expect(try effective.read(for: back, from: one, to: zero).paths == ["/etc/other"])
            try device.redo(back, from: one, to: zero)
            #expect(try paths.map { try device.root.status(of: $0) } == before)
        }
    }

    @Test("a redo does not take for untouched what the move itself has placed")
    func redo() throws {
        try withDevice { device in
            let one = generation(1, [file("/etc/a", "one")])
            let move = Move(.upgrade, from: 0, to: 1)
            try device.flip(move, from: zero, to: one)
            try device.finish(move, from: zero, to: one)
            let effective = EffectiveDifference(store: device.store)
            #expect(try effective.read(for: move, from: zero, to: one).paths == ["/etc/a"])
        }
    }

    @Test("a link through current that leads to other bytes has changed")
    func linkedContent() throws {
        try withDevice { device in
            let files = { (a: String) in
                [
                    file("/etc/a", a, placement: .link),
                    file("/etc/b", "two", placement: .link),
                ]
            }
            let (one, two) = (generation(1, files("one")), generation(2, files("three")))
            try device.upgrade(from: zero, to: one)
            try device.upgrade(from: one, to: two)
            let effective = EffectiveDifference(store: device.store)
            let move = Move(.upgrade, from: 1, to: 2)
            #expect(try effective.read(for: move, from: one, to: two).paths == ["/etc/a"])
        }
    }

    @Test("a bundle that is only observed is compared and never placed, and goes nowhere")
    func observes() throws {
        try withDevice { device in
            try device.write("/etc/seen", "theirs")
            let one = generation(
                1,
                [
                    file("/etc/seen", "one", bundle: "seen"), file("/new/seen", "", bundle: "seen"),
                    file("/etc/placed", "two"),
                ],
                links: [link("/etc/linked", to: "seen", bundle: "seen")],
                directories: [owned("/srv/seen", bundle: "seen")])
            try device.write("/srv/seen/theirs", "x")
            let before = try device.snapshot()
            try device.upgrade(from: zero, to: one)
            let after = try device.snapshot()
            #expect(Set(after.keys).subtracting(before.keys) == ["/etc/placed"])
            #expect(before.allSatisfy { after[$0.key] == $0.value })
            let found = try device.deviations(from: one)
            #expect(
                found.map(\.path)
                    == ["/etc/linked", "/etc/seen", "/new/seen", "/srv/seen/theirs"])
            #expect(found.map(\.kind) == [.missing, .content, .missing, .extra])
            let two = generation(2, [file("/etc/placed", "two")])
            try device.upgrade(from: one, to: two)
            #expect(try device.snapshot() == after)
        }
    }
}
