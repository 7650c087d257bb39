internal import FleetCertificates
package import FleetModel
package import FleetTools
internal import Foundation
internal import HostSystem
package import ReleaseTrust
internal import Signatures

extension AuthorityFolder {
    /// For whom a certificate is wanted, as the command line says it.
    package enum Holder: Equatable, Sendable {
        case device(String)
        case aggregator
        case operatorNamed(String)
        case broker(hosts: [String])
    }

    /// Issues a certificate and writes it with its key, by default into the authority's own folder.
    /// With a public key there is no key to write.
    package func issue(
        to holder: Holder, days: Int, publicKey: SSHPublicKey? = nil, into out: String? = nil,
        at now: Instant
    ) throws(OperatorError) -> IssueReport {
        let lock = try lock()
        let authority = try authority()
        var request = holder.request
        request.days = days
        request.publicKey = publicKey
        let issued = try Self.made { () throws(CertificateFault) in
            try authority.issue(request, at: now)
        }
        let place = try OutputFolder(out ?? path)
        let names = [holder.fileName + ".pem", holder.fileName + ".key"]
        try place.checkNothingIsInTheWay(publicKey == nil ? names : [names[0]])

        var record = try record()
        guard record.entries.count < IssueRecord.entriesLimit else {
            throw OperatorError(
                .refused, "\(path) has issued \(IssueRecord.entriesLimit) certificates",
                fix: "Begin another authority.")
        }
        let certificate = issued.certificate
        record.entries.append(
            .init(
                serial: certificate.serial, role: certificate.role,
                commonName: certificate.commonName, issued: now,
                notAfter: certificate.notAfter, revoked: nil,
                files: "\(place.path)/\(holder.fileName)"))
        try write(record)
        if let key = issued.key { try place.create(names[1], key.pem, mode: 0o600) }
        try place.create(names[0], issued.certificatePEM, mode: 0o644)
        lock.release()
        return IssueReport(
            certificate: certificate, certificatePath: "\(place.path)/\(names[0])",
            keyPath: issued.key == nil ? nil : "\(place.path)/\(names[1])",
            authorityPath: path + Self.certificate)
    }
}

extension AuthorityFolder.Holder {
    var request: CertificateAuthority.Request {
        switch self {
        case .device(let id): .init(role: .device, name: id)
        case .aggregator: .init(role: .aggregator)
        case .operatorNamed(let name): .init(role: .operator, name: name)
        case .broker(let hosts): .init(role: .broker, hosts: hosts)
        }
    }

    /// What its files are called. The authority has checked the names, so none leads elsewhere.
    var fileName: String {
        switch self {
        case .device(let name), .operatorNamed(let name): name
        case .aggregator: "aggregator"
        case .broker(let hosts): hosts.first ?? "broker"
        }
    }
}

/// A folder into which a command writes what it made.
struct OutputFolder {
    let path: String
    private let root: Root

    init(_ path: String) throws(OperatorError) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        do {
            try FileManager.default.createDirectory(
                atPath: self.path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            root = try Root(self.path)
        } catch {
            throw OperatorError(
                .environment, "the folder \(path) can't be made: \(error)",
                fix: "Choose another one with --out.")
        }
    }

    func contents(of name: String) throws(OperatorError) -> [UInt8]? {
        do throws(SystemError) {
            return try root.readFile("/" + name, limit: Limits.credentialFileBytes)
        } catch {
            throw failure(error)
        }
    }

    func checkNothingIsInTheWay(_ names: [String]) throws(OperatorError) {
        for name in names {
            var isThere = false
            do throws(SystemError) {
                isThere = try root.exists("/" + name)
            } catch {
                throw failure(error)
            }
            guard !isThere else {
                throw OperatorError(
                    .refused, "\(path)/\(name) exists already",
                    fix:
                        "Move it away, or choose another folder with --out; nothing is overwritten."
                )
            }
        }
    }

    /// Makes a file; one that is there is an error.
    func create(_ name: String, _ bytes: [UInt8], mode: UInt16) throws(OperatorError) {
        do throws(SystemError) {
            try root.createFile("/" + name, contents: bytes, mode: mode)
            try root.syncFolder("/")
        } catch {
            throw failure(error)
        }
    }

    /// Puts a file there in one instant. Whoever could read the one that it replaces can read it
    /// too: a folder may have been given to a service, such as the broker, which is not root.
    /// `mode` is for a file that is new; that one belongs to the folder's owner.
    func replace(_ name: String, _ bytes: [UInt8], mode: UInt16) throws(OperatorError) {
        let file = "/" + name
        do throws(SystemError) {
            if let old = try root.status(of: file) {
                try root.replaceFile(
                    file, with: bytes, mode: old.mode & 0o777, owner: old.owner)
            } else {
                try root.replaceFile(file, with: bytes, mode: mode, owner: try newOwner())
            }
        } catch {
            throw failure(error)
        }
    }

    /// Who owns what is new in the folder; nil leaves it to the system, which lets only root choose.
    private func newOwner() throws(SystemError) -> FileOwner? {
        guard Users.effectiveUserID() == 0 else { return nil }
        return try root.status(of: "/")?.owner
    }

    private func failure(_ error: SystemError) -> OperatorError {
        OperatorError(
            .environment, "\(path): \(error)",
            fix: "Check the folder's owner and the free space, and try again.")
    }
}

extension SSHPublicKey {
    /// Reads a `.pub` file: `ssh-ed25519 AAAA… comment`.
    package init(file: String) throws(OperatorError) {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw OperatorError(
                .environment, "the public key \(file) can't be read",
                fix: "Make it: `ssh-keygen -y -f KEY > KEY.pub`.")
        }
        let words = bytes.split(whereSeparator: { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d })
        do throws(MalformedInput) {
            guard words.count >= 2, let blob = Base64.decode(Array(words[1])) else {
                throw MalformedInput("is no line `ssh-ed25519 AAAA…`")
            }
            self = try SSHPublicKey(blob: blob)
        } catch {
            throw OperatorError(
                .refused, "the public key \(file) \(error.message)",
                fix: "Copy the whole line of the `.pub` file.")
        }
    }
}
