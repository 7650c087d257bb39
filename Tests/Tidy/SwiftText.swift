/// A Swift file taken apart into code and comments. Both keep the length and the lines of the file;
/// what does not belong is blank, and so are the contents of string literals.
struct SwiftText {
    private(set) var code: [UInt8]
    private(set) var comments: [UInt8]
    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        code = bytes.map { $0 == newline ? newline : space }
        comments = code
        readCode(untilParenthesis: false)
    }

    /// Reads to the end, or over the parenthesis that ends an interpolation.
    private mutating func readCode(untilParenthesis: Bool) {
        var depth = 0
        while offset < bytes.count {
            if at("//") {
                readComment { $0.bytes[$0.offset] == newline }
            } else if at("/*") {
                readBlockComment()
            } else if let hashes = stringStart() {
                readString(hashes: hashes)
            } else {
                let byte = bytes[offset]
                code[offset] = byte
                offset += 1
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                if untilParenthesis && depth == 0 { return }
            }
        }
    }

    private mutating func readComment(until isEnd: (SwiftText) -> Bool) {
        while offset < bytes.count, !isEnd(self) {
            comments[offset] = bytes[offset]
            offset += 1
        }
    }

    /// Block comments nest.
    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            let isEdge = at("/*") || at("*/")
            if at("/*") { depth += 1 } else if at("*/") { depth -= 1 }
            for _ in 0..<(isEdge ? 2 : 1) where offset < bytes.count {
                comments[offset] = bytes[offset]
                offset += 1
            }
        } while depth > 0 && offset < bytes.count
    }

    /// The number of `#` before the quote that stands here; nil where no string begins.
    private func stringStart() -> Int? {
        let hashes = bytes[offset...].prefix { $0 == UInt8(ascii: "#") }.count
        guard offset + hashes < bytes.count, bytes[offset + hashes] == quote else { return nil }
        return hashes
    }

    private mutating func readString(hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        offset += hashes
        let quotes = at("\"\"\"") ? "\"\"\"" : "\""
        offset += quotes.utf8.count
        while offset < bytes.count, !at(quotes + fence) {
            if at("\\" + fence + "(") {
                offset += 1 + hashes
                readCode(untilParenthesis: true)
            } else if at("\\" + fence) {
                offset += 2 + hashes
            } else {
                offset += 1
            }
        }
        offset = min(bytes.count, offset + quotes.utf8.count + hashes)
    }

    private func at(_ word: String) -> Bool { bytes[offset...].starts(with: word.utf8) }
}

let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let quote = UInt8(ascii: "\"")

/// A word of code: letters, digits and underscores together, anything else by itself.
struct Token: Equatable {
    var text: String
    var line: Int

    static func all(in code: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var word: [UInt8] = []
        var line = 1
        func isWord(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || byte >= 0x80 || Character(Unicode.Scalar(byte)).isLetter
                || Character(Unicode.Scalar(byte)).isNumber
        }
        for byte in code + [newline] {
            if isWord(byte) {
                word.append(byte)
                continue
            }
            if !word.isEmpty {
                tokens.append(Token(text: String(decoding: word, as: UTF8.self), line: line))
                word = []
            }
            if byte == newline {
                line += 1
            } else if byte != space {
                tokens.append(Token(text: String(Unicode.Scalar(byte)), line: line))
            }
        }
        return tokens
    }
}
