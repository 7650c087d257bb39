package import HostSystem

extension Root {
    /// Makes the agent's folders where they are missing. What stood on the device before is nobody
    /// else's to read.
    package func makeStateFolders() throws(SystemError) {
        try makeFolders(StateLayout.state, mode: 0o755)
        try makeFolders(StateLayout.run, mode: 0o755)
        try makeFolders(StateLayout.generations, mode: 0o755)
        try makeFolders(StateLayout.saved, mode: 0o700)
    }
}
