import Documents
import FleetModel
import Foundation
import MQTTLink
import TestSupport
import Testing
import YAMLDocument

@testable import RolloutService

@Suite struct AggregatorConfigurationTests {
    private static let good = """
        fleet: harbour
        channel: main
        anchor: /etc/flotilla/anchor
        repository: {url: "https://git.example/fleet", ca: /etc/flotilla/git-ca.pem}
        broker:
          url: mqtts://broker.example
          ca: /etc/flotilla/broker-ca.pem
          certificate: /etc/flotilla/aggregator.pem
          key: /etc/flotilla/aggregator.key
        authority: {ca: /etc/flotilla/ca.pem, revoked: /etc/flotilla/ca.crl}
        key: /etc/flotilla/aggregator.key

        """

    private func read(_ text: String) throws -> AggregatorConfiguration {
        try AggregatorConfiguration(
            reading: YAML.parse(Array(text.utf8), file: "a.yaml"), file: "a.yaml")
    }

    @Test("What is not said has a default that is safe")
    func defaults() throws {
        let configuration = try read(Self.good)
        #expect(configuration.channel.description == "harbour/main")
        #expect(configuration.broker.address == BrokerAddress(host: "broker.example", port: 8883))
        #expect(configuration.broker.topic == "flotilla/harbour")
        #expect(configuration.listener.isLoopback)
        #expect(configuration.listener.port == 8410)
        #expect(configuration.pollEvery == .seconds(60))
        #expect(configuration.state == "/var/lib/flotilla-aggregator")
        #expect(configuration.tokenFile == "/var/lib/flotilla-aggregator/token")
    }

    @Test(
        "What is wrong is told with its place",
        arguments: [
            ("channel: main\n", "", 1, "`channel` is missing"),
            ("channel: main", "channel: Main", 2, "`channel` can't be"),
            ("mqtts://broker.example", "mqtt://broker.example", 6, "not the URL of a broker"),
            ("ca.crl}\nkey: /etc/flotilla/", "ca.crl}\nkey: ", 11, "absolute path"),
            ("fleet: harbour", "flete: harbour\nfleet: harbour", 1, "unknown key `flete`"),
            ("fleet: harbour", "listen: 0.0.0.0:8410\nfleet: harbour", 1, "no TLS"),
            ("fleet: harbour", "listen: '8410'\nfleet: harbour", 1, "not an address and a port"),
            ("fleet: harbour", "pollEvery: 10ms\nfleet: harbour", 1, "shorter than 1s"),
            ("  ca: /etc/flotilla/broker-ca.pem\n", "", 5, "`ca` is missing"),
        ])
    func faults(part: String, replacement: String, line: Int, message: String) throws {
        let text = Self.good.replacingOccurrences(of: part, with: replacement)
        let error = #expect(throws: InvalidDocument.self) { try read(text) }
        let found = try #require(error?.diagnostics.first)
        #expect(found.message.contains(message), "\(found)")
        if message.contains("missing") { return }
        #expect(found.position?.line == line, "\(found)")
    }

    @Test("Beyond this machine it listens with TLS only")
    func listener() throws {
        let open = try read(
            Self.good + "listen: \"[::]:8443\"\ntls: {certificate: /a.pem, key: /a.key}\n")
        #expect(open.listener.host == "::")
        #expect(!open.listener.isLoopback)
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            #expect(try read(Self.good + "listen: \"\(host):0\"\n").listener.isLoopback)
        }
    }

    @Test("A file that is not there is told with how to write it")
    func missing() throws {
        let error = #expect(throws: InvalidDocument.self) {
            try AggregatorConfiguration(file: "/nonexistent/aggregator.yaml")
        }
        #expect(error?.diagnostics.first?.fix.contains("repository") == true)
    }
}
