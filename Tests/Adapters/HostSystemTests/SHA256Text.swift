import Digests

enum SHA256Text {
    static func of(count: Int, byte: UInt8) -> String {
        SHA256.hash(repeatElement(byte, count: count)).description
    }
}
