import FleetModel
import Foundation
import TestSupport
import Testing

@Suite struct InstantTests {
    @Test("the text is the one that Foundation's calendar gives, from year 1 to year 9999")
    func calendar() {
        let formatter = ISO8601DateFormatter()
        var generator = SeededGenerator(seed: 1)
        // The nanoseconds of 64 bits reach from 1677 to 2262.
        var seconds: [Int64] = [
            0, -1, 1, 86_399, 86_400, -86_400, -86_401, 951_782_400, 4_107_542_400, 1_795_486_469,
        ]
        for _ in 0..<2_000 {
            seconds.append(.random(in: -9_000_000_000...9_000_000_000, using: &generator))
        }
        // Foundation changes to the Julian calendar before 1582-10-15, which is out of reach here.
        for second in seconds {
            let date = Date(timeIntervalSince1970: TimeInterval(second))
            #expect(Instant(seconds: second).description == formatter.string(from: date))
        }
    }

    @Test("a fraction of a second is cut off towards the past")
    func fractions() {
        #expect(Instant(nanoseconds: 1_999_999_999).description == "1970-01-01T00:00:01Z")
        #expect(Instant(nanoseconds: -1).description == "1969-12-31T23:59:59Z")
        #expect(Instant(nanoseconds: .min).description == "1677-09-21T00:12:43Z")
        #expect(Instant(nanoseconds: .max).description == "2262-04-11T23:47:16Z")
    }

    @Test("adding stops at the ends of time instead of wrapping round")
    func saturation() {
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .min) + .seconds(-1) == Instant(nanoseconds: .min))
        #expect(Instant(seconds: 5) + .milliseconds(1_500) - Instant(seconds: 1) == .seconds(5.5))
    }
}
