import FleetModel
import Foundation
import ReleaseTrust
import TestSupport
import Testing

private let tree = String(repeating: "a", count: 40)
private let parent = String(repeating: "b", count: 40)
private let person = "Ada L <ada@example.org> 1700000000 +0100"

private func commit(
    _ headers: [String] = [
        "tree \(tree)", "parent \(parent)", "author \(person)", "committer \(person)",
    ], message: String = "Subject\n"
) throws -> ReleaseCommit {
    try ReleaseCommit(Array((headers.map { $0 + "\n" }.joined() + "\n" + message).utf8))
}

@Suite struct ReleaseCommitTests {
    @Test("Git's own commits are read, and their signed payload is the object without gpgsig")
    func real() throws {
        try withTemporaryFolder { folder in
            let repository = try TestRepository(in: folder.appendingPathComponent("r"))
            let key = try TestKey("alice", in: folder)
            try repository.write("a", "1")
            let first = try repository.commit("First\n\nwith a body", at: 1_600_000_000)
            let second = try repository.commit("Second", key: key, at: 1_600_000_001)

            let unsigned = try ReleaseCommit(repository.rawCommit(first))
            #expect(unsigned.signature == nil)
            #expect(try unsigned.payload == repository.rawCommit(first))
            #expect(unsigned.message == "First\n\nwith a body\n")
            #expect(unsigned.parents.isEmpty)
            #expect(unsigned.committed == Instant(seconds: 1_600_000_000))

            let raw = try repository.rawCommit(second)
            let signed = try ReleaseCommit(raw)
            #expect(signed.parents.map(\.text) == [first])
            #expect(try signed.tree.text == repository.git("rev-parse", "HEAD^{tree}").text)
            let lines = String(decoding: raw, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
            let unsignedLines = lines.filter { !$0.hasPrefix("gpgsig") && !$0.hasPrefix(" ") }
            #expect(
                String(decoding: signed.payload, as: UTF8.self)
                    == unsignedLines.joined(separator: "\n"))
            #expect(signed.signature?.starts(with: "-----BEGIN SSH SIGNATURE-----\n".utf8) == true)
        }
    }

    @Test("a plain commit is read")
    func plain() throws {
        let read = try commit()
        #expect(read.author == "Ada L <ada@example.org>")
        #expect(read.committed.seconds == 1_700_000_000)
    }

    @Test(
        "headers that Git would not write are refused",
        arguments: [
            ["parent \(parent)", "author \(person)", "committer \(person)"],
            ["tree \(tree)", "tree \(tree)", "author \(person)", "committer \(person)"],
            ["tree \(tree)", "author \(person)", "author \(person)", "committer \(person)"],
            ["tree \(tree)", "author \(person)"],
            ["tree \(tree)", "author \(person)", "committer \(person)", "committer \(person)"],
            ["tree \(tree)", "author \(person)", "parent \(parent)", "committer \(person)"],
            ["tree \(tree)", "author \(person)", "committer \(person)", "parent \(parent)"],
            ["tree \(tree.uppercased())", "author \(person)", "committer \(person)"],
            ["tree \(tree)\(tree.prefix(24))", "author \(person)", "committer \(person)"],
            ["tree \(tree)", "author \(person)", "committer \(person)", "gpgsig-sha256 x"],
            ["tree \(tree)", "author \(person)", "committer \(person)", "gpgsig x", "gpgsig y"],
            ["tree \(tree)", "author \(person)", "committer \(person)", "encoding ISO-8859-1"],
            ["tree \(tree)", "author \(person)", "committer \(person)", "mergetag x"],
            ["tree \(tree)", "author \(person)", "committer \(person)", " gpgsig x"],
            ["tree \(tree)", "author \(person)", "committer A <b> 01 +0000"],
            ["tree \(tree)", "author \(person)", "committer A <b> -1 +0000"],
            ["tree \(tree)", "author \(person)", "committer A <b> 99999999999 +0000"],
            ["tree \(tree)", "author \(person)", "committer A <b> 1 +000"],
            ["tree \(tree)", "author \(person)", "committer A <b> 1 +0000 2"],
            ["tree \(tree)", "author \(person)", "committer A <b> 1 +0000> 2 +0000"],
            ["tree \(tree)", "author \(person)", "committer A b 1 +0000"],
        ])
    func malformed(headers: [String]) {
        #expect(throws: MalformedInput.self) { try commit(headers) }
    }

    @Test("a commit that ends in its headers, or has a NUL or invalid UTF-8, is refused")
    func malformedMessage() {
        let headers = "tree \(tree)\nauthor \(person)\ncommitter \(person)\n"
        #expect(throws: MalformedInput.self) { try ReleaseCommit(Array(headers.utf8)) }
        #expect(throws: MalformedInput.self) { try commit(message: "a\u{0}b") }
        #expect(throws: MalformedInput.self) {
            try ReleaseCommit(Array((headers + "\n").utf8) + [0xff])
        }
    }

    @Test("no mutation of a commit crashes the readers")
    func fuzz() throws {
        let headers = [
            "tree \(tree)", "parent \(parent)", "author \(person)", "committer \(person)",
            "gpgsig -----BEGIN SSH SIGNATURE-----", " AAAA", " -----END SSH SIGNATURE-----",
        ]
        let text = headers.map { $0 + "\n" }.joined() + "\nSubject\n\nFlotilla-Channel: a/b\n"
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<5_000 {
            if let commit = try? ReleaseCommit(mutated(Array(text.utf8), using: &generator)) {
                _ = try? ReleaseTrailers(message: commit.message)
            }
        }
    }
}
