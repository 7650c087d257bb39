internal import Digests
internal import HostSystem

/// A secret text whose holder may read: 20 to 512 visible ASCII characters.
package struct AccessToken: Sendable {
    /// Never shown, logged or sent.
    let secret: [UInt8]
    private let digest: [UInt8]

    package init?(_ text: some StringProtocol) {
        guard (20...512).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return nil }
        secret = Array(text.utf8)
        digest = SHA256.hash(secret).bytes
    }

    /// Compares digests, in a time that says nothing of the token.
    func isSame(as text: some StringProtocol) -> Bool {
        // The longest token there can be, and hashing more is work for nothing.
        guard text.utf8.count <= 512 else { return false }
        return HTTPAPI.isSame(SHA256.hash(text.utf8).bytes, digest)
    }

    // MARK: In a file

    /// The token in a file. Where none is, a new one of 32 random bytes is made there, readable by
    /// this process's user alone.
    package static func stored(at path: String) throws(HTTPSettingsFault) -> AccessToken {
        if let token = try read(at: path) { return token }
        return try made(at: path)
    }

    /// The same without making one: nil where there is no file.
    package static func read(at path: String) throws(HTTPSettingsFault) -> AccessToken? {
        guard let contents = try contents(of: path) else { return nil }
        let line = contents.prefix { $0 != UInt8(ascii: "\n") }
        guard contents.count - line.count <= 1,
            let token = AccessToken(String(decoding: line, as: UTF8.self))
        else {
            throw HTTPSettingsFault(
                "\(path) does not hold a token: one line of 20 to 512 visible ASCII characters",
                fix: "Write a long random text there (`openssl rand -hex 32`), or remove the file "
                    + "and let the aggregator make one.")
        }
        return token
    }

    private static func contents(of path: String) throws(HTTPSettingsFault) -> [UInt8]? {
        let mode: UInt16
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try Root("/").openFile(path)
            mode = try file.status().mode
            bytes = try file.readAll(limit: 4_096)
        } catch {
            if error.isMissing { return nil }
            throw HTTPSettingsFault(
                "the token can't be read: \(error)",
                fix: "Let the aggregator's user read that file, and name it by a path without "
                    + "symbolic links.")
        }
        guard mode & 0o007 == 0 else {
            throw HTTPSettingsFault(
                "every user of this machine can read the token in \(path)",
                fix: "Replace the token, and then: chmod 600 \(path).")
        }
        return bytes
    }

    private static func made(at path: String) throws(HTTPSettingsFault) -> AccessToken {
        var generator = SystemRandomNumberGenerator()
        let text = Hex.encode(
            (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        guard let token = AccessToken(text) else { fatalError("64 digits are a token") }
        do throws(SystemError) {
            try Root("/").createFile(path, contents: Array("\(text)\n".utf8), mode: 0o600)
        } catch {
            throw HTTPSettingsFault(
                "there is no token at \(path), and none can be made there: \(error)",
                fix: "Make its folder, and let the aggregator's user write in it; or write a token "
                    + "there: openssl rand -hex 32.")
        }
        return token
    }
}
