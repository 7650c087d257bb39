public import Foundation

/// A program that a test runs beside itself. It gets no input or a file's, its output goes to a file,
/// its signal mask is empty (Foundation's Process hands a full one on), and `end` ends exactly it.
public final class ServerProcess {
    /// The process.
    public let pid: pid_t
    private let log: URL
    private var isEnded = false

    /// Starts `executable` with the environment variables given and no others.
    public init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        input: String = "/dev/null", log: URL
    ) throws {
        self.log = log
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, log.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] =
            ([executable] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.merging(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]) { own, _ in own }
            .map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, executable, &actions, &attributes, &arguments, &variables)
        guard result == 0 else {
            throw CommandFailure(
                command: executable, status: result, output: String(cString: strerror(result)))
        }
        self.pid = pid
    }

    deinit { end() }

    /// Waits until something listens on the port; false where the process ended before, because
    /// another one took the port.
    public func listens(on port: Int, within seconds: Double = 20) throws -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                isEnded = true
                return false
            }
            if LoopbackPort.accepts(port) { return true }
            usleep(10_000)
        }
        throw CommandFailure(command: "server on port \(port)", status: -1, output: output)
    }

    /// What it wrote.
    public var output: String {
        let bytes = try? FileHandle(forReadingFrom: log).readToEnd()
        return String(decoding: bytes ?? Data(), as: UTF8.self)
    }

    /// Kills the process and waits for it.
    public func end() {
        guard !isEnded else { return }
        isEnded = true
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }
}

/// Ports of 127.0.0.1.
public enum LoopbackPort {
    /// A port that nobody listens on at this moment.
    public static func free() throws -> Int {
        try ListeningSocket().port
    }

    /// Whether something accepts connections there.
    public static func accepts(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// A server that accepts connections and never says anything: the kernel completes them from the
/// backlog.
public final class ListeningSocket {
    /// Where it listens.
    public let port: Int
    private let descriptor: Int32

    /// Listens on a free port of 127.0.0.1.
    public init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(descriptor, address, size) == 0 else { return -1 }
                guard listen(descriptor, 16) == 0 else { return -1 }
                return getsockname(descriptor, address, &size)
            }
        }
        guard result == 0 else {
            throw CommandFailure(
                command: "listen", status: errno, output: String(cString: strerror(errno)))
        }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

/// A port that answers no connection at all, not even with a refusal: the queue of those who wait
/// to be accepted is full, so the kernel drops what comes.
public final class FullSocket {
    /// Where it would listen.
    public let port: Int
    private var descriptors: [Int32] = []

    /// Listens and fills the queue itself.
    public init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(listener, address, size) == 0, listen(listener, 0) == 0 else {
                    return -1
                }
                return getsockname(listener, address, &size)
            }
        }
        guard result == 0 else {
            throw CommandFailure(
                command: "listen", status: errno, output: String(cString: strerror(errno)))
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        descriptors = [listener]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(kind), 0)
            descriptors.append(client)
            _ = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(client, $0, size)
                }
            }
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
