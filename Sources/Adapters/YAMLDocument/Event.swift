/// One step of libyaml through a document.
struct Event {
    enum Kind: Equatable {
        case streamStart, streamEnd
        case documentStart, documentEnd
        case alias(String)
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
    }

    var kind: Kind
    /// The number of the character at which it begins.
    var character: Int
    var anchor: String?
    var tag: String?
}
