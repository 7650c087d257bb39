import FleetModel
import Foundation
import TestSupport
import Testing

@testable import GitStore

@Suite struct SSHFetchTests {
    private func withServer(_ body: (StoreFixture, SSHServer, FetchRequest) throws -> Void) throws {
        try withStore { fixture in
            try fixture.commitSomething()
            try withSSHServer { server in
                let hosts = fixture.folder.appendingPathComponent("known_hosts")
                try Data(server.knownHost.utf8).write(to: hosts)
                var request = fixture.request(server.url(fixture.source.gitFolder))
                request.ssh.privateKeyFile = server.userKey.path
                request.ssh.knownHostsFile = hosts.path
                try body(fixture, server, request)
            }
        }
    }

    private func refusal(_ fixture: StoreFixture, _ request: FetchRequest) -> GitError? {
        #expect(throws: GitError.self) {
            try Fetcher(incoming: fixture.incoming(), borrowingFrom: nil).fetch(request)
        }
    }

    @Test("A branch comes over ssh with an ed25519 key from a pinned host")
    func fetchOverSSH() throws {
        try withServer { fixture, _, request in
            let result = try fixture.fetchAndImport(request)
            #expect(result.objects == 5)
            #expect(result.receivedBytes > 200_000)
            #expect(fixture.store.contains(result.tip))
        }
    }

    @Test("A host that is not pinned, or shows another key, is refused before we log in")
    func unknownHost() throws {
        try withServer { fixture, server, request in
            var wrong = request
            wrong.ssh.knownHostsFile = nil
            #expect(refusal(fixture, wrong)?.code == .hostKey)
            let hosts = fixture.folder.appendingPathComponent("other_hosts")
            wrong.ssh.knownHostsFile = hosts.path
            let stranger = try makeSSHKey("stranger", in: fixture.folder)
            let key = try String(contentsOfFile: stranger.path + ".pub", encoding: .utf8)
            for text in ["", "127.0.0.1 \(key)", "[127.0.0.1]:\(server.port) \(key)"] {
                try Data(text.utf8).write(to: hosts)
                let error = refusal(fixture, wrong)
                #expect(error?.code == .hostKey)
                #expect(error?.message.contains("ssh-ed25519") == true)
            }
        }
    }

    @Test("A key that the server does not know is tried once")
    func unknownKey() throws {
        try withServer { fixture, _, request in
            var wrong = request
            wrong.ssh.privateKeyFile = try makeSSHKey("other", in: fixture.folder).path
            #expect(refusal(fixture, wrong)?.code == .authentication)
            wrong.ssh.privateKeyFile = nil
            #expect(refusal(fixture, wrong)?.code == .authentication)
        }
    }
}
