/// What a value in some JSON should be.
package enum Word: Sendable, CustomStringConvertible {
    case nothing
    case something
    case exactly(String)
    case oneOf([String])
    case beginning(String)
    case containing(String)
    /// Anything else than this, and be it nothing.
    case not(String)

    func fits(_ text: String?) -> Bool {
        switch self {
        case .nothing: text == nil
        case .something: text != nil
        case .exactly(let expected): text == expected
        case .oneOf(let expected): text.map(expected.contains) ?? false
        case .beginning(let expected): text?.hasPrefix(expected) ?? false
        case .containing(let expected): text?.contains(expected) ?? false
        case .not(let refused): text != refused
        }
    }

    package var description: String {
        switch self {
        case .nothing: "nothing"
        case .something: "something"
        case .exactly(let text): text
        case .oneOf(let texts): texts.joined(separator: " or ")
        case .beginning(let text): "\(text)…"
        case .containing(let text): "…\(text)…"
        case .not(let text): "anything but \(text)"
        }
    }
}
