internal import CLinux
internal import Glibc

/// What a process takes from itself for good before it works on what strangers send.
package struct ProcessLimits: Sendable {
    /// The largest file that it may write.
    package var fileBytes: Int
    /// All of its address space, mapped files included.
    package var memoryBytes: UInt64

    package init(fileBytes: Int, memoryBytes: UInt64) {
        self.fileBytes = fileBytes
        self.memoryBytes = memoryBytes
    }

    /// Besides the two limits: no core file, no child process (unless it is root), no new rights
    /// by a program's file, and files that nobody else may read.
    package func apply() throws(SystemError) {
        let limits = [
            (flotilla_limit_core, 0), (flotilla_limit_descriptors, 1_024),
            (flotilla_limit_file, UInt64(fileBytes)), (flotilla_limit_memory, memoryBytes),
            (flotilla_limit_processes, 0),
        ]
        for (limit, value) in limits {
            try systemCall("limit", "this process") { flotilla_set_limit(limit, value) }
        }
        // A file that grows too large is an error to report, and no sudden end.
        signal(SIGXFSZ, SIG_IGN)
        _ = umask(0o077)
        try systemCall("give up", "new rights") { flotilla_prctl(PR_SET_NO_NEW_PRIVS, 1) }
    }
}

extension Program {
    package static var processID: Int32 { getpid() }

    /// From now on this process is killed when its parent ends. `parent` is who started it: he may
    /// have ended before this call. Changing the user undoes it.
    package static func endWithParent(_ parent: Int32) throws(SystemError) {
        try systemCall("end with", "process \(parent)") {
            flotilla_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL))
        }
        guard getppid() == parent else {
            throw SystemError(
                operation: "work for", path: "process \(parent)", code: ESRCH,
                advice: "it is not this process's parent (any more)")
        }
    }

    /// Closes all but the three standard descriptors.
    package static func closeOtherDescriptors() throws(SystemError) {
        try systemCall("close", "inherited descriptors") {
            flotilla_close_range(UInt32(STDERR_FILENO) + 1, .max)
        }
    }
}
