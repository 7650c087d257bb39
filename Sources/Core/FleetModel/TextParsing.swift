/// The initialisers as functions of one text, for who reads a manifest.
extension Selector {
    static func parse(_ text: String) throws(TextFault) -> Selector { try Selector(text) }
}

extension RolloutAmount {
    static func parse(_ text: String) throws(TextFault) -> RolloutAmount {
        try RolloutAmount(text)
    }
}

extension AgentRequirement {
    static func parse(_ text: String) throws(TextFault) -> AgentRequirement {
        try AgentRequirement(text)
    }
}

extension Ownership {
    static func parse(_ text: String) throws(TextFault) -> Ownership { try Ownership(text) }
}

extension RepositoryPath {
    static func parse(_ text: String) throws(TextFault) -> RepositoryPath {
        try RepositoryPath(text)
    }
}

extension AbsolutePath {
    static func parse(_ text: String) throws(TextFault) -> AbsolutePath { try AbsolutePath(text) }
}

extension ManagedPath {
    static func file(_ text: String) throws(TextFault) -> ManagedPath { try ManagedPath(text) }

    static func directory(_ text: String) throws(TextFault) -> ManagedPath {
        try ManagedPath(text, as: .directory)
    }

    static func ownedDirectory(_ text: String) throws(TextFault) -> ManagedPath {
        try ManagedPath(text, as: .ownedDirectory)
    }
}
