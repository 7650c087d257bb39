internal import Documents
internal import FleetCertificates
package import FleetModel
package import FleetTools
internal import Foundation
internal import HostSystem
internal import JSONDocument
internal import ReleaseTrust

/// The folder of a fleet's authority: its certificate, its key, the list of revoked certificates,
/// and the record of all that it issued. Whoever has it can make certificates of every role, so it
/// belongs on a machine that nobody reaches, with a copy.
package struct AuthorityFolder: Sendable {
    let path: String
    let root: Root

    static let certificate = "/ca.pem"
    static let key = "/ca.key"
    static let list = "/ca.crl"
    static let record = "/issued.json"
    private static let lock = "/.lock"

    package init(_ path: String) throws(OperatorError) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        do throws(SystemError) {
            root = try Root(self.path)
        } catch {
            throw OperatorError(
                .environment, "the folder \(path) of an authority can't be opened: \(error)",
                fix: "Make one with `flotilla ca init DIR --fleet NAME`.")
        }
    }

    /// Makes a new authority. Nothing that is there is overwritten.
    package static func create(
        _ path: String, fleet: String, days: Int, at now: Instant
    ) throws(OperatorError) -> AuthorityReport {
        let authority = try made { () throws(CertificateFault) in
            try CertificateAuthority.create(fleet: fleet, days: days, at: now)
        }
        let emptyList = try made { () throws(CertificateFault) in
            try authority.revocationList([], number: 1, at: now)
        }
        try makeFolder(path)
        let folder = try AuthorityFolder(path)
        let lock = try folder.lock()
        for file in [certificate, key, list, record] {
            guard try folder.read(file) == nil else {
                throw OperatorError(
                    .refused, "\(folder.path)\(file) exists already",
                    fix: "Choose another folder; an authority is never overwritten.")
            }
        }
        var issued = IssueRecord()
        issued.listNumber = 1
        try folder.write(key, authority.keyPEM, mode: 0o600)
        try folder.write(list, emptyList, mode: 0o644)
        try folder.write(issued)
        // The last one: where it is missing, there is no authority yet.
        try folder.write(certificate, authority.certificatePEM, mode: 0o644)
        lock.release()
        return AuthorityReport(folder: folder.path, fleet: fleet, notAfter: authority.notAfter)
    }

    private static func makeFolder(_ path: String) throws(OperatorError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw OperatorError(
                .environment, "the folder \(path) can't be made: \(error.localizedDescription)",
                fix: "Choose another one.")
        }
    }

    // MARK: What is in it

    func authority() throws(OperatorError) -> CertificateAuthority {
        guard let certificate = try read(Self.certificate), let key = try read(Self.key) else {
            throw OperatorError(
                .environment, "\(path) holds no authority: ca.pem or ca.key is missing",
                fix: "Make one with `flotilla ca init \(path) --fleet NAME`, or restore its copy.")
        }
        return try Self.made { () throws(CertificateFault) in
            try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
        }
    }

    func record() throws(OperatorError) -> IssueRecord {
        let file = path + Self.record
        let fix = "Restore it from a copy: without it nothing can be revoked by name."
        guard let bytes = try read(Self.record, limit: Limits.recordBytes) else {
            throw OperatorError(.environment, "\(file) is missing", fix: fix)
        }
        do throws(InvalidDocument) {
            return try IssueRecord(reading: JSON.parse(bytes, file: file), file: file)
        } catch {
            throw OperatorError(error, "\(file) can't be used", fix: fix)
        }
    }

    func write(_ record: IssueRecord) throws(OperatorError) {
        try write(Self.record, Array((record.json.pretty + "\n").utf8), mode: 0o600)
    }

    /// One command at a time changes the folder.
    func lock() throws(OperatorError) -> AuthorityLock {
        let lock: FileLock?
        do throws(SystemError) {
            lock = try FileLock(Self.lock, below: root, within: .seconds(5))
        } catch {
            throw failure(error)
        }
        guard let lock else {
            throw OperatorError(
                .environment, "another command is working in \(path)", fix: "Try again.")
        }
        return AuthorityLock(lock)
    }

    func read(
        _ file: String, limit: Int = Limits.credentialFileBytes
    ) throws(OperatorError) -> [UInt8]? {
        do throws(SystemError) {
            return try root.readFile(file, limit: limit)
        } catch {
            throw failure(error)
        }
    }

    /// Replaces a file in one instant.
    func write(_ file: String, _ bytes: [UInt8], mode: UInt16) throws(OperatorError) {
        do throws(SystemError) {
            try root.replaceFile(file, with: bytes, mode: mode)
        } catch {
            throw failure(error)
        }
    }

    func failure(_ error: SystemError) -> OperatorError {
        OperatorError(
            .environment, "\(path): \(error)",
            fix: "Check the folder's owner and the free space, and try again.")
    }

    static func made<Value: ~Copyable>(
        _ body: () throws(CertificateFault) -> Value
    ) throws(OperatorError) -> Value {
        do throws(CertificateFault) {
            return try body()
        } catch {
            throw OperatorError(
                error.code == .badName ? .usage : .environment, error.message,
                fix: error.code == .badName
                    ? "Choose another name." : "Restore the authority's files from a copy.")
        }
    }
}

/// Held while a command works.
struct AuthorityLock: ~Copyable {
    private let lock: FileLock

    init(_ lock: consuming FileLock) { self.lock = lock }

    consuming func release() {}
}
