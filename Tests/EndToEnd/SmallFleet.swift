import Demo
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

/// A fleet of one device, small enough that a test can say all that is in it, and a device that has
/// its first release.
struct SmallFleet {
    let world: DemoWorld
    let bench: Workbench
    /// The last good release, and what the device has with it.
    var release: String
    var tree: DeviceTree

    var device: DemoDevice { world.device }

    static let bundle = "bundles/web/bundle.yaml"

    static let files = [
        "fleet.yaml": "format: 1\nname: harbour\nvars:\n  port: \"80\"\n",
        "trust/policy.yaml": "format: 1\napprovals:\n  default: 1\n",
        bundle: """
        match: ""
        files:
          - {source: files/site.conf, path: /etc/site.conf, template: true}
          - {source: files/tool, path: /usr/local/bin/tool, mode: 0755}

        """,
        "bundles/web/files/site.conf": "port {{ port }}\n",
        "bundles/web/files/tool": "#!/bin/sh\nexit 0\n",
    ]

    /// - Parameter changes: what differs from `files`.
    static func withWorld(
        _ changes: [String: String] = [:], _ body: (inout SmallFleet) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            for (path, text) in files.merging(changes, uniquingKeysWith: { $1 }) {
                try WorldFolder.write(text.utf8, to: "\(folder.path)/\(path)")
            }
            let programs = DevicePath.parent(of: try builtProgram("flotilla-agent"))
            let world = try DemoWorld(
                fleet: folder.path, deviceID: "gw-1", programsIn: programs,
                watchman: try Watchman(watchesSignals: false))
            do {
                let release = try world.desk.publish("First")
                try world.serve()
                try world.install()
                var fleet = SmallFleet(
                    world: world, bench: try world.makeWorkbench(), release: release,
                    tree: DeviceTree())
                try body(&fleet)
            } catch {
                try world.end()
                throw error
            }
            try world.end()
            #expect(try world.leftovers() == [])
        }
    }

    // MARK: Device

    /// Lets the device look at Git once; gives the exit status.
    @discardableResult
    func sync() throws -> Int {
        let outcome = try device.command(["sync"])
        guard case .ended(.exited(let status)) = outcome.status else {
            throw DemoError("sync ended with \(outcome.status)")
        }
        return status
    }

    /// Lets the device have its release, and keeps what it then has.
    mutating func apply() throws {
        #expect(try sync() == 0)
        let status = try device.status()
        #expect(status.differences(from: isWell) == [])
        tree = try device.tree()
    }

    /// What status says of a device that has the release.
    var isWell: [String: Word] {
        [
            "exit": .exactly("0"), "revision": .exactly(release), "confirmed": .exactly("true"),
            "problem": .nothing, "alarm": .nothing,
        ]
    }

    /// A signed release on top of `parent`, pushed.
    func push(
        _ changes: [String: Workbench.Change], onto parent: String, subject: String = "Change"
    ) throws -> String {
        var draft = Workbench.Draft(parent: parent)
        draft.changes = changes
        draft.key = world.operatorPerson.key
        draft.subject = subject
        let commit = try bench.commit(draft)
        try bench.push(commit)
        return commit
    }
}
