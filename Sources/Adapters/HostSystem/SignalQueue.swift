internal import CLinux
internal import Glibc

/// The signals that a loop cares about, as something to read: they interrupt nothing.
package struct SignalQueue: ~Copyable {
    package enum Signal: Equatable, Sendable, CaseIterable {
        case terminate, interrupt, hangUp, child

        var number: Int32 {
            switch self {
            case .terminate: SIGTERM
            case .interrupt: SIGINT
            case .hangUp: SIGHUP
            case .child: SIGCHLD
            }
        }
    }

    private let queue: FileDescriptor

    /// Blocks these signals for the whole process and queues them here. To be called before any
    /// thread is started.
    package init(_ signals: [Signal] = Signal.allCases) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.number) }
        try numberedCall("block", "signals") { unsafe pthread_sigmask(SIG_BLOCK, &set, nil) }
        let raw = try systemCall("queue", "signals") {
            unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        }
        queue = FileDescriptor(owning: raw, path: "signals")
    }

    /// Readable when a signal came.
    package var descriptor: Int32 { queue.raw }

    /// The next signal; nil when there is none.
    package func next() throws(SystemError) -> Signal? {
        var record = signalfd_siginfo()
        let descriptor = queue.raw
        do throws(SystemError) {
            try systemCall("read", "signals") {
                unsafe read(descriptor, &record, MemoryLayout<signalfd_siginfo>.size)
            }
        } catch {
            if error.code == EAGAIN { return nil }
            throw error
        }
        return Signal.allCases.first { UInt32($0.number) == record.ssi_signo }
    }
}
