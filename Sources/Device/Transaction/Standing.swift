internal import HostSystem

extension Root {
    /// What stands at a path; nil where nothing does. Below a symbolic link nothing of ours stands:
    /// the link may be our own, of a generation that had a file where now a folder is to be.
    func standing(at path: String) throws(SystemError) -> FileStatus? {
        do throws(SystemError) {
            return try status(of: path)
        } catch {
            if error.isSymbolicLink { return nil }
            throw error
        }
    }
}
