internal import Glibc

/// A child process and all that it starts in turn. When the last reference goes, its whole process
/// group is killed and it is reaped: no child outlives who asked for it.
///
/// For a poll loop: wait until one of `descriptors` is readable, then `collect()` and `reap()`.
package final class RunningChild {
    package let pid: Int32
    private let process: FileDescriptor
    private var outputPipe: FileDescriptor?
    private var errorPipe: FileDescriptor?
    private let outputLimit: Int
    private var status: ExitStatus?

    // Up to twice the limit, so that not each read moves all of it.
    private var outputKept: [UInt8] = []
    private var errorsKept: [UInt8] = []

    /// The end of what it wrote so far to its standard output and error, each up to the limit: the
    /// reason for a failure stands last.
    package var output: [UInt8] { Array(outputKept.suffix(outputLimit)) }
    package var errors: [UInt8] { Array(errorsKept.suffix(outputLimit)) }

    init(
        pid: Int32, process: consuming FileDescriptor, output: consuming FileDescriptor,
        errors: consuming FileDescriptor, outputLimit: Int
    ) {
        self.pid = pid
        self.process = process
        outputPipe = consume output
        errorPipe = consume errors
        self.outputLimit = outputLimit
    }

    deinit {
        if status == nil {
            endGroup(with: SIGKILL)
            _ = reap(waiting: true)
        }
    }

    /// Readable when there is output, or when the child has ended. What was closed is left out, so
    /// ask again before each wait.
    package var descriptors: [Int32] {
        var open: [Int32] = []
        if status == nil { open.append(process.raw) }
        if let raw = outputPipe?.raw { open.append(raw) }
        if let raw = errorPipe?.raw { open.append(raw) }
        return open
    }

    /// Takes what the child has written, without waiting.
    package func collect() {
        if !drain(outputPipe?.raw, into: &outputKept) { outputPipe = nil }
        if !drain(errorPipe?.raw, into: &errorsKept) { errorPipe = nil }
    }

    /// How the child ended; nil while it runs. Its group ends with it: what it left behind is
    /// killed.
    package func reap() -> ExitStatus? { reap(waiting: false) }

    /// Sends a signal to the child and to all in its group.
    package func endGroup(with signal: Int32) {
        // Not after it was reaped, when the number may be somebody else's.
        if status == nil { _ = kill(-pid, signal) }
    }

    private func reap(waiting: Bool) -> ExitStatus? {
        if let status { return status }
        var request = [PollRequest(reading: process.raw)]
        let timeout: Duration? = waiting ? nil : .zero
        guard (try? PollRequest.wait(for: &request, timeout: timeout)) != nil,
            request[0].isReady
        else { return nil }
        // The dead child still holds the number of its group here, so nobody else can be hit.
        endGroup(with: SIGKILL)
        var waitStatus: Int32 = 0
        while unsafe waitpid(pid, &waitStatus, 0) == -1 {
            guard errno == EINTR else {
                fatalError("child \(pid) was reaped by somebody else")
            }
        }
        let ended = ExitStatus(waitStatus: waitStatus)
        status = ended
        // What it wrote after the last look and before its end.
        collect()
        return ended
    }

    /// Reads what is there; false when the pipe has ended. Only so much at a time that a child
    /// which writes without end can't hold the loop.
    private func drain(_ raw: Int32?, into kept: inout [UInt8]) -> Bool {
        guard let raw else { return false }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        for _ in 0..<64 {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(raw, $0.baseAddress, $0.count)
            }
            if count == 0 { return false }
            guard count > 0 else { return errno == EAGAIN || errno == EINTR }
            kept += buffer[..<count]
            if kept.count > 2 * outputLimit { kept.removeFirst(kept.count - outputLimit) }
        }
        return true
    }
}
