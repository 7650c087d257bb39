internal import FleetModel
internal import Glibc

/// A program to run, with everything that it gets from us: nothing is inherited by accident.
package struct ChildCommand: Equatable, Sendable {
    /// Where it stands, or a name without a slash, which is looked up in the PATH below.
    package var executable: String
    /// Without the program's own name.
    package var arguments: [String]
    /// All of its environment besides PATH and LANG, which have defaults.
    package var environment: [String: String]
    /// Nil means `/`.
    package var workingFolder: String?
    /// Nil means an empty one.
    package var standardInput: [UInt8]?
    /// Of each of its two outputs the last so many bytes are kept; the rest is read and thrown away.
    package var outputLimit: Int

    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        workingFolder: String? = nil, standardInput: [UInt8]? = nil,
        outputLimit: Int = Limits.reasonBytes
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingFolder = workingFolder
        self.standardInput = standardInput
        self.outputLimit = outputLimit
    }

    /// PATH and LANG of a child that is given none.
    package static let defaultEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
    ]

    /// Starts it, in a process group of its own.
    package func start() throws(SystemError) -> RunningChild {
        try spawn(self)
    }

    /// Runs it to its end. At the deadline it is killed with all its children.
    package func run(deadline: Duration) throws(SystemError) -> ChildOutcome {
        let child = try start()
        let end = Clocks.monotonic() + deadline
        var timedOut = false
        while true {
            child.collect()
            if let status = child.reap() {
                return ChildOutcome(
                    status: timedOut ? .timedOut : .ended(status), output: child.output,
                    errors: child.errors)
            }
            let remaining = end - Clocks.monotonic()
            if remaining <= .zero && !timedOut {
                timedOut = true
                child.endGroup(with: SIGKILL)
            }
            var requests = child.descriptors.map { PollRequest(reading: $0) }
            try PollRequest.wait(for: &requests, timeout: timedOut ? nil : max(.zero, remaining))
        }
    }

    /// Becomes this program, and never comes back. Its input is what this process has.
    package func replaceProcess() throws(SystemError) -> Never {
        let executable = try locate()
        let arguments = CStringList([executable] + arguments)
        let environment = CStringList(
            variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        let folder = workingFolder ?? "/"
        try systemCall("go to", folder) { unsafe chdir(folder) }
        // What we ignore it would ignore too.
        signal(SIGPIPE, SIG_DFL)
        try systemCall("run", executable) {
            unsafe execve(executable, arguments.pointer, environment.pointer)
        }
        fatalError("a program that runs does not come back")
    }

    /// The program's path, looked up where it is only a name.
    func locate() throws(SystemError) -> String {
        if executable.utf8.contains(UInt8(ascii: "/")) { return executable }
        let folders = variables["PATH"] ?? ""
        for folder in folders.split(separator: ":") where folder.utf8.first == UInt8(ascii: "/") {
            let path = "\(folder)/\(executable)"
            if unsafe access(path, X_OK) == 0 { return path }
        }
        throw SystemError(
            operation: "run", path: executable, code: ENOENT,
            advice: "no program of this name is in \(folders)")
    }

    var variables: [String: String] {
        environment.merging(Self.defaultEnvironment) { given, _ in given }
    }
}

/// How a child ended by itself or by a signal.
package enum ExitStatus: Equatable, Sendable, CustomStringConvertible {
    case exited(Int)
    case signalled(Int)

    /// Takes apart the number that `waitpid` gives.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited(Int(waitStatus >> 8 & 0xff)) : .signalled(Int(signal))
    }

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "ended by signal \(signal)"
        }
    }
}

package struct ChildOutcome: Equatable, Sendable {
    package enum Status: Equatable, Sendable, CustomStringConvertible {
        case ended(ExitStatus)
        case timedOut

        package var description: String {
            switch self {
            case .ended(let status): status.description
            case .timedOut: "not finished in time"
            }
        }
    }

    package var status: Status
    /// The last `outputLimit` bytes of its standard output.
    package var output: [UInt8]
    /// The last `outputLimit` bytes of its standard error.
    package var errors: [UInt8]

    package init(status: Status, output: [UInt8], errors: [UInt8]) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    package var isSuccess: Bool { status == .ended(.exited(0)) }
    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
}
