import FleetModel
import Foundation
import GitStore
import ReleaseTrust
import Resolution
import TestSupport
import Testing
import YAMLDocument

@testable import ChannelWatch

@Suite struct VerifiedChannelTests {
    @Test("The head moves to the last good release, and is remembered")
    func headMoves() throws {
        try withWatchedFleet { fleet in
            let channel = try fleet.open()
            #expect(channel.head == nil)
            try fleet.repository.write("bundles/web/files/plain", "second\n")
            let second = try fleet.release("Second", at: 1)
            let verdict = try fleet.look(channel)
            #expect(verdict.refusal == nil)
            #expect(channel.head?.release == second)
            #expect(try fleet.open().head?.release == second)
        }
    }

    @Test("A release that nobody trusted signed is refused, and the head stays")
    func refusal() throws {
        try withWatchedFleet { fleet in
            let channel = try fleet.open()
            try fleet.look(channel)
            try fleet.release("Evil", at: 1, key: fleet.mallory)
            let verdict = try fleet.look(channel)
            #expect(verdict.refusal?.code == .unknownSigner)
            #expect(channel.head?.release == fleet.first)
        }
    }

    @Test("A channel that was set back is refused, also by who starts again")
    func setBack() throws {
        try withWatchedFleet { fleet in
            let second = try fleet.release("Second", at: 1)
            try fleet.look(try fleet.open())
            try fleet.repository.git("reset", "-q", "--hard", fleet.first.text)
            let again = try fleet.open()
            #expect(try fleet.look(again).refusal?.code == .notOnChain)
            #expect(again.head?.release == second)
        }
    }

    @Test("It comes over real HTTP, at first whole and then what is new")
    func overHTTP() throws {
        try withWatchedFleet { fleet in
            try withGitServer(serving: fleet.folder) { server in
                let channel = try fleet.open()
                let access = RepositoryAccess(url: server.url("fleet/.git"))
                let fetch = DirectFetch(access, branch: "main")
                func look() throws -> Revision {
                    try channel.advance(to: fetch.fetch(channel.order(), isStopped: { false }))
                        .head.release
                }
                #expect(try look() == fleet.first)
                let second = try fleet.release("Second", at: 1)
                #expect(try look() == second)
            }
        }
    }

    @Test("A lost repository is fetched again, and the floor stays")
    func lostRepository() throws {
        try withWatchedFleet { fleet in
            let second = try fleet.release("Second", at: 1)
            try fleet.look(try fleet.open())
            try FileManager.default.removeItem(
                at: fleet.folder.appendingPathComponent("state/repository"))
            let again = try fleet.open()
            #expect(again.head?.release == second)
            #expect(try fleet.look(again).refusal == nil)
            #expect(try again.content(of: second).mode == RolloutMode.none)
        }
    }

    @Test("Devices' digests are those that a device finds for itself")
    func expectations() throws {
        try withWatchedFleet { fleet in
            let channel = try fleet.open()
            try fleet.look(channel)
            let devices = try [device("gw-1"), device("gw-2"), device("plain-1", role: nil)]
            let found = try channel.expectations(of: devices, under: fleet.first)
            let store = try ObjectStore(
                readingRepositoryAt: fleet.repository.folder.appendingPathComponent(".git").path)
            for device in devices {
                let own = try Resolver(tree: store.tree(of: fleet.first), parse: YAML.parse)
                    .resolve(device).state.digest
                #expect(found[device.id] == .digest(own))
            }
            #expect(found[devices[0].id] != found[devices[1].id])
        }
    }

    @Test("A device that a release does not fit is told apart from one whose agent is too old")
    func misfits() throws {
        try withWatchedFleet { fleet in
            try fleet.repository.write(
                "bundles/new/bundle.yaml", "match: role=kiosk\nneeds: {agent: '>=9.0'}\n")
            let second = try fleet.release("Second", at: 1)
            let channel = try fleet.open()
            try fleet.look(channel)
            let found = try channel.expectations(
                of: [
                    device("old", role: "kiosk"), device("odd", role: "robot"), device("fine"),
                ], under: second)
            let (old, odd) = (try #require(DeviceID("old")), try #require(DeviceID("odd")))
            guard case .needsAgent = found[old], case .invalid = found[odd] else {
                Issue.record("\(found)")
                return
            }
        }
    }

    @Test("A release of another fleet's name is not one whose content counts")
    func wrongFleetName() throws {
        try withWatchedFleet { fleet in
            try fleet.repository.write("fleet.yaml", "format: 1\nname: elsewhere\n")
            let second = try fleet.release("Second", at: 1)
            let channel = try fleet.open()
            try fleet.look(channel)
            let content = try channel.content(of: second)
            #expect(content.mode == nil)
            #expect(content.faults?.contains("elsewhere") == true)
        }
    }

    @Test("An anchor for another channel is refused at once")
    func wrongAnchor() throws {
        try withWatchedFleet { fleet in
            var settings = try fleet.settings
            settings.channel = try #require(ChannelName("harbour/production"))
            let fault = #expect(throws: ChannelFault.self) { try VerifiedChannel(settings) }
            #expect(fault?.code == .anchor)
            settings.anchorFile = "/nonexistent/anchor"
            let other = #expect(throws: ChannelFault.self) { try VerifiedChannel(settings) }
            #expect(other?.code == .anchor)
        }
    }

    @Test("A thousand devices are resolved from one reading")
    func many() throws {
        try withWatchedFleet { fleet in
            let channel = try fleet.open()
            try fleet.look(channel)
            let devices = try (0..<1_000).map { try device("gw-\($0)") }
            let start = ContinuousClock.now
            let found = try channel.expectations(of: devices, under: fleet.first)
            let time = ContinuousClock.now - start
            print("1,000 devices resolved in \(time)")
            #expect(Set(found.values.map { "\($0)" }).count == 1_000)
            // Loaded machines and debug builds included; a reading for each device takes longer.
            #expect(time < .seconds(10))
        }
    }
}
