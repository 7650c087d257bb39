internal import CLinux
internal import Glibc

extension Root {
    /// The bytes that may still be written on the file system of a folder.
    package func freeBytes(at folder: String) throws(SystemError) -> Int {
        var status = statvfs()
        let path = hostPath(of: folder)
        try systemCall("examine", path) { unsafe statvfs(path, &status) }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
