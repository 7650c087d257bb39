/// One path that is not as a desired state wants it.
package struct Deviation: Equatable, Sendable, CustomStringConvertible {
    /// The most telling difference; one path has at most one.
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        case missing
        /// Something of another kind stands there.
        case replaced
        /// A link leads elsewhere.
        case target
        case content
        case owner
        case mode
        /// An extended attribute that the state names.
        case attribute
        /// It stands in an owned directory, and nothing lists it.
        case extra
    }

    package var path: String
    package var bundle: String
    package var kind: Kind
    /// For people; never content.
    package var detail: String

    package init(path: String, bundle: String, kind: Kind, detail: String) {
        self.path = path
        self.bundle = bundle
        self.kind = kind
        self.detail = detail
    }

    package var description: String { "\(path): \(detail)" }
}
