package import Documents
internal import FleetCertificates
package import FleetModel
package import FleetTools
internal import Foundation

/// Fills the broker's configuration that the project ships, and puts what it needs beside it: the
/// folder can be carried to the broker's machine as it is.
package struct BrokerConfiguration: Sendable {
    package var out: String
    /// Where the folder will stand on the broker's machine; nil is where it is made.
    package var installedAt: String?
    package var port = 8_883
    /// Where the broker keeps its messages.
    package var state = "/var/lib/mosquitto"
    /// The broker's certificate and key without their endings; nil is the only one of the authority.
    package var identity: String?
    /// The folder with `flotilla.conf` and `flotilla.acl` to fill; nil is the one that came with
    /// this program.
    package var templates: String?
    /// Whether files that are there and differ may be replaced.
    package var replaces = false

    package init(out: String) { self.out = out }

    private static let configuration = "flotilla.conf"
    private static let rules = "flotilla.acl"
}

extension AuthorityFolder {
    package func configureBroker(
        _ wanted: BrokerConfiguration, at now: Instant
    ) throws(OperatorError) -> BrokerReport {
        let authority = try authority()
        let record = try record()
        let identity = try identity(wanted, record)
        guard let certificate = try read(Self.certificate), let list = try read(Self.list) else {
            throw OperatorError(
                .environment, "\(path) lacks ca.pem or ca.crl", fix: "Restore them from a copy.")
        }
        let files = try wanted.files(
            fleet: authority.fleet, record: record, identity: identity, authority: certificate,
            list: list, at: now)
        return try wanted.write(files, fleet: authority.fleet)
    }

    /// The broker's certificate and key.
    private func identity(
        _ wanted: BrokerConfiguration, _ record: IssueRecord
    ) throws(OperatorError) -> (certificate: [UInt8], key: [UInt8]) {
        let base: String
        if let identity = wanted.identity {
            base = identity
        } else {
            let names = Set(
                record.entries.filter { $0.role == .broker && $0.revoked == nil }
                    .map(\.commonName))
            guard let name = names.first, names.count == 1 else {
                throw OperatorError(
                    .refused,
                    names.isEmpty
                        ? "no broker has a certificate of this authority"
                        : "several brokers have a certificate of this authority: \(names.sorted().joined(separator: ", "))",
                    fix: names.isEmpty
                        ? "Issue one: `flotilla ca issue \(path) broker HOST...`."
                        : "Choose one: --broker \(path)/NAME.")
            }
            base = "\(path)/\(name)"
        }
        guard let certificate = FileManager.default.contents(atPath: base + ".pem"),
            let key = FileManager.default.contents(atPath: base + ".key")
        else {
            throw OperatorError(
                .environment, "\(base).pem or \(base).key can't be read",
                fix:
                    "Say where the broker's certificate and key are: --broker PATH, without the ending."
            )
        }
        let read = try Self.made { () throws(CertificateFault) in
            try DeviceCertificate(pem: Array(certificate))
        }
        guard read.role == .broker else {
            throw OperatorError(
                .refused,
                "\(base).pem is the certificate of the \(read.role.rawValue) `\(read.commonName)`",
                fix: "Name the one of a broker.")
        }
        return (Array(certificate), Array(key))
    }
}

extension BrokerConfiguration {
    struct File {
        var name: String
        var bytes: [UInt8]
        var mode: UInt16
    }

