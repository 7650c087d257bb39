internal import Documents
package import FleetModel
package import GitStore
internal import ReleaseTrust
internal import Resolution
internal import YAMLDocument

/// The operator's clone of a fleet repository. Git writes to it, and only Git; objects are read
/// from its object store.
package struct FleetRepository {
    let git: Git
    private let store: ObjectStore

    /// `folder` is the clone or any folder inside it.
    package init(at folder: String) async throws(OperatorError) {
        git = Git(folder: folder)
        let output = try await git.attempt(
            ["rev-parse", "--path-format=absolute", "--git-common-dir"])
        guard output.isSuccess else {
            throw OperatorError(
                .environment, "\(folder) is not in a Git repository",
                fix: "Go to your clone, or begin a fleet with `flotilla init DIR`.")
        }
        do throws(GitError) {
            store = try ObjectStore(readingRepositoryAt: output.text)
        } catch {
            throw OperatorError(error)
        }
    }

    /// The commit that a name means: a branch, a tag, an id.
    package func revision(_ name: String) async throws(OperatorError) -> Revision {
        let output = try await git.attempt(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", "\(name)^{commit}"])
        guard output.isSuccess, let revision = Revision(output.text) else {
            throw OperatorError(
                .environment, "there is no commit `\(name)` in this repository",
                fix: "Name a branch or a commit that `git log --all` shows, or fetch it first.")
        }
        return revision
    }

    /// The tip of a channel; nil where nothing was ever published to it.
    package func tip(ofChannel channel: String) async throws(OperatorError) -> Revision? {
        let output = try await git.attempt(
            ["rev-parse", "--verify", "--quiet", "refs/heads/\(channel)"])
        return output.isSuccess ? Revision(output.text) : nil
    }

    func commit(_ revision: Revision) throws(OperatorError) -> [UInt8]? {
        do throws(GitError) {
            return try store.commit(revision)
        } catch {
            throw OperatorError(error)
        }
    }

    package func tree(of revision: Revision) throws(OperatorError) -> GitRevisionTree {
        do throws(GitError) {
            return try store.tree(of: revision)
        } catch {
            throw OperatorError(error)
        }
    }

    func trustFiles(of revision: Revision) throws(OperatorError) -> TrustFiles? {
        let tree = try tree(of: revision)
        do throws(RevisionTreeError) {
            return try TrustFiles(from: tree, parse: YAML.parse)
        } catch {
            throw OperatorError(error)
        }
    }

    /// The name that `fleet.yaml` gives the fleet.
    func fleetName(of revision: Revision) throws(OperatorError) -> String {
        let file = FleetLayout.fleetFile
        let tree = try tree(of: revision)
        let bytes: [UInt8]?
        do throws(RevisionTreeError) {
            bytes = try tree.contents(of: file, limit: Limits.yamlBytes)
        } catch {
            throw OperatorError(error)
        }
        guard let bytes else {
            throw OperatorError(
                .refused, "\(revision.short) has no \(file), so it is no fleet repository",
                fix: "Begin a fleet with `flotilla init DIR`, or write \(file).")
        }
        do throws(InvalidDocument) {
            let reading = FleetManifest.read(try YAML.parse(bytes, file: file), file: file)
            if let name = reading.manifest?.name { return name }
            throw InvalidDocument(reading.diagnostics)
        } catch {
            throw OperatorError(error, "\(file) can't be used", fix: "Correct it.")
        }
    }
}

extension OperatorError {
    package init(_ error: GitError) {
        self.init(
            .environment, error.description,
            fix: "Check the repository with `git fsck`, and fetch again.")
    }

    package init(_ error: RevisionTreeError) {
        self.init(
            .environment, error.description,
            fix: "Check the repository with `git fsck`, and fetch again.")
    }
}
