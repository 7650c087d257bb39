internal import FleetModel

/// The options of a line of allowed signers: `namespaces="git",valid-before="20270101Z"`.
struct SignerOptions {
    private(set) var namespaces: NamespacePatterns?
    private(set) var validAfter: Instant?
    private(set) var validBefore: Instant?

    init() {}

    init(_ scanner: inout LineScanner) throws(LineFault) {
        let column = scanner.column
        while true {
            try readOption(&scanner)
            guard scanner.next == UInt8(ascii: ",") else { break }
            scanner.advance()
        }
        if let next = scanner.next, !LineScanner.isBlank(next) {
            throw LineFault(
                "an option is followed by something else than a comma or a blank",
                at: scanner.column,
                fix: "Write options as namespaces=\"git\",valid-before=\"20270101Z\".")
        }
        if let validAfter, let validBefore, validBefore <= validAfter {
            throw LineFault(
                "valid-before is not after valid-after, so the key is never valid", at: column,
                fix: "Correct one of the two times.")
        }
    }

    private mutating func readOption(_ scanner: inout LineScanner) throws(LineFault) {
        let column = scanner.column
        let word = scanner.take {
            $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") && !LineScanner.isBlank($0)
        }
        // OpenSSH takes option names in both cases.
        let name = String(decoding: word, as: UTF8.self).lowercased()
        switch name {
        case "namespaces":
            try requireFirst(namespaces == nil, name, column)
            namespaces = NamespacePatterns(try readValue(of: name, &scanner))
        case "valid-after":
            try requireFirst(validAfter == nil, name, column)
            validAfter = try readTime(of: name, &scanner)
        case "valid-before":
            try requireFirst(validBefore == nil, name, column)
            validBefore = try readTime(of: name, &scanner)
        case "cert-authority":
            throw LineFault(
                "certificate authorities are not supported by this version", at: column,
                fix: "List each person's own key.")
        default:
            throw LineFault(
                "`\(name.prefix(80))` is neither an option nor a kind of key that Flotilla knows",
                at: column,
                fix:
                    "Use namespaces=\"…\", valid-after=\"…\", valid-before=\"…\" or nothing before "
                    + "the key.")
        }
    }

    private func requireFirst(
        _ isFirst: Bool, _ name: String, _ column: Int
    ) throws(LineFault) {
        if !isFirst {
            throw LineFault("`\(name)` stands twice", at: column, fix: "Remove one of the two.")
        }
    }

    private func readTime(
        of name: String, _ scanner: inout LineScanner
    ) throws(LineFault) -> Instant {
        let column = scanner.column
        let text = try readValue(of: name, &scanner)
        guard let time = validityTime(text) else {
            throw LineFault(
                "`\(text.prefix(80))` is not a time", at: column,
                fix: "Write YYYYMMDDZ or YYYYMMDDHHMMSSZ, in UTC.")
        }
        return time
    }

    private func readValue(
        of name: String, _ scanner: inout LineScanner
    ) throws(LineFault) -> String {
        let column = scanner.column
        let fault = LineFault(
            "`\(name)` needs a value in quotes", at: column, fix: "Write \(name)=\"…\".")
        guard scanner.next == UInt8(ascii: "=") else { throw fault }
        scanner.advance()
        guard scanner.next == UInt8(ascii: "\"") else { throw fault }
        scanner.advance()
        var value: [UInt8] = []
        while let byte = scanner.next {
            scanner.advance()
            if byte == UInt8(ascii: "\"") {
                guard !value.isEmpty, let text = String(validating: value, as: UTF8.self) else {
                    throw fault
                }
                return text
            }
            if byte == UInt8(ascii: "\\"), scanner.next == UInt8(ascii: "\"") {
                scanner.advance()
                value.append(UInt8(ascii: "\""))
            } else {
                value.append(byte)
            }
        }
        throw LineFault("the quotes of `\(name)` are not closed", at: column, fix: "Add a quote.")
    }
}
