internal import CYAML

/// libyaml's parser over one text. It is the only place that touches the library.
@safe
struct EventReader: ~Copyable {
    // libyaml keeps a pointer to its own parser and to the input, so both need a fixed address.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            fatalError("libyaml found no memory for a parser")
        }
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        // The text is known to be UTF-8: libyaml must not guess from its first bytes.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event. Must not be asked again after the end of the stream or a fault.
    mutating func next() throws(ParserFault) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Event(event)
    }

    private func fault() -> ParserFault {
        unsafe ParserFault(
            problem: unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
                ?? "libyaml ran out of memory",
            character: Int(clamping: parser.pointee.problem_mark.index),
            context: unsafe parser.pointee.context.map { unsafe String(cString: $0) },
            contextCharacter: Int(clamping: parser.pointee.context_mark.index))
    }
}

extension Event {
    fileprivate init(_ event: yaml_event_t) {
        unsafe character = Int(clamping: event.start_mark.index)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = unsafe .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = unsafe .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            unsafe (anchor, tag) = (text(scalar.anchor), text(scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequenceStart
            let start = unsafe event.data.sequence_start
            unsafe (anchor, tag) = (text(start.anchor), text(start.tag))
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            kind = .mappingStart
            let start = unsafe event.data.mapping_start
            unsafe (anchor, tag) = (text(start.anchor), text(start.tag))
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default: fatalError("libyaml gave an event that its header does not name")
        }
    }
}

private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
}
