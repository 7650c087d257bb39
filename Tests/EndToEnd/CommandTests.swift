import Demo
import Documents
import Foundation
import HostSystem
import TestSupport
import Testing

/// `flotilla-agent` as a technician meets it.
@Suite(.serialized) struct CommandTests {
    private func exit(of arguments: [String], _ fleet: SmallFleet) throws -> Int {
        let outcome = try fleet.device.command(arguments)
        guard case .ended(.exited(let status)) = outcome.status else {
            throw DemoError("\(arguments) ended with \(outcome.status)")
        }
        return status
    }

    @Test("the exit status of each command says how it went")
    func exitStatuses() throws {
        try SmallFleet.withWorld { fleet in
            // Nothing was applied yet, and that is not well.
            #expect(try exit(of: ["status"], fleet) == 1)
            #expect(try exit(of: ["check"], fleet) == 0)
            #expect(try exit(of: ["rollback", "--reason", "x"], fleet) == 1)
            try fleet.apply()
            #expect(try exit(of: ["status"], fleet) == 0)
            #expect(try exit(of: ["history"], fleet) == 0)
            #expect(try exit(of: ["diff"], fleet) == 0)
            #expect(try exit(of: ["version"], fleet) == 0)
            try fleet.device.write("/etc/site.conf", "by hand\n")
            #expect(try exit(of: ["diff"], fleet) == 1)
            #expect(try exit(of: ["rollback", "--to", "7", "--reason", "x"], fleet) == 1)
            #expect(try exit(of: ["hold", "--reason", "x", "--for", "soon"], fleet) == 2)
            #expect(try exit(of: ["hold"], fleet) == 2)
            #expect(try exit(of: ["dance"], fleet) == 2)
            #expect(try exit(of: ["status", "--loud"], fleet) == 2)
            try fleet.device.write("/etc/flotilla/agent.yaml", "device: gw-1\nchanel: main\n")
            for command in ["check", "status", "sync"] {
                #expect(try exit(of: [command], fleet) == 3, "\(command)")
            }
        }
    }

    @Test("each word of the configuration that is wrong is named with its place and a fix")
    func configuration() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.device.write(
                "/etc/flotilla/agent.yaml",
                "device: GW 1\nchanel: main\nrepository: {url: http://x/, user: [a]}\n")
            let outcome = try fleet.device.command(["check"])
            for place in ["agent.yaml:1:9", "agent.yaml:2:1", "`channel` is missing", "3:36"] {
                #expect(outcome.errorText.contains(place), "\(place): \(outcome.errorText)")
            }
            #expect(try fleet.device.tree().entries["/etc/site.conf"] == nil)
        }
    }

    @Test("doctor finds what is wrong, and says what to do")
    func doctor() throws {
        try SmallFleet.withWorld { fleet in
            let url = try #require(fleet.world.host?.url)
            #expect(try bad(fleet) == [:])

            var configuration = DemoDevice.Configuration(url: url)
            configuration.fetchUser = "nobody-at-all"
            try fleet.device.configure(configuration)
            #expect(try bad(fleet)["user"]?.contains("useradd") == true)

            configuration.fetchUser = "root"
            try fleet.device.configure(configuration)
            #expect(try bad(fleet)["user"]?.contains("unprivileged") == true)

            try fleet.world.install()
            try FileManager.default.removeItem(atPath: fleet.device.root + "/etc/flotilla/anchor")
            #expect(try bad(fleet)["trust"]?.contains("flotilla anchor") == true)

            try fleet.world.install()
            configuration = DemoDevice.Configuration(url: url)
            configuration.channel = "testing"
            try fleet.device.configure(configuration)
            #expect(try bad(fleet)["trust"]?.contains("channel") == true)

            try fleet.device.write("/etc/flotilla/agent.yaml", "device: gw-1\nchanel: main\n")
            #expect(try bad(fleet).keys.sorted() == ["configuration"])

            try fleet.world.install()
            try fleet.world.host?.end()
            #expect(try bad(fleet).keys.sorted() == ["git"])
        }
    }

    /// The fixes of the bad findings by their part; the exit status must fit.
    private func bad(_ fleet: SmallFleet) throws -> [String: String] {
        let outcome = try fleet.device.command(["doctor", "--json"])
        let answer = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
        let findings = try #require(answer["findings"] as? [[String: String]])
        let bad = findings.filter { $0["verdict"] == "bad" }
        #expect(outcome.status == .ended(.exited(bad.isEmpty ? 0 : 1)))
        return Dictionary(
            bad.map { ($0["part"] ?? "", $0["fix"] ?? "") }, uniquingKeysWith: { first, _ in first }
        )
    }
}
