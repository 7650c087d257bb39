import AgentMachine
import Documents
import FleetModel
import HealthProbes
import JSONDocument
import Testing

@Suite struct ProbeResultTests {
    @Test("a result is read back as it was written")
    func roundTrip() throws {
        for result in [
            ProbeResult(passed: true, detail: "status 200"),
            ProbeResult(passed: false, detail: "\"quoted\" \\ é 😀"),
            ProbeResult(passed: false, detail: ""),
        ] {
            let node = try JSON.parse(Array(result.json.canonical.utf8), file: "result")
            #expect(try ProbeResult(reading: node, file: "result") == result)
        }
    }

    @Test(
        "what is no result is refused",
        arguments: [
            "{}", "[]", "null", #"{"passed": true}"#, #"{"passed": 1, "detail": ""}"#,
            #"{"passed": null, "detail": ""}"#, #"{"passed": true, "detail": [], "x": 1}"#,
        ])
    func refused(text: String) throws {
        let node = try JSON.parse(Array(text.utf8), file: "result")
        #expect(throws: InvalidDocument.self) { try ProbeResult(reading: node, file: "result") }
    }

    @Test("a detail is one line without control characters, wherever it came from")
    func oneLineOnly() {
        let result = ProbeResult(
            passed: false, detail: "\n a\r\n\tb\u{0}\u{1b}[31mc\u{85}\u{2028}d \u{9f}\n")
        #expect(result.detail == "a b [31mc d")
    }

    @Test("a detail has no secret in it, however it came there")
    func masked() throws {
        let result = ProbeResult(passed: false, detail: "GET https://bob:hunter2@x/?token=abc")
        #expect(result.detail == "GET https://bob:***@x/?token=***")
        let text = "{\"passed\": false, \"detail\": \"password: hunter2\"}"
        let node = try JSON.parse(Array(text.utf8), file: "result")
        #expect(try ProbeResult(reading: node, file: "result").detail == "password: ***")
    }

    @Test("a long detail is cut off between two characters")
    func bounded() {
        for filler in ["x", "é", "€", "😀"] {
            for padding in 0..<4 {
                let text =
                    String(repeating: "a", count: padding)
                    + String(repeating: filler, count: Limits.reasonBytes + 1)
                let detail = ProbeResult(passed: false, detail: text).detail
                #expect(detail.utf8.count <= Limits.reasonBytes)
                #expect(detail.utf8.count > Limits.reasonBytes - 8)
                #expect(detail.hasSuffix("…") && !detail.contains("\u{fffd}"))
            }
        }
        let fits = String(repeating: "x", count: Limits.reasonBytes)
        #expect(ProbeResult(passed: true, detail: fits).detail == fits)
    }

    @Test("the agent's machine gets it under the check's full name")
    func checkResult() {
        let check = HealthCheck(name: "answers", bundle: "proxy", probe: .unit("x.service"))
        let result = CheckResult(of: check, ProbeResult(passed: false, detail: "no"))
        #expect(result == CheckResult(check: "proxy/answers", passed: false, detail: "no"))
    }

    @Test("bytes are found in bytes, at the ends and after false starts")
    func byteSearch() {
        func found(_ pattern: String, _ text: String, from start: Int = 0) -> Bool {
            ByteSearch.contains(Array(pattern.utf8), in: Array(text.utf8), from: start)
        }
        #expect(found("", "") && found("", "x") && found("abc", "abc") && found("c", "abc"))
        #expect(found("aab", "aaab") && found("abab", "abaabab"))
        #expect(!found("abc", "ab") && !found("x", "") && !found("abc", "ab c"))
        #expect(
            found("b", "ab", from: 1) && !found("a", "ab", from: 1) && !found("a", "a", from: 9))
    }
}
