internal import FleetCertificates
internal import FleetModel
internal import HostSystem
internal import Signatures

extension AggregatorConfiguration {
    /// What looking at one of the files gave.
    package struct Finding: CustomStringConvertible, Sendable {
        package var isGood: Bool
        package var description: String
    }

    /// Looks over all files that the configuration names. Talks to nobody.
    package func findings() -> [Finding] {
        var findings = [
            read("anchor", anchor), read("broker: ca", broker.ca),
            read("broker: certificate", broker.certificate), readKey("broker: key", broker.key),
            readKey("key", key), judge(),
        ]
        if let certificate = listener.certificate {
            findings.append(read("tls: certificate", certificate))
        }
        if let key = listener.key { findings.append(read("tls: key", key)) }
        if !listener.isLoopback, listener.certificate == nil {
            findings.append(
                Finding(
                    isGood: false,
                    description: "listen: \(listener.text) can be reached by others and needs "
                        + "`tls: {certificate: …, key: …}`"))
        }
        return findings
    }

    private func bytes(_ path: String) throws(SystemError) -> [UInt8]? {
        try Root("/").readFile(path, limit: Limits.credentialFileBytes)
    }

    private func look(_ what: String, _ path: String, _ body: ([UInt8]) throws -> Void) -> Finding {
        do {
            guard let bytes = try bytes(path) else {
                return Finding(isGood: false, description: "\(what): \(path) is missing")
            }
            try body(bytes)
            return Finding(isGood: true, description: "\(what): \(path) is well")
        } catch {
            return Finding(isGood: false, description: "\(what): \(path): \(error)")
        }
    }

    private func read(_ what: String, _ path: String) -> Finding { look(what, path) { _ in } }

    private func readKey(_ what: String, _ path: String) -> Finding {
        look(what, path) { _ = try SigningKey(pemFile: $0) }
    }

    private func judge() -> Finding {
        look("authority", authority) { authority in
            let list = try revoked.map { try bytes($0) } ?? nil
            _ = try CertificateJudge(authorityPEM: authority, revokedPEM: list)
        }
    }
}
