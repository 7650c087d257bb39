internal import CLinux
internal import Glibc

extension Root {
    /// Opens a regular file for reading the way the device's programs find it: symbolic links are
    /// followed, those with an absolute text from this root, and none leads out of it. Only for
    /// looking: what is written or managed is never reached through links.
    package func openFileFollowingLinks(_ path: String) throws(SystemError) -> FileDescriptor {
        guard DevicePath.isNormalised(path), path != "/" else {
            throw SystemError(
                operation: "read", path: path, code: EINVAL,
                advice: "write the path absolute, without . or .. or double slashes")
        }
        let top = try openFolder("/", to: "read")
        let (descriptor, relative) = (top.raw, String(path.dropFirst()))
        // Without O_NONBLOCK a pipe at this path would hold the process for ever.
        let flags = UInt64(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        let rules = UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
        let raw: Int32
        do throws(SystemError) {
            raw = try systemCall("read", path) {
                unsafe flotilla_openat2(descriptor, relative, flags, 0, rules)
            }
        } catch {
            // Kernels before 5.6 can't keep links below a root, so none are followed there.
            if error.code == ENOSYS { return try openFile(path) }
            throw error
        }
        let file = FileDescriptor(owning: raw, path: path)
        let kind = try file.status().kind
        guard kind == .file else {
            throw SystemError(
                operation: "read", path: path, code: kind == .directory ? EISDIR : EINVAL,
                advice: "it is a \(kind.rawValue), and a file was expected")
        }
        return file
    }
}
