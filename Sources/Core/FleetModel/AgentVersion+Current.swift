extension AgentVersion {
    /// The version of this source tree: of the agent, the worker and the command alike.
    package static let current = AgentVersion(numbers: [0, 1, 0])

    private init(numbers: [Int]) {
        self.numbers = numbers
        prerelease = []
    }
}
