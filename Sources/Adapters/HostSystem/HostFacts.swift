internal import Glibc

/// What a machine says about itself, for the built-in labels.
package struct HostFacts: Equatable, Sendable {
    /// As Debian names it: `amd64`, `arm64`, `armhf`, `riscv64`.
    package var architecture: String
    /// The board's model in lower case with hyphens; nil where the machine does not say.
    package var board: String?
    /// `ID` of os-release: `debian`.
    package var systemID: String?
    /// `VERSION_ID` of os-release: `12`.
    package var systemVersion: String?

    /// The facts by their names, those that the machine tells.
    package var reported: [String: String] {
        let facts: [String: String?] = [
            "arch": architecture, "board": board, "os.id": systemID, "os.version": systemVersion,
        ]
        return facts.compactMapValues { $0 }
    }

    /// Reads the facts of this machine; the operating system is that of the root, where it holds
    /// one.
    package static func read(root: Root) throws(SystemError) -> HostFacts {
        let machine = try Root("/")
        var release = try osRelease(root)
        if release.isEmpty { release = try osRelease(machine) }
        return HostFacts(
            architecture: try architecture(), board: try board(of: machine),
            systemID: release["ID"], systemVersion: release["VERSION_ID"])
    }

    /// The system that stands below a root, with its version where it has one: `debian 12`. Nil where
    /// no system says its name.
    package static func system(of root: Root) throws(SystemError) -> String? {
        let release = try osRelease(root)
        guard let id = release["ID"] else { return nil }
        return release["VERSION_ID"].map { "\(id) \($0)" } ?? id
    }

    /// The kernel's version, as it tells it; nil where it does not.
    package static var kernelRelease: String? {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return nil }
        return unsafe withUnsafeBytes(of: &name.release) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func architecture() throws(SystemError) -> String {
        var name = utsname()
        try systemCall("examine", "the kernel") { unsafe uname(&name) }
        let machine = unsafe withUnsafeBytes(of: &name.machine) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return switch machine {
        case "x86_64": "amd64"
        case "aarch64": "arm64"
        case "armv6l", "armv7l", "armv8l": "armhf"
        case "i386", "i486", "i586", "i686": "i386"
        default: machine
        }
    }

    /// The device tree's model on boards, the mainboard's name on PCs.
    private static func board(of machine: Root) throws(SystemError) -> String? {
        let sources = [
            "/sys/firmware/devicetree/base/model", "/sys/devices/virtual/dmi/id/board_name",
            "/sys/devices/virtual/dmi/id/product_name",
        ]
        for source in sources {
            // A container may forbid to read the board; then it has none.
            guard let bytes = try? machine.readFile(source, limit: 4_096) else { continue }
            let name = label(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
            if !name.isEmpty { return name }
        }
        return nil
    }

    /// A text as a label's value: `raspberry-pi-4-model-b-rev-1.4`.
    static func label(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.lowercased().utf8 {
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: ".")
            if isPlain {
                bytes.append(byte)
            } else if let last = bytes.last, last != UInt8(ascii: "-") {
                bytes.append(UInt8(ascii: "-"))
            }
        }
        bytes = Array(bytes.prefix(63))
        while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The assignments of os-release; empty where there is none. `/etc/os-release` is often a link
    /// to the other one, and links are not followed.
    private static func osRelease(_ root: Root) throws(SystemError) -> [String: String] {
        for path in ["/etc/os-release", "/usr/lib/os-release"]
        where try root.status(of: path)?.kind == .file {
            if let bytes = try root.readFile(path, limit: 64 << 10) {
                return assignments(String(decoding: bytes, as: UTF8.self))
            }
        }
        return [:]
    }

    /// `NAME=value`, where the value may stand in quotes.
    static func assignments(_ text: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            var value = parts[1]
            if let quote = value.first, quote == "\"" || quote == "'", value.last == quote,
                value.count > 1
            {
                value = value.dropFirst().dropLast()
            }
            found[String(parts[0])] = String(value)
        }
        return found
    }
}
