import NetworkStreams
import Testing

@Suite struct NameResolutionTests {
    @Test("an address is its own resolution")
    func addresses() throws {
        #expect(
            try NameResolution.addresses(host: "192.0.2.7", port: 443) == ["192.0.2.7"])
        #expect(try NameResolution.addresses(host: "2001:DB8::1", port: 1) == ["2001:db8::1"])
    }

    @Test("the machine's own name for itself is found, each address once")
    func localhost() throws {
        let addresses = try NameResolution.addresses(host: "localhost", port: 80)
        #expect(addresses.contains("127.0.0.1") || addresses.contains("::1"))
        #expect(Set(addresses).count == addresses.count)
    }

    @Test(
        "what can't be a name is an error, not a question to a server",
        arguments: ["", "a b", "a\u{0}b", "ö", "a\nb", String(repeating: "a", count: 254)])
    func noName(host: String) throws {
        let error = try #require(throws: NetworkError.self) {
            try NameResolution.addresses(host: host, port: 80)
        }
        #expect(error.code == .unknownName && !error.message.isEmpty)
    }
}
