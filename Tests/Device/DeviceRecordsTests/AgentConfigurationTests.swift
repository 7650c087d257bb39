import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@Suite struct AgentConfigurationTests {
    private func read(_ text: String?) throws -> AgentConfiguration {
        try withTemporaryFolder { folder in
            let root = try Root(folder.path)
            if let text {
                try root.makeFolders("/etc/flotilla")
                try root.createFile(
                    StateLayout.configuration, contents: Array(text.utf8), mode: 0o600)
            }
            return try AgentConfiguration(of: root)
        }
    }

    @Test("The shortest configuration gets the defaults")
    func defaults() throws {
        let configuration = try read(
            "device: gw-1\nchannel: main\nrepository: {url: https://git.example.org/fleet}\n")
        #expect(configuration.device.text == "gw-1")
        #expect(configuration.channel == "main")
        #expect(configuration.repository.url == "https://git.example.org/fleet")
        #expect(configuration.repository.fetchUser == "flotilla-fetch")
        #expect(configuration.repository.ca == nil)
        #expect(configuration.services == .systemd)
        #expect(configuration.fetchEvery == .seconds(900))
        #expect(configuration.scanEvery == .seconds(300))
        #expect(configuration.labels.isEmpty)
    }

    @Test("Everything that can be written is read")
    func everything() throws {
        let configuration = try read(
            """
            device: gw-1
            channel: stable
            services: none
            fetchEvery: 2s
            scanEvery: 1h
            labels: {site: berlin}
            repository:
              url: ssh://git@example.org/fleet
              fetchUser: fetcher
              ca: /a
              certificate: /b
              key: /c
              sshKey: /d
              knownHosts: /e
              user: f
              passwordFile: /g

            """)
        #expect(configuration.services == .none)
        #expect(configuration.fetchEvery == .seconds(2))
        #expect(configuration.scanEvery == .seconds(3_600))
        #expect(configuration.labels == ["site": "berlin"])
        let repository = configuration.repository
        #expect(repository.fetchUser == "fetcher")
        #expect(
            [
                repository.ca, repository.certificate, repository.key, repository.sshKey,
                repository.knownHosts, repository.user, repository.passwordFile,
            ] == ["/a", "/b", "/c", "/d", "/e", "f", "/g"])
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var text: String
        /// The line and column of the first fault.
        var place: String
        var message: String
        var testDescription: String { message }
    }

    private static let right = "device: gw-1\nchannel: main\nrepository: {url: u}\n"

    static let faults = [
        Fault(
            text: "device: GW 1\nchannel: main\nrepository: {url: u}\n", place: "1:9",
            message: "not a device id"),
        Fault(
            text: "device: gw-1\nchannel: Main/x\nrepository: {url: u}\n", place: "2:10",
            message: "not a channel's name"),
        Fault(text: "device: gw-1\nchannel: main\n", place: "1:1", message: "`repository`"),
        Fault(
            text: "device: gw-1\nchannel: main\nrepository: {ca: /x}\n", place: "3:13",
            message: "`url` is missing"),
        Fault(
            text: "device: gw-1\nchannel: main\nrepository: {url: u, sshkey: k}\n", place: "3:22",
            message: "sshkey"),
        Fault(text: right + "services: upstart\n", place: "4:11", message: "upstart"),
        Fault(text: right + "fetchEvery: soon\n", place: "4:13", message: "time span"),
        Fault(text: right + "fetchEvery: 0s\n", place: "4:13", message: "shorter than 1s"),
        Fault(text: right + "scanEvery: 10ms\n", place: "4:12", message: "shorter than 1s"),
        Fault(text: right + "labels: {site: [a]}\n", place: "4:16", message: "must be a text"),
        Fault(text: right + "labels: site\n", place: "4:9", message: "must be a mapping"),
        Fault(text: right + "fetchevery: 5m\n", place: "4:1", message: "fetchevery"),
        Fault(text: "device: [\n", place: "2:1", message: "a value is missing"),
        Fault(text: "- device\n", place: "1:1", message: "mapping"),
    ]

    @Test("A fault is told with its place and a way out", arguments: faults)
    func fault(_ fault: Fault) throws {
        let error = #expect(throws: RecordError.self) { try read(fault.text) }
        guard case .damaged(let document) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let first = document.diagnostics[0]
        #expect(first.place == "\(StateLayout.configuration):\(fault.place)")
        #expect(first.message.contains(fault.message), "\(first.message)")
        #expect(!first.fix.isEmpty)
    }

    @Test("All faults are told at once")
    func manyFaults() {
        let error = #expect(throws: RecordError.self) {
            try read("device: X\nchannel: Y\nrepository: {}\n")
        }
        guard case .damaged(let document) = error else { return }
        #expect(document.diagnostics.count == 3)
    }

    @Test("A missing configuration says what to write, and where")
    func missing() {
        let error = #expect(throws: RecordError.self) { try read(nil) }
        #expect(error?.description.contains("is missing") == true)
        #expect(error?.description.contains(StateLayout.configuration) == true)
    }
}
