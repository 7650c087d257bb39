import FleetModel
import Testing

@Suite struct NamesTests {
    @Test(
        "a device id is 1 to 63 of a-z, 0-9, dot, underscore and hyphen, and starts plainly",
        arguments: [
            "a", "0", "gateway-0007", "a.b_c-d", String(repeating: "x", count: 63),
        ])
    func deviceID(text: String) {
        #expect(DeviceID(text)?.text == text)
    }

    @Test(
        "anything else is no device id",
        arguments: [
            "", "-a", ".a", "_a", "A", "a b", "a/b", "..", "a\n", "é", "a\u{0}", "a+", "#",
            String(repeating: "x", count: 64),
        ])
    func wrongDeviceID(text: String) {
        #expect(DeviceID(text) == nil)
    }

    @Test("a channel is a fleet and a branch with one slash between")
    func channel() {
        #expect(ChannelName("harbour/main")?.description == "harbour/main")
        for wrong in ["harbour", "harbour/", "/main", "a/b/c", "A/b", "a/b ", ""] {
            #expect(ChannelName(wrong) == nil)
        }
    }

    @Test("an object id is 40 hexadecimal digits, written in lower case")
    func objectID() {
        let digits = String(repeating: "aB3f", count: 10)
        #expect(ObjectID(digits)?.text == String(repeating: "ab3f", count: 10))
        #expect(ObjectID(digits)?.short == "ab3fab3fab")
        #expect(ObjectID(String(digits.dropLast())) == nil)
        #expect(ObjectID(digits + "0") == nil)
        #expect(ObjectID(String(repeating: "g", count: 40)) == nil)
    }

    @Test(
        "a managed path is absolute and in its only normal form",
        arguments: [
            ("/etc/motd", true), ("/a", true), ("/a/...", true), ("/a/.b", true), ("", false),
            ("/", false), ("a", false), ("/a/", false), ("//a", false), ("/a//b", false),
            ("/a/./b", false), ("/a/../b", false), ("/..", false), ("/a\u{0}b", false),
        ])
    func paths(path: String, isNormal: Bool) {
        #expect(isAbsolutePath(path) == isNormal)
    }

    @Test("a path longer than the system takes is refused")
    func longPath() {
        let name = "/" + String(repeating: "x", count: 254)
        #expect(isAbsolutePath(String(repeating: name, count: 15)))
        #expect(!isAbsolutePath(String(repeating: name, count: 16)))
    }
}
