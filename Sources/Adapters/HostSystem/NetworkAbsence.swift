internal import CLinux
internal import Glibc

/// This process in a network namespace of its own, in which there is nothing and nobody: what it
/// reads can't make it call anywhere.
package final class NetworkAbsence {
    private let home: FileDescriptor

    /// Leaves the network. Only root may.
    package init() throws(SystemError) {
        let path = "/proc/self/ns/net"
        let raw = try systemCall("open", path) { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        let home = FileDescriptor(owning: raw, path: path)
        try systemCall("leave", "the network") { unshare(CLONE_NEWNET) }
        self.home = home
    }

    /// Comes back, for programs that must see the machine as it is.
    package func end() throws(SystemError) {
        let raw = home.raw
        try systemCall("come back to", "the network") { setns(raw, CLONE_NEWNET) }
    }
}
