import Digests
import HostSystem
import TestSupport
import Testing

@Suite struct StreamedSHA256Tests {
    @Test("The processor's own SHA-256 says what ours says, however the bytes come")
    func agrees() throws {
        var generator = SeededGenerator(seed: 7)
        for length in [0, 1, 55, 56, 63, 64, 65, 1_000, 65_537] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let cut = Int.random(in: 0...length, using: &generator)
            var streamed = StreamedSHA256()
            streamed.update(Array(bytes[..<cut]))
            streamed.update(bytes[cut...])
            #expect(streamed.finalize() == SHA256.hash(bytes))
            #expect(StreamedSHA256.hash(bytes) == SHA256.hash(bytes))
        }
    }
}
