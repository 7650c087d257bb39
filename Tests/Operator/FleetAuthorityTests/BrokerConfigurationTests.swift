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
            // Wherever its files were written: the record knows.
            let elsewhere = parent.appendingPathComponent("elsewhere").path
            _ = try authority.issue(
                to: .broker(hosts: ["localhost"]), days: 10, into: elsewhere, at: now)
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

    /// User, group and mode of a file.
    private struct Rights: Equatable {
        var user: UInt32
        var group: UInt32
        var mode: UInt16

        init(_ folder: URL, _ name: String) throws {
            let status = try #require(try Root(folder.path).status(of: "/" + name))
            (user, group, mode) = (status.owner.user, status.owner.group, status.mode)
        }
    }

    @Test(
        "a broker that was given the folder can read what is replaced there, and what is new",
        .enabled(if: geteuid() == 0))
    func rights() throws {
        try withTemporaryFolder { parent in
            var (authority, wanted, out) = try prepared(in: parent)
            _ = try authority.issue(to: .broker(hosts: ["localhost"]), days: 10, at: now)
            _ = try authority.configureBroker(wanted, at: now)
            // As the instructions have it, with any user that is not root.
            #expect(
                try runChild(["chown", "-R", "nobody:nogroup", out.path], in: parent).status == 0)
            chmod(out.appendingPathComponent("flotilla.acl").path, 0o640)
            let rules = try Rights(out, "flotilla.acl")
            let key = try Rights(out, "broker.key")
            #expect(rules.user != 0 && rules.group != 0 && rules.mode == 0o640)
            try FileManager.default.removeItem(at: out.appendingPathComponent("ca.crl"))
            _ = try authority.issue(to: .operatorNamed("alice"), days: 10, at: now)
            _ = try authority.issue(
                to: .broker(hosts: ["localhost"]), days: 11, into: parent.path + "/again", at: now)
            wanted.replaces = true
            let report = try authority.configureBroker(wanted, at: now)
            for name in ["flotilla.acl", "broker.key", "ca.crl"] {
                #expect(report.json.canonical.contains("\"\(name)\""), "\(name) was not written")
            }
            #expect(try Rights(out, "flotilla.acl") == rules)
            #expect(try Rights(out, "broker.key") == key)
            let new = try Rights(out, "ca.crl")
            #expect(new.user == rules.user && new.group == rules.group && new.mode == 0o644)
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
