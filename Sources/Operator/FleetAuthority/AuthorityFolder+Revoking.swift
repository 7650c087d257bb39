internal import FleetCertificates
package import FleetModel
package import FleetTools

extension AuthorityFolder {
    /// Revokes all certificates with a name, or the one with a serial, and writes the list anew. To
    /// say it twice does no harm.
    package func revoke(
        _ text: String, at now: Instant
    ) throws(OperatorError) -> RevocationReport {
        let lock = try lock()
        let authority = try authority()
        var record = try record()
        let chosen = try chosen(by: text, in: record)
        for index in chosen where record.entries[index].revoked == nil {
            record.entries[index].revoked = now
        }
        record.listNumber += 1
        let list = try Self.made { () throws(CertificateFault) in
            try authority.revocationList(record.revocations, number: record.listNumber, at: now)
        }
        // Where the list is lost to a crash, saying it again writes it.
        try write(record)
        try write(Self.list, list, mode: 0o644)
        lock.release()
        return RevocationReport(
            revoked: chosen.map { record.entries[$0] }, listPath: path + Self.list,
            count: record.revocations.count)
    }

    private func chosen(
        by text: String, in record: IssueRecord
    ) throws(OperatorError) -> [Int] {
        let entries = record.entries
        let serial = text.lowercased()
        if let index = entries.firstIndex(where: { $0.serial == serial }) { return [index] }
        let exact = entries.indices.filter { entries[$0].commonName == text }
        if !exact.isEmpty { return exact }
        let short = entries.indices.filter {
            entries[$0].commonName == "\(text)@operators"
                || (text == "aggregator" && entries[$0].role == .aggregator)
        }
        guard !short.isEmpty else {
            throw OperatorError(
                .refused, "no certificate was issued to `\(text)`",
                fix: "Look for its name or its serial in \(path)\(Self.record).")
        }
        return short
    }
}
