import Foundation
import ReleaseTrust
import TestSupport
import Testing

@Suite struct Base64Tests {
    @Test("what is written is read back, and is what Foundation writes")
    func roundTrip() {
        var generator = SeededGenerator(seed: 1)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Base64.encode(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decode(Array(text.utf8)) == bytes)
        }
    }

    @Test(
        "anything but whole groups, padding at the end and zero bits is refused",
        arguments: [
            "A", "AA", "AAA", "A===", "AA=A", "AA==AAAA", "AB==", "AAB=", "AA A", "AAA\n", "AA-_",
            "=", "====", "AAAA=", "Zm9v\u{e9}",
        ])
    func strict(text: String) { #expect(Base64.decode(Array(text.utf8)) == nil) }
}
