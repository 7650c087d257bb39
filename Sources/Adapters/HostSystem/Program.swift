internal import CLinux
internal import Glibc

/// This process as a program.
package enum Program {
    /// Without its own name.
    package static var arguments: [String] { Array(CommandLine.arguments.dropFirst()) }

    /// Where this program's own file stands.
    package static func ownPath() throws(SystemError) -> String {
        let capacity = Int(PATH_MAX)
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        defer { unsafe buffer.deallocate() }
        let length = try systemCall("read", "/proc/self/exe") {
            unsafe readlink("/proc/self/exe", buffer, capacity - 1)
        }
        unsafe buffer[length] = 0
        return unsafe String(cString: buffer)
    }

    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

    /// Ends this process by a signal when that much time has passed, whatever it waits for then.
    package static func endBySignal(after time: Duration) {
        signal(SIGALRM, SIG_DFL)
        alarm(UInt32(clamping: max(1, time.components.seconds)))
    }

    /// Writes to who reads no more then fail, instead of ending the program.
    package static func ignoreBrokenPipe() { signal(SIGPIPE, SIG_IGN) }

    package static func writeToStandardOutput(_ text: String) throws(SystemError) {
        try write(text, to: STDOUT_FILENO, "standard output")
    }

    /// For messages. Where nobody can read them there is nobody to tell, so a failure is dropped.
    package static func writeToStandardError(_ text: String) {
        try? write(text, to: STDERR_FILENO, "standard error")
    }

    /// All of standard input; more than `limit` bytes are an error.
    package static func readStandardInput(limit: Int) throws(SystemError) -> [UInt8] {
        let copy = try systemCall("read", "standard input") { dup(STDIN_FILENO) }
        return try FileDescriptor(owning: copy, path: "standard input").readAll(limit: limit)
    }

    /// `count` bytes that nobody can guess.
    package static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = unsafe bytes.withUnsafeMutableBytes {
                unsafe getrandom($0.baseAddress?.advanced(by: filled), count - filled, 0)
            }
            if received > 0 {
                filled += received
            } else if errno != EINTR {
                fatalError("the kernel gives no random bytes: \(SystemError.text(of: errno))")
            }
        }
        return bytes
    }

    private static func write(
        _ text: String, to descriptor: Int32, _ name: String
    ) throws(SystemError) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            written += try systemCall("write to", name) {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(
                        descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
                }
            }
        }
    }
}
