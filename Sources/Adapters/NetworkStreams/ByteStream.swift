/// Bytes in both directions. Every call returns or throws before the stream's deadline.
package protocol ByteStream: AnyObject {
    /// At least one byte, at most `count`; empty when the other side has ended.
    func read(upTo count: Int) throws(NetworkError) -> [UInt8]
    /// Returns when all bytes are on their way.
    func write(_ bytes: [UInt8]) throws(NetworkError)
}
