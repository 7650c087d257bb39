internal import CJansson
internal import Documents

/// Runs jansson over one text and copies its values into nodes.
struct JSONReader {
    let file: String
    private static let start = SourcePosition(line: 1, column: 1)

    /// `bytes` must not be empty: an empty array has no address to give to jansson.
    func parse(_ bytes: [UInt8]) throws(InvalidDocument) -> Node {
        var fault = json_error_t()
        let flags = size_t(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)
        let root = unsafe bytes.withUnsafeBytes { buffer in
            unsafe json_loadb(buffer.baseAddress, buffer.count, flags, &fault)
        }
        guard let root = unsafe root else { throw failure(fault, in: bytes) }
        defer { unsafe json_decref(root) }
        return try unsafe node(root)
    }

    private func failure(_ fault: json_error_t, in bytes: [UInt8]) -> InvalidDocument {
        let message = unsafe withUnsafeBytes(of: fault.text) { buffer in
            unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
        let position = JSONBounds.position(
            ofByte: min(max(Int(fault.position), 0), bytes.count), in: bytes)
        return InvalidDocument(
            Diagnostic(
                file: file, position: position, message: "this is not valid JSON: \(message)",
                fix:
                    "Correct it: texts and keys stand in double quotes, with a comma between two members and none after the last."
            ))
    }

    /// Recursion is bounded: `JSONBounds` has seen the whole text.
    private func node(_ value: UnsafeMutablePointer<json_t>) throws(InvalidDocument) -> Node {
        switch unsafe value.pointee.type {
        case JSON_OBJECT: try unsafe Node(.mapping(entries(of: value)), at: Self.start)
        case JSON_ARRAY: try unsafe Node(.sequence(elements(of: value)), at: Self.start)
        case JSON_STRING:
            unsafe scalar(
                String(
                    decoding: UnsafeRawBufferPointer(
                        start: json_string_value(value), count: json_string_length(value)),
                    as: UTF8.self), isQuoted: true)
        case JSON_INTEGER: unsafe scalar(String(json_integer_value(value)))
        case JSON_REAL: unsafe scalar(String(json_real_value(value)))
        case JSON_TRUE: scalar("true")
        case JSON_FALSE: scalar("false")
        case JSON_NULL: scalar("null")
        default: fatalError("jansson gave a type that its header does not name")
        }
    }

    private func scalar(_ text: String, isQuoted: Bool = false) -> Node {
        Node(.scalar(.init(text: text, isQuoted: isQuoted)), at: Self.start)
    }

    private func elements(
        of array: UnsafeMutablePointer<json_t>
    ) throws(InvalidDocument) -> [Node] {
        var elements: [Node] = []
        for index in 0..<(unsafe json_array_size(array)) {
            guard let element = unsafe json_array_get(array, index) else {
                fatalError("jansson's array is shorter than it says")
            }
            elements.append(try unsafe node(element))
        }
        return elements
    }

    private func entries(
        of object: UnsafeMutablePointer<json_t>
    ) throws(InvalidDocument) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        var keys: Set<String> = []
        var iterator = unsafe json_object_iter(object)
        while let current = unsafe iterator {
            guard let name = unsafe json_object_iter_key(current),
                let value = unsafe json_object_iter_value(current)
            else { fatalError("jansson's object has a member without a key or a value") }
            let key = unsafe String(cString: name)
            // jansson compares bytes; Swift also takes two spellings of one accented letter as one.
            guard keys.insert(key).inserted else {
                throw InvalidDocument(
                    Diagnostic(
                        file: file, message: "the key `\(key)` is there twice",
                        fix: "Remove one of the two."))
            }
            try entries.append(
                unsafe Node.Entry(key: key, keyPosition: Self.start, value: node(value)))
            unsafe iterator = json_object_iter_next(object, current)
        }
        return entries
    }
}
