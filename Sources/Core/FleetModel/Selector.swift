/// Which devices are meant, in Kubernetes' label-selector syntax and with its exact meaning:
/// `role=gateway, site in (berlin, potsdam), !legacy`. An empty selector means every device.
package struct Selector: Equatable, Sendable, CustomStringConvertible {
    package enum Condition: Equatable, Sendable {
        /// The device has the label, with one of these values.
        case isOneOf([String])
        /// The device has none of these values; it may lack the label altogether.
        case isNoneOf([String])
        case exists
        case isAbsent
    }

    package struct Requirement: Equatable, Sendable {
        package var key: String
        package var condition: Condition

        package init(key: String, condition: Condition) {
            self.key = key
            self.condition = condition
        }
    }

    package let description: String
    /// All of them must hold.
    package let requirements: [Requirement]

    package init(_ text: String) throws(TextFault) {
        guard text.utf8.count <= Limits.selectorBytes else {
            throw TextFault(
                "the selector is longer than \(Limits.selectorBytes) bytes",
                fix: "Give the devices a label of their own and select that.")
        }
        description = text
        var parser = try SelectorParser(text)
        requirements = try parser.parse()
    }

    private init(description: String, requirements: [Requirement]) {
        self.description = description
        self.requirements = requirements
    }

    /// The empty selector.
    package static let everyDevice = Selector(description: "", requirements: [])

    package func matches(_ labels: Labels) -> Bool {
        requirements.allSatisfy { requirement in
            let value = labels[requirement.key]
            return switch requirement.condition {
            case .isOneOf(let values): value.map(values.contains) ?? false
            case .isNoneOf(let values): value.map { !values.contains($0) } ?? true
            case .exists: value != nil
            case .isAbsent: value == nil
            }
        }
    }
}
