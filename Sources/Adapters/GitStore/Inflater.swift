internal import CZlib

/// Inflates what zlib deflated, part by part.
@safe
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var hasEnded = false

    init() throws(GitError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe flotilla_inflate_init(stream) == Z_OK else {
            throw GitError(.other, "inflate", "an object", "zlib can't begin; is memory left?")
        }
    }

    deinit {
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Hands over what `input` becomes, in parts of at most `chunk` bytes.
    func feed(
        _ input: [UInt8], chunk: Int, _ body: ([UInt8]) throws -> Void
    ) throws {
        var input = input
        var output = [UInt8](repeating: 0, count: chunk)
        var consumed = 0
        // A full part may have left something behind that needs no more input.
        var wasFull = false
        while !hasEnded, consumed < input.count || wasFull {
            var (left, room) = (input.count - consumed, output.count)
            let result = unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe output.withUnsafeMutableBufferPointer { target in
                    unsafe stream.pointee.next_in = source.baseAddress?.advanced(by: consumed)
                    unsafe stream.pointee.avail_in = UInt32(left)
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room)
                    let result = unsafe inflate(stream, Z_NO_FLUSH)
                    left = Int(unsafe stream.pointee.avail_in)
                    room = Int(unsafe stream.pointee.avail_out)
                    return result
                }
            }
            consumed = input.count - left
            wasFull = room == 0
            if room < output.count { try body(Array(output[..<(output.count - room)])) }
            switch result {
            case Z_STREAM_END: hasEnded = true
            case Z_OK: break
            case Z_BUF_ERROR where left == 0: return
            default:
                throw GitError(.corrupt, "inflate", "an object", "its bytes are no deflated data")
            }
        }
    }
}
