internal import Foundation

/// Where everything of the demo's world stands. Others may pass through it, for the user who
/// fetches is nobody in particular.
package struct WorldFolder: Sendable {
    package let path: String

    /// The private and public keys of the people.
    package var keys: String { path + "/keys" }
    /// The operator's clone.
    package var desk: String { path + "/operator" }
    package var attacker: String { path + "/attacker" }
    /// What the Git server serves.
    package var served: String { path + "/served" }
    package var repository: String { served + "/fleet.git" }
    /// The device's whole file system.
    package var device: String { path + "/device" }
    package var agentLog: String { path + "/agent.log" }
    /// The file systems of a whole fleet's devices, a folder for each.
    package var devices: String { path + "/devices" }
    package var authority: String { path + "/authority" }
    package var broker: String { path + "/broker" }
    package var aggregator: String { path + "/aggregator" }
    package var server: String { path + "/server" }

    /// Makes a new one.
    package init() throws {
        var template = Array("/tmp/flotilla-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DemoError("no folder can be made in /tmp: \(String(cString: strerror(errno)))")
        }
        path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // mkdtemp lets nobody else in.
        chmod(path, 0o755)
        for folder in [keys, served, device, server] { try Self.make(folder) }
    }

    /// A folder that others may pass, whatever the umask is.
    package static func make(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
    }

    /// Writes a file with exactly this mode, and the folders above it.
    package static func write(_ bytes: some Sequence<UInt8>, to path: String, mode: Int = 0o644)
        throws
    {
        try make((path as NSString).deletingLastPathComponent)
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(bytes), attributes: [.posixPermissions: mode])
        else {
            throw DemoError("\(path) can't be written: \(String(cString: strerror(errno)))")
        }
    }

    static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DemoError("\(path) can't be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    package func remove() throws { try FileManager.default.removeItem(atPath: path) }

    /// Processes whose command line or environment names this folder.
    func processes() -> [Int] {
        let mark = Data(path.utf8)
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.compactMap { Int($0) }.filter { number in
            ["cmdline", "environ"].contains { file in
                // A process may end while it is looked at.
                let text = FileManager.default.contents(atPath: "/proc/\(number)/\(file)")
                return text?.range(of: mark) != nil
            }
        }
    }
}