    func files(
        fleet: String, record: IssueRecord, identity: (certificate: [UInt8], key: [UInt8]),
        authority: [UInt8], list: [UInt8], at now: Instant
    ) throws(OperatorError) -> [File] {
        let folder = installedAt ?? URL(fileURLWithPath: out).standardizedFileURL.path
        guard isAbsolutePath(folder), isAbsolutePath(state) else {
            throw OperatorError(
                .usage, "`\(folder)` or `\(state)` is not an absolute path",
                fix: "Write --installed-at and --state as the broker's machine names them.")
        }
        let values = [
            "@FLEET@": fleet, "@PORT@": String(port), "@CA@": folder + "/ca.pem",
            "@CRL@": folder + "/ca.crl", "@CERT@": folder + "/broker.pem",
            "@KEY@": folder + "/broker.key", "@ACL@": "\(folder)/\(Self.rules)", "@STATE@": state,
        ]
        let source = try templateFolder()
        let operators = Set(
            record.entries.filter {
                $0.role == .operator && $0.revoked == nil && $0.notAfter > now
            }.map(\.commonName))
        var rules = try filled(Self.rules, in: source, values)
        for name in operators.sorted() {
            rules += "\nuser \(name)\ntopic read flotilla/\(fleet)/#\n"
        }
        return [
            File(
                name: Self.configuration,
                bytes: Array(try filled(Self.configuration, in: source, values).utf8), mode: 0o644),
            // Mosquitto warns where others may write or read the rules.
            File(name: Self.rules, bytes: Array(rules.utf8), mode: 0o600),
            File(name: "ca.pem", bytes: authority, mode: 0o644),
            File(name: "ca.crl", bytes: list, mode: 0o644),
            File(name: "broker.pem", bytes: identity.certificate, mode: 0o644),
            File(name: "broker.key", bytes: identity.key, mode: 0o600),
        ]
    }

    private func filled(
        _ name: String, in folder: String, _ values: [String: String]
    ) throws(OperatorError) -> String {
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)"),
            var text = String(validating: bytes, as: UTF8.self)
        else {
            throw OperatorError(
                .environment, "\(folder)/\(name) can't be read",
                fix: "Name the folder of the broker's templates with --templates.")
        }
        for (placeholder, value) in values {
            text = text.replacingOccurrences(of: placeholder, with: value)
        }
        return text
    }

    /// Beside the program in `share`, as packages install it, or above it in a source tree.
    private func templateFolder() throws(OperatorError) -> String {
        if let templates { return templates }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var candidates: [String] = []
        var folder = program.deletingLastPathComponent()
        candidates.append(folder.appendingPathComponent("../share/flotilla/broker").path)
        while folder.path != "/" {
            candidates.append(folder.appendingPathComponent("systemd/broker").path)
            folder = folder.deletingLastPathComponent()
        }
        candidates.append("/usr/share/flotilla/broker")
        guard
            let found = candidates.first(where: {
                FileManager.default.fileExists(atPath: "\($0)/\(Self.configuration)")
            })
        else {
            throw OperatorError(
                .environment, "the broker's templates did not come with this program",
                fix: "Name the folder `systemd/broker` of the sources with --templates.")
        }
        return found
    }

    func write(_ files: [File], fleet: String) throws(OperatorError) -> BrokerReport {
        let folder = try OutputFolder(out)
        var written: [String] = []
        for file in files {
            let old = try folder.contents(of: file.name)
            if old == file.bytes { continue }
            guard old == nil || replaces else {
                throw OperatorError(
                    .refused, "\(folder.path)/\(file.name) exists already and differs",
                    fix: "Look at it, and say --replace.")
            }
            written.append(file.name)
        }
        for file in files where written.contains(file.name) {
            try folder.replace(file.name, file.bytes, mode: file.mode)
        }
        return BrokerReport(
            folder: folder.path, fleet: fleet,
            configuration: "\(folder.path)/\(Self.configuration)",
            written: written, port: port)
    }
}

/// A broker's configuration that was filled.
package struct BrokerReport: Report, Sendable {
    let folder: String
    let fleet: String
    let configuration: String
    let written: [String]
    let port: Int

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        [
            "ok": true, "status": 0, "folder": .string(folder), "fleet": .string(fleet),
            "configuration": .string(configuration), "port": .integer(Int64(port)),
            "written": .array(written.map { .string($0) }),
        ]
    }

    package func lines(on terminal: Terminal) -> [String] {
        guard !written.isEmpty else { return ["\(folder) is as it should be"] }
        return [
            terminal.styled("the broker of `\(fleet)` is configured in \(folder)", .green),
            "written: \(written.joined(separator: ", "))", "",
            "next: bring the folder to the broker's machine, give it to the user `mosquitto`, and start",
            "  mosquitto -c \(configuration)",
        ]
    }
}
