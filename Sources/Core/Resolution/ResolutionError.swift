package import Documents
package import FleetModel

/// A device's desired state can't be told from a revision.
package struct ResolutionError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// Something that concerns this device is wrong in the fleet repository.
        case invalid(InvalidDocument)
        /// This agent is too old. The bundle is nil where the whole repository is meant.
        case needsAgent(bundle: String?, InvalidDocument)
        /// The store is damaged.
        case unreadable(RevisionTreeError)
        /// A bound of `Limits` was hit.
        case tooMany(Diagnostic)
    }

    package var code: Code

    package init(_ code: Code) { self.code = code }

    package var description: String {
        switch code {
        case .invalid(let document): document.description
        case .needsAgent(let bundle?, let document):
            "the bundle `\(bundle)` needs another version of the agent\n\(document)"
        case .needsAgent(nil, let document):
            "the fleet repository needs another version of the agent\n\(document)"
        case .unreadable(let error): error.description
        case .tooMany(let diagnostic): diagnostic.description
        }
    }

    /// All that is wrong, for who lists faults.
    package var diagnostics: [Diagnostic] {
        switch code {
        case .invalid(let document), .needsAgent(_, let document): document.diagnostics
        case .unreadable(let error):
            [
                Diagnostic(
                    file: error.path, message: error.message,
                    fix: "Check the repository with `git fsck`.")
            ]
        case .tooMany(let diagnostic): [diagnostic]
        }
    }
}

/// Faults in the order of their places, each once.
func inOrder(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    let sorted = diagnostics.sorted { left, right in
        if left.file != right.file { return byBytes(left.file, right.file) }
        if left.position != right.position {
            guard let leftPosition = left.position else { return true }
            guard let rightPosition = right.position else { return false }
            return leftPosition < rightPosition
        }
        return byBytes(left.message, right.message)
    }
    return sorted.enumerated().filter { $0 == 0 || sorted[$0 - 1] != $1 }.map(\.element)
}
