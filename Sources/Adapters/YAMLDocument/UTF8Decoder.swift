/// Strict UTF-8, one character at a time: no overlong forms, no surrogates, nothing beyond U+10FFFF.
enum UTF8Decoder {
    /// The character at `offset` and its length in bytes; nil where the bytes there are none.
    static func scalar(in bytes: [UInt8], at offset: Int) -> (scalar: UInt32, length: Int)? {
        let lead = bytes[offset]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let length = length(ofLead: lead)
        guard length > 1, offset + length <= bytes.count else { return nil }
        var scalar = UInt32(lead) & (0x7f >> UInt32(length))
        for byte in bytes[(offset + 1)..<(offset + length)] {
            guard byte & 0xc0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3f)
        }
        let smallest: UInt32 = [0x80, 0x800, 0x10000][length - 2]
        guard scalar >= smallest, Unicode.Scalar(scalar) != nil else { return nil }
        return (scalar, length)
    }

    /// The length that a first byte announces; 1 for a byte that can't be first.
    static func length(ofLead lead: UInt8) -> Int {
        switch lead {
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 1
        }
    }
}
