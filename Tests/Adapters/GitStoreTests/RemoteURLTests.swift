import Testing

@testable import GitStore

@Suite struct RemoteURLTests {
    @Test("A URL is taken apart into what will be talked to")
    func parts() throws {
        let plain = try RemoteURL("https://Git.Example.org/fleet.git", allowLocal: false)
        #expect(plain.scheme == .https)
        #expect(plain.host == "git.example.org")
        #expect(plain.port == 443)
        let ssh = try RemoteURL("ssh://git@[2001:db8::1]:2222/fleet.git", allowLocal: false)
        #expect(ssh.user == "git")
        #expect(ssh.host == "2001:db8::1")
        #expect(ssh.port == 2222)
    }

    @Test(
        "What is no URL of a server is refused",
        arguments: [
            "", "/srv/fleet.git", "file:///srv/fleet.git", "git@host:fleet.git", "ftp://host/x",
            "https://", "https://:80/x", "https://host:x/y", "https://host:99999/y",
            "https://host/a b", "https://host/\n", "ssh://-oProxyCommand=x/y", "https://[::1/x",
        ])
    func refused(text: String) {
        let error = #expect(throws: GitError.self) { try RemoteURL(text, allowLocal: false) }
        #expect(error?.code == .invalidURL)
    }

    @Test("A password in a URL is refused and not repeated")
    func passwordInURL() {
        for text in ["https://me:secret@host/x", "ssh://me:secret@host/x", "secret@host:x"] {
            let error = #expect(throws: GitError.self) { try RemoteURL(text, allowLocal: false) }
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("Local paths are for tests")
    func local() throws {
        #expect(try RemoteURL("/srv/fleet.git", allowLocal: true).scheme == .file)
        #expect(try RemoteURL("file:///srv/fleet.git", allowLocal: true).scheme == .file)
    }
}
