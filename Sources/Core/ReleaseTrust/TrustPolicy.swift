package import Documents

/// `trust/policy.yaml`: how many people must agree to a release, by the paths that it changes.
package struct TrustPolicy: Equatable, Sendable {
    package struct Rule: Equatable, Sendable {
        /// A path, or a folder and everything below it: `bundles/firewall/**`.
        package let path: String
        package let people: Int
    }

    package let defaultPeople: Int
    package let rules: [Rule]

    /// One person is enough everywhere.
    package static let onePerson = TrustPolicy(defaultPeople: 1, rules: [])

    private init(defaultPeople: Int, rules: [Rule]) {
        self.defaultPeople = defaultPeople
        self.rules = rules
    }

    package init(_ node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the trust policy")
        if reader.requiredNode("format") != nil { _ = reader.integer("format", in: 1...1) }
        var defaultPeople = 1
        var rules: [Rule] = []
        for entry in reader.mapping("approvals") {
            guard case .scalar(let scalar) = entry.value.content, let people = Int(scalar.text),
                (1...Self.peopleLimit).contains(people)
            else {
                reader.report(
                    at: entry.value.position,
                    "`\(entry.key)` needs a number of people from 1 to \(Self.peopleLimit)",
                    fix: "Write `\(entry.key): 1`.")
                continue
            }
            if entry.key == "default" {
                defaultPeople = people
            } else if isRulePath(entry.key) {
                rules.append(Rule(path: entry.key, people: people))
            } else {
                reader.report(
                    at: entry.keyPosition, "`\(entry.key)` is not a path of the fleet repository",
                    fix: "Write a path without a leading slash, with `/**` after a folder.")
            }
        }
        reader.finish()
        guard reader.diagnostics.isEmpty else { throw InvalidDocument(reader.diagnostics) }
        self.init(defaultPeople: defaultPeople, rules: rules)
    }

    /// The highest number that is set anywhere.
    package var mostPeople: Int {
        rules.map(\.people).max().map { max($0, defaultPeople) } ?? defaultPeople
    }

    /// Whether this version can enforce the policy. It counts one person: the commit's signer.
    package var isSupported: Bool { mostPeople == 1 }

    package var json: JSONValue {
        var approvals: [String: JSONValue] = ["default": .integer(Int64(defaultPeople))]
        for rule in rules { approvals[rule.path] = .integer(Int64(rule.people)) }
        return ["format": 1, "approvals": .object(approvals)]
    }

    /// More people than any fleet asks to agree.
    private static let peopleLimit = 100
}

private func isRulePath(_ path: String) -> Bool {
    let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return names.allSatisfy { name in
        !name.isEmpty && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
    } && names.dropLast().allSatisfy { !$0.contains(UInt8(ascii: "*")) }
        && (names.last?.elementsEqual("**".utf8) == true
            || names.last?.contains(UInt8(ascii: "*")) == false)
}
