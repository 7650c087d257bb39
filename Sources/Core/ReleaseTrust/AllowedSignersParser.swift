internal import Documents
internal import FleetModel

/// Reads the lines of an allowed signers file and collects what is wrong with them.
struct AllowedSignersParser {
    let file: String
    private(set) var signers: [AllowedSigner] = []
    private(set) var diagnostics: [Diagnostic] = []
    private var lineOfKey: [SSHPublicKey: Int] = [:]

    init(file: String) { self.file = file }

    mutating func read(_ text: String) {
        let lines = Array(text.utf8).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard text.utf8.count <= AllowedSigners.bytesLimit,
            lines.count <= AllowedSigners.linesLimit
        else {
            report(
                line: 1,
                LineFault(
                    "the file is larger than \(AllowedSigners.bytesLimit) bytes or "
                        + "\(AllowedSigners.linesLimit) lines", fix: "Remove lines."))
            return
        }
        for (index, line) in lines.enumerated() {
            do throws(LineFault) {
                try read(line: line, number: index + 1)
            } catch {
                report(line: index + 1, error)
            }
        }
    }

    private mutating func report(line: Int, _ fault: LineFault) {
        diagnostics.append(
            Diagnostic(
                file: file, position: SourcePosition(line: line, column: fault.column),
                message: fault.message, fix: fault.fix))
    }

    private mutating func read(line: ArraySlice<UInt8>, number: Int) throws(LineFault) {
        var scanner = LineScanner(line)
        scanner.skipBlanks()
        guard let first = scanner.next, first != UInt8(ascii: "#") else { return }
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw LineFault(
                "the line has a control character", fix: "Save the file with plain line ends (LF).")
        }

        let principal = try readPrincipal(&scanner)
        scanner.skipBlanks()
        let optionsColumn = scanner.column
        var options = SignerOptions()
        var word = scanner.word()
        if !word.isEmpty, SSHKeyKind(rawValue: String(decoding: word, as: UTF8.self)) == nil {
            scanner.goBack(to: optionsColumn)
            options = try SignerOptions(&scanner)
            scanner.skipBlanks()
            word = scanner.word()
        }
        let kindColumn = scanner.column - word.count
        scanner.skipBlanks()
        let key = try readKey(
            kind: String(decoding: word, as: UTF8.self), kindColumn: kindColumn, &scanner)
        if let other = lineOfKey[key] {
            throw LineFault(
                "the key of `\(principal)` already stands in line \(other)", at: kindColumn,
                fix: "Give each person a key of their own, and each key one line.")
        }
        lineOfKey[key] = number
        signers.append(
            AllowedSigner(
                principal: principal, key: key, namespaces: options.namespaces,
                validAfter: options.validAfter, validBefore: options.validBefore, line: number))
    }

    private func readPrincipal(_ scanner: inout LineScanner) throws(LineFault) -> String {
        let column = scanner.column
        let word = scanner.word()
        guard word.allSatisfy({ !Array("*?!,\"\\".utf8).contains($0) }), word.count <= 256,
            let principal = String(validating: word, as: UTF8.self)
        else {
            throw LineFault(
                "`\(String(decoding: word.prefix(80), as: UTF8.self))` is not one literal principal",
                at: column,
                fix: "Begin the line with one name or e-mail address, without quotes, commas and "
                    + "patterns, so that one line is one person.")
        }
        return principal
    }

    private func readKey(
        kind: String, kindColumn: Int, _ scanner: inout LineScanner
    ) throws(LineFault) -> SSHPublicKey {
        let known = SSHKeyKind.allCases.map(\.rawValue).joined(separator: ", ")
        guard SSHKeyKind(rawValue: kind) != nil else {
            throw LineFault(
                kind.isEmpty
                    ? "the line ends before its key" : "`\(kind.prefix(80))` is no kind of key",
                at: kindColumn, fix: "Write the kind of the key here: \(known).")
        }
        let column = scanner.column
        let fix = "Copy the whole line of the person's .pub file."
        guard let blob = Base64.decode(scanner.word()) else {
            throw LineFault("the key is not valid Base64", at: column, fix: fix)
        }
        do throws(MalformedInput) {
            let key = try SSHPublicKey(blob: blob)
            guard key.kind.rawValue == kind else {
                throw MalformedInput("is of the kind `\(key.kind.rawValue)`, not `\(kind)`")
            }
            return key
        } catch {
            throw LineFault("the key \(error.message)", at: column, fix: fix)
        }
    }
}

/// Why one line was refused.
struct LineFault: Error {
    var message: String
    var column: Int
    var fix: String

    init(_ message: String, at column: Int = 1, fix: String) {
        self.message = message
        self.column = column
        self.fix = fix
    }
}

/// Walks over the bytes of one line. Columns count bytes from 1.
struct LineScanner {
    private let bytes: [UInt8]
    private var at = 0

    init(_ line: ArraySlice<UInt8>) { bytes = Array(line) }

    var column: Int { at + 1 }
    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func goBack(to column: Int) { at = column - 1 }
    mutating func advance() { at = min(at + 1, bytes.count) }
    mutating func skipBlanks() { take { Self.isBlank($0) } }

    @discardableResult
    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = at
        while at < bytes.count, isWanted(bytes[at]) { at += 1 }
        return bytes[start..<at]
    }

    mutating func word() -> ArraySlice<UInt8> { take { !Self.isBlank($0) } }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
