internal import Mustache

/// The page's templates, read once. Every value in them is escaped: nothing there uses three braces.
enum Templates {
    static let overview = read(overviewTemplate, "overview")
    static let login = read(loginTemplate, "login")

    private static func read(_ text: String, _ name: String) -> MustacheTemplate {
        MustacheContentTypes.register(EscapedHTML(), named: EscapedHTML.name)
        do {
            return try MustacheTemplate(string: "{{% CONTENT_TYPE:\(EscapedHTML.name)}}\n" + text)
        } catch {
            fatalError("the page's own template `\(name)` can't be read: \(error)")
        }
    }
}

/// Escapes what devices say, sign by sign. Mustache's own way looks at what people see as one
/// character, and lets a quote with an accent above it pass: for a browser that still ends an
/// attribute, and what follows is HTML of the device's making.
struct EscapedHTML: MustacheContentType {
    static let name = "ESCAPED_HTML"

    func escapeText(_ text: String) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
