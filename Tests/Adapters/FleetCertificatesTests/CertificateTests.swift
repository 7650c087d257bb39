import FleetCertificates
import FleetModel
import Foundation
import ReleaseTrust
import Signatures
import TestSupport
import Testing

/// The real `openssl` is asked about each certificate, besides our own judge.
@Suite struct CertificateTests {
    /// openssl judges by the clock.
    private let now = Instant(seconds: Int64(Date().timeIntervalSince1970))

    private func authority(_ fleet: String = "harbour") throws -> CertificateAuthority {
        try CertificateAuthority.create(fleet: fleet, days: 3_650, at: now)
    }

    private func code(_ body: () throws -> Void) -> CertificateFault.Code? {
        do {
            try body()
            return nil
        } catch let fault as CertificateFault {
            return fault.code
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    private func write(_ bytes: [UInt8], _ name: String, in folder: URL) throws -> String {
        let file = folder.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file.path
    }

    @Test("openssl verifies what the authority issues for each role, and says what we say of it")
    func issues() throws {
        try withTemporaryFolder { folder in
            let authority = try authority()
            let ca = try write(authority.certificatePEM, "ca.pem", in: folder)
            let list = try authority.revocationList([], number: 1, at: now)
            let crl = try write(list, "ca.crl", in: folder)
            let judge = try CertificateJudge(
                authorityPEM: authority.certificatePEM, revokedPEM: list)
            let requests: [(CertificateAuthority.Request, String, String)] = [
                (.init(role: .device, name: "gateway-1"), "gateway-1", "sslclient"),
                (.init(role: .aggregator), "aggregator@harbour", "sslclient"),
                (.init(role: .operator, name: "alice"), "alice@operators", "sslclient"),
                (
                    .init(role: .broker, hosts: ["broker.example", "127.0.0.1", "::1"]),
                    "broker.example", "sslserver"
                ),
            ]
            for (request, commonName, purpose) in requests {
                let issued = try authority.issue(request, at: now)
                let file = try write(issued.certificatePEM, "one.pem", in: folder)
                try run(
                    "openssl",
                    [
                        "verify", "-x509_strict", "-crl_check", "-CAfile", ca, "-CRLfile", crl,
                        "-purpose", purpose, file,
                    ])
                let certificate = try judge.judge(issued.certificate.der, at: now)
                #expect(certificate == issued.certificate)
                #expect(certificate.commonName == commonName && certificate.role == request.role)
                #expect(certificate.fleet == "harbour")
                #expect(certificate.publicKey == issued.key?.publicKey)
                #expect(try DeviceCertificate(pem: issued.certificatePEM) == certificate)
                let shown = String(
                    decoding: try run(
                        "openssl", ["x509", "-in", file, "-noout", "-serial", "-subject"]),
                    as: UTF8.self)
                #expect(shown.lowercased().contains("serial=\(certificate.serial)"))
                #expect(
                    shown.contains("O = harbour, OU = \(request.role.rawValue), CN = \(commonName)")
                )
            }
        }
    }

    @Test("a broker's certificate names its hosts and addresses, and the key fits")
    func broker() throws {
        try withTemporaryFolder { folder in
            let issued = try authority().issue(
                .init(role: .broker, hosts: ["broker.example", "10.0.0.7"]), at: now)
            let file = try write(issued.certificatePEM, "one.pem", in: folder)
            for check in [["-checkhost", "broker.example"], ["-checkip", "10.0.0.7"]] {
                let text = try run("openssl", ["x509", "-in", file, "-noout"] + check)
                #expect(String(decoding: text, as: UTF8.self).contains("does match"))
            }
            let key = try #require(issued.key)
            let keyFile = try write(key.pem, "one.key", in: folder)
            #expect(
                try run("openssl", ["x509", "-in", file, "-noout", "-pubkey"])
                    == run("openssl", ["pkey", "-in", keyFile, "-pubout"]))
        }
    }

