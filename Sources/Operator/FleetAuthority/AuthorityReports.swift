package import Documents
internal import FleetCertificates
internal import FleetModel
package import FleetTools
internal import ReleaseTrust

/// A new authority.
package struct AuthorityReport: Report, Sendable {
    let folder: String
    let fleet: String
    let notAfter: Instant

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        [
            "ok": true, "status": 0, "folder": .string(folder), "fleet": .string(fleet),
            "certificate": .string(folder + AuthorityFolder.certificate),
            "revoked": .string(folder + AuthorityFolder.list),
            "notAfter": .string(notAfter.description),
        ]
    }

    package func lines(on terminal: Terminal) -> [String] {
        [
            terminal.styled("the authority of `\(fleet)` is ready in \(folder)", .green), "",
            "next:",
            "  1. Keep ca.key where nobody reaches it, and a copy of the folder elsewhere.",
            "  2. flotilla ca issue \(folder) broker HOST...",
            "     flotilla ca issue \(folder) aggregator",
            "     flotilla ca issue \(folder) device ID",
            "  3. flotilla ca broker-config \(folder) --out BROKER",
        ]
    }
}

/// A certificate that was issued.
package struct IssueReport: Report, Sendable {
    let certificate: DeviceCertificate
    let certificatePath: String
    let keyPath: String?
    let authorityPath: String

    package var status: ExitStatus { .success }

    /// The line for `trust/allowed_signers` that makes devices believe an aggregator.
    package var allowedSigner: String? {
        guard certificate.role == .aggregator, let key = certificate.publicKey else { return nil }
        return "\(certificate.commonName) namespaces=\"flotilla-order,flotilla-ack\" \(key.text)"
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "ok": true, "status": 0, "name": .string(certificate.commonName),
            "role": .string(certificate.role.rawValue), "serial": .string(certificate.serial),
            "certificate": .string(certificatePath), "authority": .string(authorityPath),
            "notAfter": .string(certificate.notAfter.description),
        ]
        members["key"] = keyPath.map { .string($0) }
        members["allowedSigner"] = allowedSigner.map { .string($0) }
        return .object(members)
    }

    package func lines(on terminal: Terminal) -> [String] {
        var facts = Table(header: ["issued", certificate.commonName])
        facts.add([.init("for"), .init(certificate.role.rawValue)])
        facts.add([.init("certificate"), .init(certificatePath)])
        if let keyPath { facts.add([.init("key"), .init(keyPath)]) }
        facts.add([.init("serial"), .init(certificate.serial)])
        facts.add([.init("until"), .init(certificate.notAfter.description)])
        // The line must be whole, whatever the terminal's width.
        var lines = facts.lines(on: terminal)
        if let allowedSigner {
            lines += ["", "add to trust/allowed_signers and publish:", allowedSigner]
        }
        return lines
    }
}

/// Certificates that count no more.
package struct RevocationReport: Report, Sendable {
    let revoked: [IssueRecord.Entry]
    let listPath: String
    /// Of all on the list.
    let count: Int

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        [
            "ok": true, "status": 0, "list": .string(listPath), "count": .integer(Int64(count)),
            "revoked": .array(
                revoked.map { entry in
                    [
                        "name": .string(entry.commonName), "role": .string(entry.role.rawValue),
                        "serial": .string(entry.serial),
                    ]
                }),
        ]
    }

    package func lines(on terminal: Terminal) -> [String] {
        var table = Table(header: ["revoked", "for", "serial"])
        for entry in revoked {
            table.add([
                .init(entry.commonName), .init(entry.role.rawValue), .init(entry.serial),
            ])
        }
        return table.lines(on: terminal) + [
            "",
            "next: bring \(listPath) to the broker and to the aggregator, and restart the broker,",
            "for a reload does not end connections that stand.",
        ]
    }
}
