/// Finds bytes in bytes: what a server sends or a file holds need not be text at all.
package enum ByteSearch {
    /// An empty pattern is in everything.
    package static func contains(_ pattern: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Bool
    {
        guard let first = pattern.first else { return true }
        guard bytes.count - pattern.count >= start else { return false }
        return (start...(bytes.count - pattern.count)).contains { place in
            bytes[place] == first && bytes[place...].starts(with: pattern)
        }
    }
}
