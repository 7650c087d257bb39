import FleetModel
import Foundation
import ReleaseTrust
import Resolution
import TestSupport
import Testing

@testable import ChannelWatch

@Suite(.timeLimit(.minutes(2))) struct ChannelWatchTests {
    /// Runs a watch, and hands its reports to `body`.
    private func watching(
        _ settings: ChannelSettings, _ fetching: some ChannelFetching,
        _ body: (ChannelWatch) async throws -> Void
    ) async throws {
        let watch = try ChannelWatch(settings, fetching: fetching)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            do {
                try await body(watch)
            } catch {
                watch.stop()
                throw error
            }
            watch.stop()
            try await group.waitForAll()
        }
    }

    /// The next report that is not passed over.
    private func next<Value>(
        of watch: ChannelWatch, _ pick: (ChannelWatch.Report) -> Value?
    ) async throws -> Value {
        for await report in watch.reports {
            if let value = pick(report) { return value }
        }
        throw ChannelFault(.stopped, "the watch ended")
    }

    private func nextView(of watch: ChannelWatch) async throws -> ChannelView {
        try await next(of: watch) { report in
            if case .view(let view) = report { view } else { nil }
        }
    }

    @Test("It looks at start, and again when somebody hints")
    func hints() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try WatchedFleet(in: folder)
            try await watching(fleet.settings, fleet.localFetch) { watch in
                #expect(try await nextView(of: watch).head == nil)
                let view = try await nextView(of: watch)
                #expect(view.head?.release == fleet.first)
                #expect(view.tip == fleet.first)
                let second = try fleet.release("Second", at: 1)
                watch.hint()
                #expect(try await nextView(of: watch).head?.release == second)
                let third = try fleet.release("Evil", at: 2, key: fleet.mallory)
                watch.hint()
                let refused = try await nextView(of: watch)
                #expect(refused.head?.release == second)
                #expect(refused.tip == third)
                #expect(refused.refusal?.code == .unknownSigner)
            }
        }
    }

    @Test("Questions are answered, also about releases that are not there")
    func questions() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try WatchedFleet(in: folder)
            try await watching(fleet.settings, fleet.localFetch) { watch in
                _ = try await nextView(of: watch)
                _ = try await nextView(of: watch)
                watch.askContent(number: 1, of: fleet.first)
                guard case .content(let content) = try await next(of: watch, { $0 }) else {
                    Issue.record("no content")
                    return
                }
                #expect(content.mode == RolloutMode.none)
                let one = try device("gw-1")
                watch.askExpectations(number: 2, of: [one], under: fleet.first)
                guard
                    case .expectations(2, fleet.first, let found) = try await next(
                        of: watch, { $0 })
                else {
                    Issue.record("no expectations")
                    return
                }
                #expect(found.count == 1)
                let unknown = try #require(Revision(String(repeating: "ab", count: 20)))
                watch.askContent(number: 3, of: unknown)
                guard case .unanswered(3, unknown, _) = try await next(of: watch, { $0 }) else {
                    Issue.record("an answer about an unknown release")
                    return
                }
            }
        }
    }

    @Test("A server that is away is told, and the looks go on")
    func outage() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try WatchedFleet(in: folder)
            var settings = try fleet.settings
            settings.pollEvery = .milliseconds(10)
            settings.slowestPoll = .milliseconds(50)
            let port = try SocketServer.unusedPort()
            let fetch = DirectFetch(
                RepositoryAccess(url: "http://127.0.0.1:\(port)/fleet"), branch: "main")
            try await watching(settings, fetch) { watch in
                _ = try await nextView(of: watch)
                for count in 1...3 {
                    let view = try await nextView(of: watch)
                    #expect(view.failures == count)
                    #expect(view.failure?.code == .fetch)
                }
            }
        }
    }

    @Test("A fetch in a child that says nothing is ended at its deadline, and by a stop")
    func hungChild() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try WatchedFleet(in: folder)
            let slow = ChildFetch(
                program: "/bin/sh", arguments: ["-c", "sleep 1000"], deadline: .milliseconds(100))
            try await watching(fleet.settings, slow) { watch in
                _ = try await nextView(of: watch)
                #expect(try await nextView(of: watch).failure?.code == .fetch)
            }
            let endless = ChildFetch(program: "/bin/sh", arguments: ["-c", "sleep 1000"])
            try await watching(fleet.settings, endless) { watch in
                _ = try await nextView(of: watch)
            }
        }
    }

    @Test("What a child answers is read with care")
    func childAnswers() async throws {
        let order = try FetchOrder(incoming: "/i", objects: "/o", known: [String](), notBefore: nil)
        func fetch(_ script: String) throws -> Revision {
            try ChildFetch(program: "/bin/sh", arguments: ["-c", script, "sh"])
                .fetch(order, isStopped: { false })
        }
        let id = String(repeating: "0a", count: 20)
        #expect(try fetch("echo '{\"tip\":\"\(id)\"}'").text == id)
        #expect(
            try fetch("test \"$1 $2\" = '--incoming /i' && echo '{\"tip\":\"\(id)\"}'").text == id)
        for bad in ["true", "echo x", "echo '{\"tip\":\"x\"}'", "echo '{\"error\":\"no\"}'"] {
            #expect(throws: ChannelFault.self) { try fetch(bad) }
        }
    }

    @Test("Failures make the looks rarer, within bounds")
    func backOff() throws {
        var settings = ChannelSettings(
            channel: try #require(ChannelName("a/b")), folder: "/", anchorFile: "/")
        #expect(settings.pause(afterFailures: 0) == .seconds(60))
        #expect(settings.pause(afterFailures: 1) == .seconds(120))
        #expect(settings.pause(afterFailures: 100) == .seconds(900))
        settings.pollEvery = .seconds(3_600)
        #expect(settings.pause(afterFailures: 5) == .seconds(3_600))
    }
}
