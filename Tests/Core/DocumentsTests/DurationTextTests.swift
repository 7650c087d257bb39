import Documents
import Testing

@Suite struct DurationTextTests {
    @Test(
        "a whole number and a unit is a time span, and comes back as it was written",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("10s", .seconds(10)), ("5m", .seconds(300)),
            ("2h", .seconds(7_200)), ("1d", .seconds(86_400)), ("3650d", .seconds(315_360_000)),
            ("0ms", .zero),
        ])
    func notation(text: String, duration: Duration) {
        #expect(Duration(flotillaText: text) == duration)
        #expect(duration.flotillaText == text)
    }

    @Test("a span is written in the largest unit that divides it")
    func largestUnit() {
        #expect(Duration.seconds(90).flotillaText == "90s")
        #expect(Duration.seconds(120).flotillaText == "2m")
        #expect(Duration.milliseconds(1_500).flotillaText == "1500ms")
    }

    @Test(
        "anything else is no time span",
        arguments: [
            "", "s", "10", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1w", "٣s", "3651d",
            "1000000000ms", "99999999999999999999s", "1m30s",
        ])
    func wrongNotation(text: String) {
        #expect(Duration(flotillaText: text) == nil)
    }

    @Test("nanoseconds stop at what 64 bits hold")
    func clamped() {
        #expect(Duration.seconds(Int64.max).flotillaNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).flotillaNanoseconds == .min)
        #expect(Duration.nanoseconds(-1).flotillaNanoseconds == -1)
    }
}
