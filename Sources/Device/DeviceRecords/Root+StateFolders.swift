package import HostSystem

extension Root {
    /// Makes the agent's folders where they are missing. The object store is readable for the
    /// fetching user, who borrows from it; what stood on the device before is not.
    package func makeStateFolders() throws(SystemError) {
        try makeFolders(StateLayout.state, mode: 0o755)
        try makeFolders(StateLayout.run, mode: 0o755)
        try makeFolders(StateLayout.generations, mode: 0o755)
        try makeFolders(StateLayout.saved, mode: 0o700)
    }
}
