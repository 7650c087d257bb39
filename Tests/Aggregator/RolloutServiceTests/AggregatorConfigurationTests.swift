import Documents
import FleetAnswers
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
        #expect(configuration.listener.address == ListenAddress("127.0.0.1:8410"))
        #expect(configuration.pollEvery == .seconds(60))
        #expect(configuration.state == "/var/lib/flotilla-aggregator")
        #expect(configuration.tokenFile == "/var/lib/flotilla-aggregator/token")
        // Whoever runs the Git server need not read the fleet.
        #expect(configuration.hookTokenFile == "/var/lib/flotilla-aggregator/hook-token")
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
            ("fleet: harbour", "listen: 127.example:8410\nfleet: harbour", 1, "no TLS"),
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
        #expect(open.listener.address.host == "::")
        #expect(!open.listener.address.isLoopback)
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            #expect(try read(Self.good + "listen: \"\(host):0\"\n").listener.address.isLoopback)
        }
    }

    @Test(
        "What no fetch could use is told with its place, before anybody is asked",
        arguments: [
            ("url: nonsense", "has no scheme"), ("url: \"https:///fleet\"", "names no host"),
            ("url: \"file:///srv/fleet\"", "not supported"), ("url: \"a b\"", "has spaces"),
            ("url: \"https://bob:secret@git.example/fleet\"", "URLs are logged"),
            ("url: \"ssh://git:secret@git.example/fleet\"", "URLs are logged"),
            ("url: \"https://git.example/f\", user: bob", "`user` is given without `passwordFile`"),
            (
                "url: \"https://git.example/f\", passwordFile: /p",
                "`passwordFile` is given without `user`"
            ),
            ("url: \"https://git.example/f\", key: /k.pem", "`key` is given without `certificate`"),
            ("url: \"https://git.example/f\", ca: ca.pem", "`ca` must be an absolute path"),
            ("url: \"ssh://git@git.example/f\", sshKey: id", "`sshKey` must be an absolute path"),
        ])
    func repositoryFaults(members: String, message: String) throws {
        let text = Self.good.replacingOccurrences(
            of: "{url: \"https://git.example/fleet\", ca: /etc/flotilla/git-ca.pem}",
            with: "{\(members)}")
        let error = #expect(throws: InvalidDocument.self) { try read(text) }
        #expect(error?.diagnostics.count == 1)
        let found = try #require(error?.diagnostics.first)
        #expect(found.message.contains(message), "\(found)")
        #expect(!"\(found)".contains("secret"))
        #expect(found.position?.line == 4, "\(found)")
    }

    @Test("What a fetch can use is taken")
    func repositories() throws {
        for members in [
            "url: \"ssh://git@git.example:2222/f\", sshKey: /k, knownHosts: /h",
            "url: \"http://[::1]:80/f\"", "url: \"git://git.example/f\"",
            "url: \"https://git.example/f\", user: bob, passwordFile: /p, certificate: /c, key: /k",
        ] {
            _ = try read(
                Self.good.replacingOccurrences(
                    of: "{url: \"https://git.example/fleet\", ca: /etc/flotilla/git-ca.pem}",
                    with: "{\(members)}"))
        }
    }

    @Test("`check` misses no file, lets no secret pass that everybody can read, and makes nothing")
    func findings() throws {
        try withTemporaryFolder { folder in
            let here = folder.path
            for (name, mode) in [("open", 0o644), ("shut", 0o640)] {
                try Data("secret\n".utf8).write(to: folder.appendingPathComponent(name))
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode], ofItemAtPath: "\(here)/\(name)")
            }
            let text = Self.good.replacingOccurrences(
                of: "ca: /etc/flotilla/git-ca.pem",
                with: "sshKey: \(here)/open, user: bob, passwordFile: \(here)/shut, "
                    + "ca: \(here)/none, certificate: \(here)/open, key: \(here)/none"
            ).replacingOccurrences(
                of: "\nkey: /etc/flotilla/aggregator.key", with: "\nkey: \(here)/open")
            let configuration = try read(
                text + "state: \(here)/state\n"
                    + "tls: {certificate: /nonexistent.pem, key: \(here)/open}\n")
            let findings = configuration.findings()
            func isGood(_ what: String) -> Bool? { findings.first { $0.what == what }?.isGood }
            func detail(_ what: String) -> String {
                findings.first { $0.what == what }?.detail ?? ""
            }
            #expect(isGood("tls.certificate") == false)
            #expect(detail("tls.certificate").contains("/nonexistent.pem is missing"))
            for what in ["key", "tls.key", "repository.sshKey"] {
                #expect(isGood(what) == false, "\(what)")
                #expect(detail(what).contains("chmod 600 \(here)/open"), "\(what)")
            }
            #expect(isGood("repository.passwordFile") == true)
            #expect(isGood("repository.certificate") == true)
            #expect(isGood("repository.ca") == false)
            #expect(isGood("repository.key") == false)
            #expect(isGood("broker.key") == false)
            let files = try FileManager.default.contentsOfDirectory(atPath: here)
            #expect(Set(files) == ["open", "shut"])
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
