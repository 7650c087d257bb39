import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

/// The vendor of the system goes on working on files that a bundle manages.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct VendorTests {
    private let zero = GenerationRecord.beforeFlotilla
    private let path = "/usr/share/demo/a"
    private let empty = generation(2)

    private func setVersion(_ version: String, on device: TestDevice) throws {
        try device.write("/etc/os-release", "ID=debian\nVERSION_ID=\"\(version)\"\n")
    }

    private func heal(_ record: GenerationRecord, on device: TestDevice) throws {
        let paths = try device.deviations(from: record).map(\.path)
        let move = Move(.heal, from: record.number, to: record.number, paths: paths)
        try device.redo(move, from: record, to: record)
        #expect(try device.deviations(from: record) == [])
    }

    @Test("a file of a newer system is what comes back when the bundle leaves")
    func newerSystem() throws {
        try withDevice { device in
            try setVersion("12", on: device)
            try device.write(path, "of 12")
            let one = generation(1, [file(path, "one"), file("/etc/added", "two")])
            try device.upgrade(from: zero, to: one)
            let saved = try Originals(store: device.store).read()
            #expect(saved.systems == [path: "debian 12"])
            try setVersion("13", on: device)
            try device.write(path, "of 13")
            try device.write("/etc/added", "new in 13")
            try heal(one, on: device)
            #expect(device.text(path) == "one")
            let newer = try Originals(store: device.store).read()
            #expect(newer.systems == [path: "debian 13", "/etc/added": "debian 13"])
            try device.upgrade(from: one, to: empty)
            #expect(device.text(path) == "of 13")
            #expect(device.text("/etc/added") == "new in 13")
        }
    }

    @Test("somebody's edit is drift, before and after an upgrade of the system was looked at")
    func edit() throws {
        try withDevice { device in
            try setVersion("12", on: device)
            try device.write(path, "of 12")
            let one = generation(1, [file(path, "one")])
            try device.upgrade(from: zero, to: one)
            try device.write(path, "edited")
            try heal(one, on: device)
            try setVersion("13", on: device)
            // The first move after it sees that nothing of ours was replaced.
            try device.redo(Move(.heal, from: 1, to: 1, paths: [path]), from: one, to: one)
            try device.write(path, "edited again")
            try heal(one, on: device)
            try device.upgrade(from: one, to: empty)
            #expect(device.text(path) == "of 12")
        }
    }

    @Test("a newer file is not lost where its drift is only reported until the bundle leaves")
    func reported() throws {
        try withDevice { device in
            try setVersion("12", on: device)
            try device.write(path, "of 12")
            let one = generation(1, [file(path, "one")], drift: .report)
            try device.upgrade(from: zero, to: one)
            try setVersion("13", on: device)
            try device.write(path, "of 13")
            try device.upgrade(from: one, to: empty)
            #expect(device.text(path) == "of 13")
        }
    }

    @Test("dpkg's upgrade of a package is drift, is healed, and its file is what comes back")
    func package() throws {
        try withDevice { device in
            guard let packages = try buildPackages(device) else { return }
            try install(packages[0], on: device)
            #expect(device.text(path) == "version 1\n")
            let conffile = "/etc/demo.conf"
            let one = generation(1, [file(path, "one"), file(conffile, "two")])
            try device.upgrade(from: zero, to: one)
            try install(packages[1], on: device)
            // dpkg leaves a changed configuration file alone, and writes its own beside it.
            #expect(device.text(path) == "version 2\n" && device.text(conffile) == "two")
            #expect(try device.deviations(from: one).map(\.path) == [path])
            // An edit of what dpkg left alone is not the vendor's.
            try device.write(conffile, "edited")
            try heal(one, on: device)
            #expect(device.text(path) == "one" && device.text(conffile) == "two")
            // A purge takes our files along; they are put back.
            try dpkg(["--purge", "demo"], on: device)
            #expect(try device.deviations(from: one).map(\.kind) == [.missing, .missing])
            try heal(one, on: device)
            try device.upgrade(from: one, to: empty)
            #expect(device.text(path) == "version 2\n")
            #expect(device.text(conffile) == "setting 1\n")
        }
    }

    private func dpkg(_ arguments: [String], on device: TestDevice) throws {
        _ = try output(
            of: "dpkg",
            ["--root=\(device.folder)", "--log=/dev/null", "--force-confdef", "--force-confold"]
                + arguments)
    }

    private func install(_ package: String, on device: TestDevice) throws {
        try dpkg(["--install", package], on: device)
    }

    /// Two versions of a package with a file and a configuration file, and an empty database; nil
    /// where there is no dpkg here.
    private func buildPackages(_ device: TestDevice) throws -> [String]? {
        for folder in ["info", "updates", "triggers"] {
            try device.root.makeFolders("/var/lib/dpkg/\(folder)")
        }
        try device.write("/var/lib/dpkg/status", "")
        try device.root.makeFolders("/tmp")
        var packages: [String] = []
        for version in ["1", "2"] {
            let source = "/tmp/demo-\(version)"
            try device.write("\(source)\(path)", "version \(version)\n")
            try device.write("\(source)/etc/demo.conf", "setting \(version)\n")
            try device.write("\(source)/DEBIAN/conffiles", "/etc/demo.conf\n")
            try device.write(
                "\(source)/DEBIAN/control",
                """
                Package: demo
                Version: \(version)
                Architecture: all
                Maintainer: Nobody <nobody@example.org>
                Description: two files

                """)
            let package = "\(device.folder)/tmp/demo-\(version).deb"
            guard
                try output(of: "dpkg-deb", ["--build", device.folder + source, package]) != nil
            else { return nil }
            packages.append(package)
        }
        return packages
    }
}
