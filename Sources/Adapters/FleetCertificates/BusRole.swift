internal import FleetModel

/// What a certificate of the fleet is for: the organizational unit of its subject. The broker takes
/// the common name for the user's name, so the names of different roles must never meet: ids of
/// devices have no `@`.
package enum BusRole: String, Equatable, Sendable, CaseIterable {
    case device, aggregator, `operator`, broker

    /// The longest common name of X.509.
    static let commonNameBytes = 64
    /// So that `aggregator@` and the fleet's name fit.
    package static let fleetNameBytes = 53

    /// The common name of `name` in this role: a device's id, an operator's name, a broker's host;
    /// an aggregator has none of its own.
    package func commonName(_ name: String, fleet: String) throws(CertificateFault) -> String {
        let text: String
        switch self {
        case .device:
            guard DeviceID(name) != nil else {
                throw CertificateFault(
                    .badName, "\(quoted(name)) is not a device id: \(DeviceID.rule)")
            }
            text = name
        case .aggregator: text = "aggregator@\(fleet)"
        case .operator:
            guard isName(name) else {
                throw CertificateFault(
                    .badName, "\(quoted(name)) is not an operator's name: \(DeviceID.rule)")
            }
            text = "\(name)@operators"
        case .broker:
            guard HostName(name) != nil else {
                throw CertificateFault(
                    .badName, "\(quoted(name)) is neither a host's name nor an address")
            }
            text = name
        }
        guard text.utf8.count <= Self.commonNameBytes else {
            throw CertificateFault(
                .badName,
                "the name \(quoted(text)) has more than \(Self.commonNameBytes) bytes, which no certificate may bear"
            )
        }
        return text
    }

    /// Whether a certificate of this role may bear this common name.
    func admits(commonName: String) -> Bool {
        switch self {
        case .device: DeviceID(commonName) != nil
        case .aggregator: Self.part(of: commonName, before: nil, after: "aggregator") != nil
        case .operator: Self.part(of: commonName, before: "operators", after: nil) != nil
        case .broker: HostName(commonName) != nil
        }
    }

    /// The name on the other side of the one `@`.
    private static func part(of text: String, before: String?, after: String?) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        if let after, parts[0] == after, isName(parts[1]) { return parts[1] }
        if let before, parts[1] == before, isName(parts[0]) { return parts[0] }
        return nil
    }

    /// What its holder may do in TLS.
    var extendedKeyUsage: String { self == .broker ? "serverAuth" : "clientAuth" }
}

/// What a broker is called by those who connect to it: a name in DNS, or an address.
package struct HostName: Equatable, Sendable {
    package let text: String
    package let isAddress: Bool

    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 253 else { return nil }
        self.text = text
        let isNumeric = bytes.allSatisfy { Self.isDigit($0) || $0 == UInt8(ascii: ".") }
        if bytes.contains(UInt8(ascii: ":")) {
            // libcrypto reads it closer.
            isAddress = true
            let isHexadecimal = bytes.allSatisfy {
                Self.isDigit($0) || (0x61...0x66).contains($0 | 0x20) || $0 == 0x3a || $0 == 0x2e
            }
            if !isHexadecimal { return nil }
        } else if isNumeric {
            isAddress = true
            let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard parts.count == 4, parts.allSatisfy(Self.isByte) else { return nil }
        } else {
            isAddress = false
            let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard labels.allSatisfy(Self.isLabel) else { return nil }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isByte(_ part: ArraySlice<UInt8>) -> Bool {
        UInt8(String(decoding: part, as: UTF8.self)) != nil
            && (part.count == 1 || part.first != 0x30)
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        (1...63).contains(label.count) && label.first != 0x2d && label.last != 0x2d
            && label.allSatisfy { isDigit($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x2d }
    }

    /// As OpenSSL's subjectAltName writes it.
    var alternativeName: String { (isAddress ? "IP:" : "DNS:") + text }
}
