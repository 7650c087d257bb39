import Documents
import FleetAuthority
import FleetTools
import Foundation
import HostSystem
import TestSupport
import Testing

@Suite struct BrokerConfigurationTests {
    private let now = Clocks.wall()

    /// The ones that the project ships.
    private let templates = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../systemd/broker").standardizedFileURL.path

    private func prepared(
        in parent: URL
    ) throws -> (authority: AuthorityFolder, wanted: BrokerConfiguration, out: URL) {
        let folder = parent.appendingPathComponent("ca").path
        _ = try AuthorityFolder.create(folder, fleet: "harbour", days: 3_650, at: now)
        let authority = try AuthorityFolder(folder)
        let out = parent.appendingPathComponent("broker")
        var wanted = BrokerConfiguration(out: out.path)
        wanted.templates = templates
        return (authority, wanted, out)
    }

    private func text(_ name: String, in folder: URL) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test("every placeholder is filled, and what the configuration names stands beside it")
    func filled() throws {
        try withTemporaryFolder { parent in
            var (authority, wanted, out) = try prepared(in: parent)
            _ = try authority.issue(to: .broker(hosts: ["localhost"]), days: 10, at: now)
            for name in ["alice", "bob"] {
                _ = try authority.issue(to: .operatorNamed(name), days: 10, at: now)
            }
            _ = try authority.revoke("bob", at: now)
            wanted.port = 18_883
            _ = try authority.configureBroker(wanted, at: now)
            let configuration = try text("flotilla.conf", in: out)
            let rules = try text("flotilla.acl", in: out)
            for line in configuration.split(separator: "\n") + rules.split(separator: "\n")
            where !line.hasPrefix("#") {
                #expect(line.firstMatch(of: /@[A-Z]+@/) == nil, "\(line)")
            }
            #expect(configuration.contains("\nlistener 18883"))
            #expect(configuration.contains("\ncafile \(out.path)/ca.pem\n"))
            #expect(rules.contains("\nuser aggregator@harbour\n"))
            #expect(rules.contains("\nuser alice@operators\ntopic read flotilla/harbour/#\n"))
            #expect(!rules.contains("\nuser bob@operators"))
            for name in ["ca.pem", "ca.crl", "broker.pem", "broker.key"] {
                #expect(configuration.contains("\(out.path)/\(name)\n"))
                #expect(
                    FileManager.default.fileExists(atPath: out.appendingPathComponent(name).path))
            }
            wanted.replaces = true
            wanted.installedAt = "/etc/mosquitto/flotilla"
            _ = try authority.configureBroker(wanted, at: now)
            #expect(
                try text("flotilla.conf", in: out).contains(
                    "\nkeyfile /etc/mosquitto/flotilla/broker.key\n"))
        }
    }

    @Test("what differs is replaced only when that is said, and the same again changes nothing")
    func replacing() throws {
        try withTemporaryFolder { parent in
            var (authority, wanted, _) = try prepared(in: parent)
            #expect(throws: OperatorError.self) {
                try authority.configureBroker(wanted, at: now)
            }
            _ = try authority.issue(to: .broker(hosts: ["localhost"]), days: 10, at: now)
            _ = try authority.configureBroker(wanted, at: now)
            let again = try authority.configureBroker(wanted, at: now)
            #expect(again.json.canonical.contains("\"written\":[]"))
            _ = try authority.issue(to: .device("a"), days: 10, at: now)
            _ = try authority.revoke("a", at: now)
            #expect(throws: OperatorError.self) {
                try authority.configureBroker(wanted, at: now)
            }
            wanted.replaces = true
            let changed = try authority.configureBroker(wanted, at: now)
            #expect(changed.json.canonical.contains("\"written\":[\"ca.crl\"]"))
        }
    }

    @Test("with several brokers one must be chosen, and only a broker's certificate will do")
    func choosing() throws {
        try withTemporaryFolder { parent in
            var (authority, wanted, out) = try prepared(in: parent)
            for host in ["one.example", "two.example"] {
                _ = try authority.issue(to: .broker(hosts: [host]), days: 10, at: now)
            }
            _ = try authority.issue(to: .device("a"), days: 10, at: now)
            #expect(throws: OperatorError.self) {
                try authority.configureBroker(wanted, at: now)
            }
            let folder = parent.appendingPathComponent("ca").path
            wanted.identity = "\(folder)/a"
            #expect(throws: OperatorError.self) {
                try authority.configureBroker(wanted, at: now)
            }
            wanted.identity = "\(folder)/two.example"
            _ = try authority.configureBroker(wanted, at: now)
            #expect(
                try text("broker.pem", in: out)
                    == String(contentsOfFile: "\(folder)/two.example.pem", encoding: .utf8))
        }
    }
}
