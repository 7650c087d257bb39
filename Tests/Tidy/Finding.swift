/// Something in the tree that is not as the house wants it.
struct Finding: Equatable, CustomStringConvertible {
    var rule: Rule
    /// Relative to the package.
    var path: String
    var line: Int
    var message: String

    var description: String { "\(path):\(line): \(message) [\(rule.rawValue)]" }
}

enum Rule: String, CaseIterable {
    case fileLength, functionLength
    case unstructuredTask, systemClock, unseededRandom
    case forbiddenImport, coreImport, concurrencyOnDevice
    case openTodo
    case undeclaredFolder, undescribedModule, trackedProduct, brokenLink
}

/// A place where a rule does not hold, on purpose.
struct Exemption {
    var rule: Rule
    var path: String
    var reason: String
}

/// Keep it short. An exemption that nothing needs any more fails the test.
let exemptions: [Exemption] = []
