import FleetModel
import ReleaseTrust
import Testing

private let object = String(repeating: "c", count: 40)

@Suite struct ReleaseTrailersTests {
    @Test("trailers of the last paragraph are read, among those of other tools")
    func read() throws {
        let trailers = try ReleaseTrailers(
            message: """
                Subject

                Body: not a trailer block

                Reviewed-by: Ada <ada@example.org>
                  who also tested it
                Flotilla-Channel: fleet/main \t
                Flotilla-Source: \(object)
                Flotilla-Supersedes: \(object)


                """)
        #expect(trailers.channel?.description == "fleet/main")
        #expect(trailers.source?.text == object)
        #expect(trailers.supersedes.map(\.text) == [object])
        #expect(trailers.continues == nil)
    }

    @Test(
        "a trailer anywhere but in the last paragraph is a sentence",
        arguments: [
            "Flotilla-Channel: a/b",
            "\n\nFlotilla-Channel: a/b\n",
            "Subject\n\nFlotilla-Channel: a/b\n\nMore text.\n",
            "Subject\nFlotilla-Channel: a/b\n\nSigned-off-by: x\n",
            "Subject\n\n> Flotilla-Channel: a/b\n",
        ])
    func elsewhere(message: String) throws {
        #expect(try ReleaseTrailers(message: message).channel == nil)
    }

    @Test(
        "trailers that could mean two things are refused",
        arguments: [
            "S\n\nFlotilla-Channel: a/b\nFlotilla-Channel: a/c\n",
            "S\n\nFlotilla-Channel: a/b\nFlotilla-Channel: a/b\n",
            "S\n\nflotilla-channel: a/b\n",
            "S\n\nFlotilla-Chanel: a/b\n",
            "S\n\nFlotilla-Channel: a\n",
            "S\n\nFlotilla-Channel: a/b/c\n",
            "S\n\nFlotilla-Channel:\n",
            "S\n\nFlotilla-Channel: a/b\n continued\n",
            "S\n\nAs agreed,\nFlotilla-Channel: a/b\n",
            "S\n\nFlotilla-Source: main\n",
            "S\n\nFlotilla-Continues: \(object)\nFlotilla-Continues: \(object)\n",
            "S\n\nFlotilla-Approval: AAAA\n",
            "S\n\nFlotilla-Approval: A\n",
        ])
    func refused(message: String) {
        #expect(throws: MalformedInput.self) { try ReleaseTrailers(message: message) }
    }
}
