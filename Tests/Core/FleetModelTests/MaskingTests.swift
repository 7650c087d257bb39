import FleetModel
import TestSupport
import Testing

@Suite struct MaskingTests {
    @Test(
        "a secret that has a name is hidden, and the rest of the sentence stays",
        arguments: [
            ("login failed: password=hunter2 user=bob", "login failed: password=*** user=bob"),
            ("DB_PASSWORD: hunter2", "DB_PASSWORD: ***"),
            ("(token=abc, and 3 more)", "(token=***, and 3 more)"),
            (#"{"api_key": "abc def", "port": 80}"#, #"{"api_key": "***", "port": 80}"#),
            (#"{"secret":"a\"b","x":1}"#, #"{"secret":"***","x":1}"#),
            (#"said {\"token\":\"abc\",\"x\":1}"#, #"said {\"token\":\"***\",\"x\":1}"#),
            ("api key = 0815", "api key = ***"), ("Private Key: 0815", "Private Key: ***"),
            ("PrivateKey = aGFsbG8=", "PrivateKey = ***"), ("psk='a b c' ok", "psk='***' ok"),
            ("Authorization: Bearer abc def", "Authorization: *** def"),
            ("authorization: Digest a=\"1\"", "authorization: ***\"1\""),
            ("Cookie: a=1; b=2\nHost: x", "Cookie: ***\nHost: x"),
            ("run --password hunter2 --port 1", "run --password *** --port 1"),
            ("GET /?access_token=abc&page=2", "GET /?access_token=***&page=2"),
            ("bad token: password: hunter2", "bad token: password: ***"),
            ("passphrase: |\n  hunter2\nport: 1", "passphrase: |\n  ***\nport: 1"),
        ])
    func named(text: String, masked: String) {
        #expect(Masking.masked(text) == masked)
    }

    @Test(
        "a secret that looks like one is hidden without a name",
        arguments: [
            ("https://bob:hunter2@example.org/x", "https://bob:***@example.org/x"),
            ("https://ghs@example.org", "https://***@example.org"),
            ("got Bearer mF_9.B5f-4.1JqM: no", "got Bearer ***: no"),
            ("Basic dXNlcjpw was sent", "Basic *** was sent"),
            ("key AGE-SECRET-KEY-1QQPZRY9X8 is bad", "key *** is bad"),
            ("a github_pat_11AA0 b", "a *** b"),
            (
                "x -----BEGIN EC PRIVATE KEY-----\nMHcC\nAQ==\n-----END EC PRIVATE KEY----- y",
                "x *** y"
            ),
            ("x -----BEGIN PRIVATE KEY----- MHcCAQ", "x ***"),
            ("MHcCAQEEIBzMHcCAQEEIBzMHcCAQEEIBzMH\nAQ==\n-----END PRIVATE KEY----- y", "*** y"),
        ])
    func shaped(text: String, masked: String) {
        #expect(Masking.masked(text) == masked)
    }

    @Test(
        "what is no secret stays as it is",
        arguments: [
            "", "status 503; expected 200", "basic authentication failed",
            "ssh://git@example.org/x",
            "/etc/passwd: Permission denied", "/run/secrets/token: no such file",
            "the key is short",
            "https://example.org:8443/path?q=a@b", "-----BEGIN CERTIFICATE-----\nMIIB\n",
            "the Bearer token is missing", "password", "password:", "token=\"\"",
            "größer als 3 µm: kein Geheimnis", "nginx: [emerg] unknown directive \"servr\" in x:3",
        ])
    func harmless(text: String) {
        #expect(Masking.masked(text) == text)
    }

    @Test("whatever it is given: it ends, grows at most threefold, and masks nothing twice")
    func anything() {
        var random = SeededGenerator(seed: 11)
        let pieces = [
            "password", "token", "api", "key", "=", ":", ": ", " ", "\n", "\"", "\\\"", "'", "\\",
            "-----BEGIN ", "-----END ", "PRIVATE KEY", "-----", "://", "@", "Bearer ", "basic ",
            "aB3dE5fG7", "AGE-SECRET-KEY-1", "|", ",", ";", "}", "--", "&", "***", "ä", "\u{2028}",
            "authorization", "Digest", "/", "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIII", "x",
        ]
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...14, using: &random) {
                text += pieces[Int.random(in: pieces.indices, using: &random)]
            }
            let bytes = mutated(Array(text.utf8), using: &random)
            text = String(decoding: bytes, as: UTF8.self)
            let masked = Masking.masked(text)
            #expect(masked.utf8.count <= 3 * text.utf8.count, "\(text)")
            #expect(Masking.masked(masked) == masked, "\(text)")
        }
    }

    @Test(
        "a secret's own characters are nowhere in what is left, in whatever company it stands",
        arguments: [
            "password=%", "token: %", "\"secret\": \"%\"", "https://u:%@h/", "Bearer %",
            "--passphrase %", "X-Api-Key: %",
        ])
    func nothingLeaks(form: String) {
        var random = SeededGenerator(seed: 12)
        let secret = "Zq7xWv93KpLm"
        let parts = form.split(separator: "%", omittingEmptySubsequences: false)
        let company = ["error", " ", "\n", "(", ") ", ": ", "key ", "token ", "= ", ", ", "ä "]
        for _ in 0..<50 {
            var text = ""
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                text += company[Int.random(in: company.indices, using: &random)]
            }
            text += " " + parts[0] + secret + parts[1] + " behind"
            #expect(!Masking.masked(text).contains(secret), "\(text)")
        }
    }

    @Test(
        "its work grows with the text and not with its square",
        arguments: [
            "token=", "token:", "token=|", "\"token\":", "bearer ", "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----", "://", "a://b@", "password=\"", "--token ", "|", "A",
            "authorization: a,", "\\",
        ])
    func linear(piece: String) {
        // A square of this would take minutes.
        let text = String(repeating: piece, count: (1 << 18) / piece.utf8.count)
        #expect(Masking.masked(text).utf8.count <= 3 * text.utf8.count)
    }
}
