internal import Foundation

/// A small world of its own: a fleet repository with fresh keys, a Git server, and one device with
/// the real agent. Everything in it is made for it and gone with it.
package final class DemoWorld {
    package let folder: WorldFolder
    package let tools: Toolbox
    package let device: DemoDevice
    package let operatorPerson: Person
    package let attacker: Person
    package let desk: OperatorDesk
    package private(set) var host: GitHost?

    /// Makes the folder, the people, the operator's clone and the device. Nothing runs yet.
    ///
    /// - Parameter fault: `.verify` makes operator and device trust the attacker.
    package init(
        fleet: String, deviceID: String = SampleDevice.gateway.id, programsIn programs: String,
        watchman: Watchman, fault: DemoFault? = nil
    ) throws {
        guard geteuid() == 0 else {
            throw DemoError("the device's files belong to root, so this must run as root")
        }
        folder = try WorldFolder()
        do {
            tools = Toolbox(watchman, programsIn: programs)
            operatorPerson = try Person("operator", keysIn: folder.keys, tools)
            attacker = try Person("mallory", keysIn: folder.keys, tools)
            let trusted = fault == .verify ? [operatorPerson, attacker] : [operatorPerson]
            desk = try OperatorDesk(
                copying: fleet, trusting: trusted, as: operatorPerson, folder, tools)
            device = try DemoDevice(id: deviceID, folder, tools)
            try tools.run(
                "git", ["init", "--quiet", "--bare", "--initial-branch=main", folder.repository])
        } catch {
            try folder.remove()
            throw error
        }
    }

    /// Starts the Git server; again on the same port where it was there before.
    package func serve() throws {
        host = try GitHost(folder, tools.watchman, port: host?.port)
    }

    /// Writes the agent's configuration and anchor, as an installer does.
    package func install() throws {
        guard let host else { throw DemoError("the Git server is not started yet") }
        try device.configure(DemoDevice.Configuration(url: host.url))
        try device.install(anchor: desk.anchor())
    }

    /// A clone for commits of any kind.
    package func makeWorkbench() throws -> Workbench {
        try Workbench(at: folder.attacker, cloning: folder.repository, tools)
    }

    /// Ends every process and removes the folder, and goes on where one of these fails.
    package func end() throws {
        var failures: [String] = []
        for end in [device.stop, { try self.host?.end() }, folder.remove] {
            do {
                try end()
            } catch {
                failures.append("\(error)")
            }
        }
        if !failures.isEmpty { throw DemoError(failures.joined(separator: "; ")) }
    }

    /// What is still there of this world; empty after a clean end.
    package func leftovers() throws -> [String] {
        var found = folder.processes().map { "process \($0) is still there" }
        if let port = host?.port, Loopback.accepts(port) {
            found.append("something listens on port \(port)")
        }
        if FileManager.default.fileExists(atPath: folder.path) {
            found.append("\(folder.path) is still there")
        }
        return found
    }
}
