import FleetModel
import Foundation
import TestSupport
import Testing

@testable import GitStore

@Suite struct HTTPFetchTests {
    private func withServedStore(
        sourceOptions: [String] = [], _ body: (StoreFixture, GitServer) throws -> Void
    ) throws {
        try withStore(sourceOptions: sourceOptions) { fixture in
            try withGitServer(serving: fixture.served) { try body(fixture, $0) }
        }
    }

    private func refusal(_ fixture: StoreFixture, _ request: FetchRequest) -> GitError? {
        #expect(throws: GitError.self) {
            try Fetcher(
                incoming: fixture.incoming(), borrowingFrom: fixture.store.objectsPath
            ).fetch(request)
        }
    }

    @Test("The first fetch brings everything, the next only what is new, the third nothing")
    func incrementalFetch() throws {
        try withServedStore { fixture, server in
            let first = try fixture.commitSomething("one")
            var request = fixture.request(server.url(StoreFixture.servedName))
            let whole = try fixture.fetchAndImport(request)
            #expect(whole.tip == first)
            #expect(whole.objects == 5)
            #expect(whole.receivedBytes > 200_000)
            let tree = try fixture.store.tree(of: first)
            #expect(try tree.contents(of: "etc/motd", limit: 10) == Array("one".utf8))

            let second = try fixture.commitSomething("two")
            request.known = [first]
            let difference = try fixture.fetchAndImport(request)
            #expect(difference.tip == second)
            #expect(difference.objects == 4)
            #expect(difference.receivedBytes < 5_000)
            let next = try fixture.store.tree(of: second)
            #expect(try next.contents(of: "etc/motd", limit: 10) == Array("two".utf8))
            #expect(try next.contents(of: "noise", limit: 200_000)?.count == 200_000)

            request.known = [second]
            let incoming = fixture.incoming()
            let look = try Fetcher(
                incoming: incoming, borrowingFrom: fixture.store.objectsPath
            ).fetch(request)
            #expect(look.tip == second)
            // A look that finds nothing new writes nothing.
            #expect(!FileManager.default.fileExists(atPath: incoming))
            let nothing = try fixture.fetchAndImport(request)
            #expect(nothing.tip == second)
            #expect(nothing.objects == 0)
            #expect(nothing.receivedBytes < 2_000)
        }
    }

    @Test("Only the branch that was asked for travels")
    func onlyOneBranch() throws {
        try withServedStore { fixture, server in
            let tip = try fixture.commitSomething()
            try fixture.source.git(["checkout", "--quiet", "-b", "other"])
            try fixture.source.write("more", noise(100_000, seed: 2))
            let other = try id(fixture.source.commit("other"))
            try fixture.source.git(["tag", "v1"])
            let request = fixture.request(server.url(StoreFixture.servedName))
            #expect(try fixture.fetchAndImport(request).tip == tip)
            #expect(!fixture.store.contains(other))
        }
    }

    @Test("Without the store everything is downloaded again")
    func fetchWithoutStore() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            let request = fixture.request(server.url(StoreFixture.servedName))
            _ = try fixture.fetchAndImport(request)
            let again = try Fetcher(incoming: fixture.incoming(), borrowingFrom: nil)
                .fetch(request)
            #expect(again.objects == 5)
        }
    }

    @Test("A submodule travels as what it is")
    func submodule() throws {
        try withServedStore { fixture, server in
            let first = try fixture.commitSomething()
            let stranger = String(repeating: "ab", count: 20)
            try fixture.source.git(
                ["update-index", "--add", "--cacheinfo", "160000,\(stranger),module"])
            try fixture.source.git(["commit", "--quiet", "--message", "two"])
            var request = fixture.request(server.url(StoreFixture.servedName))
            request.known = []
            let result = try fixture.fetchAndImport(request)
            #expect(result.tip != first)
            #expect(try fixture.store.tree(of: result.tip).entry(at: "module")?.kind == .submodule)
        }
    }

    @Test("A branch that is not there is named, and how many there are")
    func missingBranch() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            var request = fixture.request(server.url(StoreFixture.servedName))
            request.branch = "production"
            let error = refusal(fixture, request)
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("production") == true)
        }
    }

    @Test("An empty repository has no branch")
    func emptyRepository() throws {
        try withServedStore { fixture, server in
            let error = refusal(fixture, fixture.request(server.url(StoreFixture.servedName)))
            #expect(error?.code == .notFound)
        }
    }

    @Test("A repository that the server does not have is not found")
    func missingRepository() throws {
        try withServedStore { fixture, server in
            let error = refusal(fixture, fixture.request(server.url("nothing.git")))
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("404") == true)
        }
    }

    @Test("A SHA-256 repository is refused with the reason")
    func otherHash() throws {
        try withServedStore(sourceOptions: ["--object-format=sha256"]) { fixture, server in
            try fixture.source.commit("one")
            let error = refusal(fixture, fixture.request(server.url(StoreFixture.servedName)))
            #expect(error?.code == .refused)
            #expect(error?.message.contains("SHA-256") == true)
        }
    }

    @Test("A redirect to another host is not followed")
    func redirectToAnotherHost() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            let url = server.redirectingURL(StoreFixture.servedName)
            #expect(refusal(fixture, fixture.request(url)) != nil)
        }
    }

    @Test("A password is not sent without TLS, and a server that wants one is told")
    func passwordNeedsTLS() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            var request = fixture.request(server.protectedURL(StoreFixture.servedName))
            #expect(refusal(fixture, request)?.code == .authentication)
            request.password = HTTPPassword(user: "robot", password: "secret")
            let error = refusal(fixture, request)
            #expect(error?.code == .authentication)
            #expect(error?.message.contains("TLS") == true)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test(
        "A server that accepts and says nothing is a time-out", arguments: ["http", "https", "git"])
    func silentServer(scheme: String) throws {
        try withStore { fixture in
            let silence = try ListeningSocket()
            var request = fixture.request("\(scheme)://127.0.0.1:\(silence.port)/fleet.git")
            request.idleTimeout = .milliseconds(300)
            let start = Date()
            let error = refusal(fixture, request)
            #expect(error?.code == .timeout)
            #expect(error?.isRetryable == true)
            #expect(Date().timeIntervalSince(start) < 5)
            request.idleTimeout = .seconds(60)
            request.totalTimeout = .milliseconds(300)
            #expect(refusal(fixture, request)?.code == .timeout)
            #expect(Date().timeIntervalSince(start) < 10)
        }
    }

    @Test("A port where nobody listens is a network error that is worth another try")
    func closedPort() throws {
        try withStore { fixture in
            let port = try LoopbackPort.free()
            let error = refusal(fixture, fixture.request("http://127.0.0.1:\(port)/fleet.git"))
            #expect(error?.code == .network)
            #expect(error?.isRetryable == true)
        }
    }

    @Test("A server that sends more than allowed is cut off")
    func tooManyBytes() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            var request = fixture.request(server.url(StoreFixture.servedName))
            request.receivedLimit = 50_000
            #expect(refusal(fixture, request)?.code == .tooLarge)
        }
    }

    @Test("The progress callback sees the objects come and can stop the fetch")
    func progress() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            let request = fixture.request(server.url(StoreFixture.servedName))
            var last = FetchProgress(receivedBytes: 0, receivedObjects: 0, totalObjects: 0)
            _ = try Fetcher(incoming: fixture.incoming(), borrowingFrom: nil).fetch(request) {
                last = $0
                return true
            }
            #expect(last.receivedObjects == 5)
            #expect(last.totalObjects == 5)
            let error = #expect(throws: GitError.self) {
                try Fetcher(incoming: fixture.incoming(), borrowingFrom: nil)
                    .fetch(request) { _ in false }
            }
            #expect(error?.code == .cancelled)
        }
    }

    @Test("A folder that is not empty is not fetched into")
    func usedFolder() throws {
        try withServedStore { fixture, server in
            try fixture.commitSomething()
            let request = fixture.request(server.url(StoreFixture.servedName))
            let incoming = fixture.incoming()
            _ = try Fetcher(incoming: incoming, borrowingFrom: nil).fetch(request)
            let error = #expect(throws: GitError.self) {
                try Fetcher(incoming: incoming, borrowingFrom: nil).fetch(request)
            }
            #expect(error?.code == .refused)
        }
    }

    @Test("The user's own Git configuration has no say")
    func userConfigurationIsNotRead() async throws {
        // In a process of its own: libgit2 looks at HOME once, when it starts.
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { home in
                setenv("HOME", home.path, 1)
                try withStore { fixture in
                    try withGitServer(serving: fixture.served) { server in
                        let tip = try fixture.commitSomething()
                        let trap = """
                            [url "http://127.0.0.1:1/"]
                                insteadOf = http://127.0.0.1:\(server.port)/
                            """
                        try Data(trap.utf8).write(to: home.appendingPathComponent(".gitconfig"))
                        let request = fixture.request(server.url(StoreFixture.servedName))
                        let result = try fixture.fetchAndImport(request)
                        guard result.tip == tip else { throw CocoaError(.coderInvalidValue) }
                    }
                }
            }
        }
    }
}
