import HostSystem
import Testing

@testable import ResidentAgent

@Suite struct ChildTellingTests {
    @Test("A key in an output is found before its lines are chosen and joined")
    func keys() {
        let text = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v4VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
            c2Vjb25kIGxpbmUgb2YgYSBrZXkgdGhhdCBpcyBub25lIGF0IGFsbCBidXQgbG9u
            -----END PRIVATE KEY-----
            """
        let outcome = ChildOutcome(
            status: .ended(.exited(3)), output: [], errors: Array(text.utf8))
        #expect(outcome.told == "exit status 3: ***")
    }

    @Test("The last three lines are told, on one")
    func lastLines() {
        let outcome = ChildOutcome(
            status: .ended(.exited(1)), output: Array("a\nb\nc\nd\n".utf8), errors: [])
        #expect(outcome.told == "exit status 1: b | c | d")
    }
}
