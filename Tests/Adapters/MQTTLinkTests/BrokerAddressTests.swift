import Testing

@testable import MQTTLink

@Suite("A broker's address")
struct BrokerAddressTests {
    @Test(
        "is read from a URL",
        arguments: [
            ("mqtts://broker.example", BrokerAddress(host: "broker.example")),
            ("mqtts://broker.example:1883/", BrokerAddress(host: "broker.example", port: 1883)),
            ("mqtts://192.0.2.1:8884", BrokerAddress(host: "192.0.2.1", port: 8884)),
            ("mqtts://[2001:db8::1]:8884", BrokerAddress(host: "2001:db8::1", port: 8884)),
            ("mqtts://[2001:db8::1]", BrokerAddress(host: "2001:db8::1")),
        ])
    func good(url: String, address: BrokerAddress) {
        #expect(BrokerAddress(url: url) == address)
    }

    @Test(
        "has no other form",
        arguments: [
            "", "mqtts://", "mqtt://broker.example", "https://broker.example",
            "mqtts://broker.example:0", "mqtts://broker.example:65536", "mqtts://broker.example:",
            "mqtts://broker.example:+1", "mqtts://user@broker.example", "mqtts://a b",
            "mqtts://broker.example/path", "mqtts://[::1", "mqtts://[name]", "mqtts://\u{0}",
        ])
    func bad(url: String) {
        #expect(BrokerAddress(url: url) == nil)
    }
}
