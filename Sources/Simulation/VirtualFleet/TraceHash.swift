/// One number for all that happened, in its order: two runs that differ anywhere differ in it.
struct TraceHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ number: Int64) {
        value = (value ^ UInt64(bitPattern: number)) &* 0x100_0000_01b3
        value ^= value >> 29
    }

    mutating func mix(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
}