    @Test("a revoked certificate is refused, by openssl and by us, and no other")
    func revoked() throws {
        try withTemporaryFolder { folder in
            let authority = try authority()
            let ca = try write(authority.certificatePEM, "ca.pem", in: folder)
            let good = try authority.issue(.init(role: .device, name: "good"), at: now)
            let bad = try authority.issue(.init(role: .device, name: "bad"), at: now)
            let list = try authority.revocationList(
                [Revocation(serial: bad.certificate.serial, at: now)], number: 2, at: now)
            let crl = try write(list, "ca.crl", in: folder)
            let judge = try CertificateJudge(
                authorityPEM: authority.certificatePEM, revokedPEM: list)
            for (issued, isGood) in [(good, true), (bad, false)] {
                let file = try write(issued.certificatePEM, "one.pem", in: folder)
                let result = try runChild(
                    ["openssl", "verify", "-crl_check", "-CAfile", ca, "-CRLfile", crl, file],
                    in: folder)
                #expect((result.status == 0) == isGood)
                let code = code { _ = try judge.judge(issued.certificate.der, at: now) }
                #expect(code == (isGood ? nil : .revoked))
            }
            #expect(
                code {
                    _ = try authority.revocationList(
                        [.init(serial: "zz", at: now)], number: 3, at: now)
                }
                    == .malformed)
        }
    }

    @Test("a certificate is judged at the time that is given, and never by the clock")
    func times() throws {
        let authority = try authority()
        let issued = try authority.issue(.init(role: .device, name: "a", days: 10), at: now)
        let judge = try CertificateJudge(authorityPEM: authority.certificatePEM, revokedPEM: nil)
        let der = issued.certificate.der
        func code(_ offset: Int64) -> CertificateFault.Code? {
            self.code { _ = try judge.judge(der, at: now + .seconds(offset)) }
        }
        #expect(code(0) == nil)
        #expect(code(9 * 86_400) == nil)
        #expect(code(11 * 86_400) == .expired)
        #expect(code(-86_000) == nil)
        #expect(code(-90_000) == .notYetValid)
        // 2038 is only a number.
        let late = try CertificateAuthority.create(
            fleet: "f", days: 3_650, at: Instant(seconds: 2_300_000_000))
        #expect(late.notAfter == Instant(seconds: 2_300_000_000 + 3_650 * 86_400))
    }

    @Test("another authority's, a self-made and an authority's certificate are refused")
    func strangers() throws {
        let authority = try authority()
        let other = try self.authority()
        let judge = try CertificateJudge(authorityPEM: authority.certificatePEM, revokedPEM: nil)
        let foreign = try other.issue(.init(role: .device, name: "a"), at: now)
        #expect(code { _ = try judge.judge(foreign.certificate.der, at: now) } == .untrusted)
        // During a change both count.
        let both = try CertificateJudge(
            authorityPEM: authority.certificatePEM + other.certificatePEM, revokedPEM: nil)
        #expect(code { _ = try both.judge(foreign.certificate.der, at: now) } == nil)
        let own = try authority.issue(.init(role: .device, name: "a"), at: now)
        #expect(
            code { _ = try judge.judge(own.certificate.der, as: .aggregator, at: now) }
                == .wrongRole)
        #expect(code { _ = try DeviceCertificate(pem: authority.certificatePEM) } == .wrongRole)
        // A device's certificate makes no authority.
        #expect(
            code { _ = try CertificateJudge(authorityPEM: own.certificatePEM, revokedPEM: nil) }
                == .malformed)
        let key = try #require(own.key)
        #expect(
            code {
                _ = try CertificateAuthority(
                    certificatePEM: authority.certificatePEM, keyPEM: key.pem)
            } == .malformed)
    }

    @Test("names that could meet another role's, or mean something to a broker, are refused")
    func names() throws {
        let authority = try authority()
        func code(_ role: BusRole, _ name: String, hosts: [String] = []) -> CertificateFault.Code? {
            self.code {
                _ = try authority.issue(.init(role: role, name: name, hosts: hosts), at: now)
            }
        }
        for name in [
            "", "a/b", "a+b", "#", "aggregator@harbour", "A", "-a", "a b", "ü", "a\nb", "a,CN=b",
            String(repeating: "a", count: 64),
        ] {
            #expect(code(.device, name) == .badName, "\(name)")
            #expect(code(.operator, name) == .badName, "\(name)")
        }
        #expect(code(.operator, String(repeating: "a", count: 55)) == .badName)
        #expect(code(.operator, String(repeating: "a", count: 54)) == nil)
        #expect(code(.device, String(repeating: "a", count: 63)) == nil)
        for host in [
            "", "*.example", "a b", "a,DNS:b", "a/b", "256.1.1.1", "1.2.3", "01.2.3.4", "::g",
            "-a.example", "a..b", "email:x", "::1::",
        ] {
            #expect(code(.broker, "", hosts: [host]) == .badName, "\(host)")
        }
        #expect(code(.broker, "", hosts: []) == .badName)
        #expect(
            self.code { _ = try self.authority(String(repeating: "f", count: 54)) } == .badName)
        #expect(self.code { _ = try self.authority("a/b") } == .badName)
    }

    @Test("a certificate for a key that was made elsewhere is issued without one")
    func foreignKey() throws {
        let key = SigningKey.generate()
        let issued = try authority().issue(
            .init(role: .device, name: "a", publicKey: key.publicKey), at: now)
        #expect(issued.key == nil && issued.certificate.publicKey == key.publicKey)
    }

    @Test("an authority is opened again from its files, and goes on")
    func reopened() throws {
        let first = try authority()
        let again = try CertificateAuthority(
            certificatePEM: first.certificatePEM, keyPEM: first.keyPEM)
        #expect(again.fleet == "harbour")
        let issued = try again.issue(.init(role: .device, name: "a"), at: now)
        let judge = try CertificateJudge(authorityPEM: first.certificatePEM, revokedPEM: nil)
        #expect(code { _ = try judge.judge(issued.certificate.der, at: now) } == nil)
    }

    @Test("damaged certificates and lists give an error, and never a crash")
    func damaged() throws {
        let authority = try authority()
        let issued = try authority.issue(.init(role: .device, name: "a"), at: now)
        let list = try authority.revocationList([], number: 1, at: now)
        let judge = try CertificateJudge(authorityPEM: authority.certificatePEM, revokedPEM: list)
        var generator = SeededGenerator(seed: 47)
        let der = issued.certificate.der
        for _ in 0..<2_000 {
            let bytes = mutated(der, using: &generator)
            let isBelieved = (try? judge.judge(bytes, at: now)) != nil
            #expect(!isBelieved || bytes == der)
            _ = try? DeviceCertificate(der: bytes)
        }
        for end in 0..<der.count {
            #expect((try? judge.judge(Array(der[..<end]), at: now)) == nil)
        }
        #expect(code { _ = try judge.judge(der + [0], at: now) } == .malformed)
        #expect(
            code { _ = try judge.judge([UInt8](repeating: 0x30, count: 100_000), at: now) }
                == .malformed)
        for _ in 0..<200 {
            let bytes = mutated(list, using: &generator)
            _ = try? CertificateJudge(authorityPEM: authority.certificatePEM, revokedPEM: bytes)
        }
    }
}
