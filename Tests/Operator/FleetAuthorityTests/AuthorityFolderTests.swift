import Documents
import FleetAuthority
import FleetCertificates
import FleetModel
import FleetTools
import Foundation
import HostSystem
import ReleaseTrust
import Signatures
import TestSupport
import Testing

@Suite struct AuthorityFolderTests {
    private let now = Clocks.wall()

    private func authority(in parent: URL) throws -> (AuthorityFolder, URL) {
        let folder = parent.appendingPathComponent("ca")
        _ = try AuthorityFolder.create(folder.path, fleet: "harbour", days: 3_650, at: now)
        return (try AuthorityFolder(folder.path), folder)
    }

    private func status(_ body: () throws -> Void) -> FleetTools.ExitStatus? {
        do {
            try body()
            return nil
        } catch let error as OperatorError {
            return error.status
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    private func mode(_ file: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    }

    @Test("openssl verifies what is issued, until it is revoked")
    func life() throws {
        try withTemporaryFolder { parent in
            let (authority, folder) = try authority(in: parent)
            let holders: [(AuthorityFolder.Holder, String)] = [
                (.device("gateway-1"), "gateway-1"), (.aggregator, "aggregator"),
                (.operatorNamed("alice"), "alice"),
                (.broker(hosts: ["broker.example", "127.0.0.1"]), "broker.example"),
            ]
            func verifies(_ name: String) throws -> Bool {
                try runChild(
                    [
                        "openssl", "verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile",
                        "ca.crl", "\(name).pem",
                    ], in: folder
                ).status == 0
            }
            for (holder, name) in holders {
                let report = try authority.issue(to: holder, days: 100, at: now)
                #expect(try verifies(name))
                #expect(try mode(folder.appendingPathComponent("\(name).key")) == 0o600)
                #expect((report.allowedSigner != nil) == (holder == .aggregator))
            }
            for secret in ["ca.key", "issued.json"] {
                #expect(try mode(folder.appendingPathComponent(secret)) == 0o600)
            }
            #expect(try mode(folder) == 0o700)

            for name in ["gateway-1", "alice", "aggregator"] {
                _ = try authority.revoke(name, at: now)
                #expect(try !verifies(name))
            }
            #expect(try verifies("broker.example"))
            let serial = try runChild(
                ["openssl", "x509", "-in", "broker.example.pem", "-noout", "-serial"], in: folder)
            _ = try authority.revoke(String(serial.text.dropFirst("serial=".count)), at: now)
            #expect(try !verifies("broker.example"))
            // To say it twice does no harm, and who was never there is named.
            _ = try authority.revoke("gateway-1", at: now)
            #expect(status { _ = try authority.revoke("nobody", at: now) } == .refused)
        }
    }

    @Test("the aggregator's line is one of allowed_signers, for orders and acknowledgements")
    func allowedSigner() throws {
        try withTemporaryFolder { parent in
            let (authority, folder) = try authority(in: parent)
            let report = try authority.issue(to: .aggregator, days: 100, at: now)
            let line = try #require(report.allowedSigner)
            let signers = try AllowedSigners(text: line + "\n", file: "allowed_signers")
            let signer = try #require(signers.signers.first)
            #expect(signer.principal == "aggregator@harbour")
            #expect(signer.admits(namespace: "flotilla-order"))
            #expect(signer.admits(namespace: "flotilla-ack"))
            #expect(!signer.admits(namespace: "git"))
            let key = try Data(contentsOf: folder.appendingPathComponent("aggregator.key"))
            #expect(try SigningKey(pemFile: Array(key)).publicKey == signer.key)
            #expect(report.lines(on: Terminal(width: 40, hasColors: false)).contains(line))
        }
    }

    @Test("nothing that is there is overwritten, and a refused command leaves nothing behind")
    func overwriting() throws {
        try withTemporaryFolder { parent in
            let (authority, folder) = try authority(in: parent)
            #expect(
                status {
                    _ = try AuthorityFolder.create(folder.path, fleet: "other", days: 1, at: now)
                } == .refused)
            _ = try authority.issue(to: .device("a"), days: 10, at: now)
            let key = try Data(contentsOf: folder.appendingPathComponent("a.key"))
            #expect(
                status { _ = try authority.issue(to: .device("a"), days: 10, at: now) } == .refused)
            #expect(try Data(contentsOf: folder.appendingPathComponent("a.key")) == key)
            // An operator's and a device's files may have one name: elsewhere, then.
            let out = parent.appendingPathComponent("out/of")
            _ = try authority.issue(to: .operatorNamed("a"), days: 10, into: out.path, at: now)
            #expect(
                FileManager.default.fileExists(atPath: out.appendingPathComponent("a.key").path))
            for name in ["", "A", "../x", "a/b", "a+b", "#"] {
                #expect(
                    status { _ = try authority.issue(to: .device(name), days: 10, at: now) }
                        == .usage)
            }
            #expect(
                status {
                    let path = parent.appendingPathComponent("x").path
                    _ = try AuthorityFolder.create(path, fleet: "a b", days: 1, at: now)
                } == .usage)
            #expect(
                !FileManager.default.fileExists(atPath: parent.appendingPathComponent("x").path))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(
                names == [".lock", "a.key", "a.pem", "ca.crl", "ca.key", "ca.pem", "issued.json"])
        }
    }

    @Test("a renewed certificate counts beside the old one, and both are revoked by their name")
    func renewal() throws {
        try withTemporaryFolder { parent in
            let (authority, folder) = try authority(in: parent)
            let out = parent.appendingPathComponent("second")
            let key = try TestKey("device", in: parent)
            let file = try SSHPublicKey(file: key.path + ".pub")
            _ = try authority.issue(to: .device("a"), days: 10, at: now)
            let second = try authority.issue(
                to: .device("a"), days: 10, publicKey: file, into: out.path, at: now)
            #expect(second.json.canonical.contains("\"key\"") == false)
            let report = try authority.revoke("a", at: now)
            #expect(report.lines(on: .plain).filter { $0.hasPrefix("a ") }.count == 2)
            let list = try Data(contentsOf: folder.appendingPathComponent("ca.crl"))
            let ca = try Data(contentsOf: folder.appendingPathComponent("ca.pem"))
            let judge = try CertificateJudge(authorityPEM: Array(ca), revokedPEM: Array(list))
            let pem = try Data(contentsOf: out.appendingPathComponent("a.pem"))
            let certificate = try DeviceCertificate(pem: Array(pem))
            #expect(certificate.publicKey == file)
            #expect(throws: CertificateFault.self) { try judge.judge(certificate.der, at: now) }
        }
    }

    @Test("a damaged folder is told, with what to do")
    func damaged() throws {
        try withTemporaryFolder { parent in
            let (authority, folder) = try authority(in: parent)
            for (file, text) in [
                ("issued.json", "{"), ("issued.json", "{\"format\":2}"),
                ("issued.json", "{\"format\":1,\"issued\":[{\"serial\":\"1\"}]}"), ("ca.key", "x"),
            ] {
                let place = folder.appendingPathComponent(file)
                let good = try Data(contentsOf: place)
                try Data(text.utf8).write(to: place)
                #expect(
                    status { _ = try authority.issue(to: .device("a"), days: 10, at: now) } != nil)
                #expect(status { _ = try authority.revoke("a", at: now) } != nil)
                try good.write(to: place)
            }
            #expect(
                !FileManager.default.fileExists(atPath: folder.appendingPathComponent("a.pem").path)
            )
            try FileManager.default.removeItem(at: folder.appendingPathComponent("ca.key"))
            #expect(
                status { _ = try authority.issue(to: .device("a"), days: 10, at: now) }
                    == .environment)
            #expect(status { _ = try AuthorityFolder(parent.path + "/none") } == .environment)
        }
    }
}
