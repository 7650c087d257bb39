internal import Documents
package import FleetModel
internal import Foundation
package import ReleaseTrust
internal import YAMLDocument

extension FleetRepository {
    /// The anchor that makes a device trust `release` and what follows it. What the release says
    /// about itself is believed here; `ChainAudit` judges it.
    package func anchor(at release: Revision) throws(OperatorError) -> TrustAnchor {
        guard let raw = try commit(release), let files = try trustFiles(of: release) else {
            throw OperatorError(
                .environment, "\(release.short) is not in this repository", fix: "Fetch it first.")
        }
        let channel: ChannelName
        do throws(MalformedInput) {
            let commit = try ReleaseCommit(raw)
            guard let named = try ReleaseTrailers(message: commit.message).channel else {
                throw MalformedInput("has no `Flotilla-Channel` trailer, so it is no release")
            }
            channel = named
        } catch {
            throw OperatorError(
                .refused, "the commit \(release.short) \(error.message)",
                fix: "Name a release: a commit that `flotilla publish` made.")
        }
        return TrustAnchor(
            channel: channel, release: release, allowedSigners: try signers(of: files))
    }

    private func signers(of files: TrustFiles) throws(OperatorError) -> AllowedSigners {
        let path = TrustFiles.allowedSignersPath
        do throws(InvalidDocument) {
            switch files.allowedSigners {
            case .missing:
                throw InvalidDocument(
                    Diagnostic(file: path, message: "the file is missing", fix: "Put it back."))
            case .broken(let invalid): throw invalid
            case .read(let text): return try AllowedSigners(text: text, file: path)
            }
        } catch {
            throw OperatorError(error, "\(path) can't be used", fix: "Correct it.")
        }
    }
}

extension TrustAnchor {
    /// Reads an anchor file.
    package init(file: String) throws(OperatorError) {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw OperatorError(
                .environment, "there is no anchor \(file) that can be read",
                fix: "Print one with `flotilla anchor`.")
        }
        do throws(InvalidDocument) {
            self = try TrustAnchor(YAML.parse(Array(bytes), file: file), file: file)
        } catch {
            throw OperatorError(
                error, "the anchor \(file) can't be used",
                fix: "Print a new one with `flotilla anchor`.")
        }
    }
}
