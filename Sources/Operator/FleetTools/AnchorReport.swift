package import Documents
package import FleetModel
package import ReleaseTrust

/// The anchor file for a device's installer.
package struct AnchorReport: Report {
    package let anchor: TrustAnchor

    /// Of a release that is good as far as its own chain can tell.
    package init(
        _ repository: FleetRepository, release: Revision, now: Instant
    ) throws(OperatorError) {
        let audit = try ChainAudit(repository, to: release, now: now)
        if let refusal = audit.refusal { throw OperatorError(refusal) }
        anchor = try repository.anchor(at: release)
    }

    package var status: ExitStatus { .success }
    package var json: JSONValue { anchor.json }
    /// Exactly the file, so that `flotilla anchor > anchor` writes it.
    package func lines(on terminal: Terminal) -> [String] { [anchor.json.pretty] }
}
