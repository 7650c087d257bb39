internal import FleetModel
internal import Glibc

/// An exclusive lock on a file, held by this process until the value goes out of scope, at the
/// latest until the process ends.
package struct FileLock: ~Copyable {
    private let file: FileDescriptor

    /// Takes the lock; nil where somebody else has it.
    package init?(_ path: String, below root: Root) throws(SystemError) {
        let place = try root.openParent(of: path, to: "lock")
        let file = try place.open(O_RDWR | O_CREAT, mode: 0o600, to: "lock")
        let descriptor = file.raw
        do throws(SystemError) {
            try systemCall("lock", path) { flock(descriptor, LOCK_EX | LOCK_NB) }
        } catch {
            if error.code == EWOULDBLOCK { return nil }
            throw error
        }
        self.file = file
    }

    /// Takes the lock when it comes free before the deadline; nil where it does not.
    package init?(
        _ path: String, below root: Root, within patience: Duration
    ) throws(SystemError) {
        let deadline = Clocks.monotonic() + patience
        while true {
            if let lock = try FileLock(path, below: root) {
                self = lock
                return
            }
            if Clocks.monotonic() >= deadline { return nil }
            // flock has no time-out of its own, and a signal to end it would reach everybody.
            _ = usleep(20_000)
        }
    }
}
