internal import Documents
internal import FleetModel

/// A text with `{{ name }}` in it. There is no logic: no conditions, no loops, no filters. `\{{`
/// stands for `{{` itself.
struct Template {
    private enum Piece {
        case text(ArraySlice<UInt8>)
        case name(String, SourcePosition)
    }

    private static let open = Array("{{".utf8)
    private static let close = Array("}}".utf8)

    private let file: String
    private var pieces: [Piece] = []

    init(_ bytes: [UInt8], file: String) throws(InvalidDocument) {
        self.file = file
        try Self.checkText(bytes, file: file)
        var faults: [Diagnostic] = []
        var place = PlaceCounter(bytes)
        var literal = 0
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\\"), Self.stands(Self.open, in: bytes, at: at + 1) {
                pieces.append(.text(bytes[literal..<at]))
                literal = at + 1
                at += 3
            } else if Self.stands(Self.open, in: bytes, at: at) {
                pieces.append(.text(bytes[literal..<at]))
                let position = place.position(of: at)
                let (name, end) = Self.name(in: bytes, from: at + 2)
                if let name, TemplateNames.isName(name) {
                    pieces.append(.name(name, position))
                } else {
                    faults.append(Self.fault(name, file: file, position: position))
                }
                literal = end
                at = end
            } else {
                at += 1
            }
        }
        pieces.append(.text(bytes[literal...]))
        guard faults.isEmpty else { throw InvalidDocument(faults) }
    }

    /// The text for one device. Every unknown name is a fault.
    func render(_ names: TemplateNames) throws(InvalidDocument) -> [UInt8] {
        var rendered: [UInt8] = []
        var faults: [Diagnostic] = []
        for piece in pieces {
            switch piece {
            case .text(let bytes): rendered += bytes
            case .name(let name, let position):
                if let value = names.value(of: name) {
                    rendered += Array(value.utf8)
                } else {
                    faults.append(
                        Diagnostic(
                            file: file, position: position,
                            message: "the template's \(quoted(name)) is not known",
                            fix: names.advice(on: name)))
                }
            }
            guard rendered.count <= Limits.templateBytes else {
                throw InvalidDocument(
                    Diagnostic(
                        file: file,
                        message: "the text becomes larger than \(Limits.templateBytes) bytes",
                        fix: "Split it, or place it as a file and not as a template."))
            }
        }
        guard faults.isEmpty else { throw InvalidDocument(faults) }
        return rendered
    }

    /// The name up to `}}` on the same line, and where the text goes on; nil without an end.
    private static func name(in bytes: [UInt8], from start: Int) -> (name: String?, end: Int) {
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
            if stands(close, in: bytes, at: end) {
                let inner = bytes[start..<end].drop { $0 == 0x20 }
                let trimmed = inner.prefix(
                    inner.count - inner.reversed().prefix { $0 == 0x20 }.count)
                return (String(decoding: trimmed, as: UTF8.self), end + 2)
            }
            end += 1
        }
        return (nil, end)
    }

    private static func stands(_ mark: [UInt8], in bytes: [UInt8], at index: Int) -> Bool {
        index + 1 < bytes.count && bytes[index] == mark[0] && bytes[index + 1] == mark[1]
    }

    private static func fault(
        _ name: String?, file: String, position: SourcePosition
    ) -> Diagnostic {
        guard let name else {
            return Diagnostic(
                file: file, position: position, message: "`{{` has no `}}` on its line",
                fix: "Write `{{ name }}`, or `\\{{` for the two braces themselves.")
        }
        return Diagnostic(
            file: file, position: position,
            message: "\(quoted(name)) is not a name; templates have no logic",
            fix:
                "Write `{{ name }}`, `{{ device.id }}` or `{{ label.KEY }}`, or `\\{{` for the braces."
        )
    }

    /// Only texts can be templates: valid UTF-8 without NUL.
    private static func checkText(_ bytes: [UInt8], file: String) throws(InvalidDocument) {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var at = 0
        while true {
            let fault: String
            switch decoder.parseScalar(from: &iterator) {
            case .emptyInput: return
            case .valid(let scalar) where scalar.first != 0:
                at += scalar.count
                continue
            case .valid: fault = "the template is binary: it has a NUL byte"
            case .error: fault = "the template is not valid UTF-8"
            }
            var place = PlaceCounter(bytes)
            throw InvalidDocument(
                Diagnostic(
                    file: file, position: place.position(of: at), message: fault,
                    fix: "Remove `template: true`, or store the file as UTF-8 text."))
        }
    }
}

/// Finds lines and columns of bytes that are asked for in ascending order, in one pass.
private struct PlaceCounter {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func position(of offset: Int) -> SourcePosition {
        while at < offset {
            if bytes[at] == UInt8(ascii: "\n") {
                line += 1
                lineStart = at + 1
            }
            at += 1
        }
        return SourcePosition(line: line, column: offset - lineStart + 1)
    }
}
