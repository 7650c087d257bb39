internal import Documents
internal import FleetModel
internal import HostSystem
internal import ReleaseTrust
internal import Resolution
internal import Signatures

/// Makes a release from the work: one commit on the channel's branch whose files are those of the
/// work, whose parent is the release before it, and which the operator signs. So devices never
/// download the work's history, and teams work on any branch and with any forge.
///
/// The branch moves only after the release was judged by the same code that devices run.
package struct Publisher {
    private let repository: FleetRepository
    private let request: PublicationRequest

    package init(_ repository: FleetRepository, _ request: PublicationRequest) {
        self.repository = repository
        self.request = request
    }

    package func publish() async throws(OperatorError) -> Publication {
        let source = try await repository.revision(request.source)
        guard
            let channel = ChannelName(
                fleet: try repository.fleetName(of: source), channel: request.channel)
        else {
            throw OperatorError(
                .usage, "`\(request.channel)` is not a channel's name", fix: "Use \(DeviceID.rule)."
            )
        }
        let previous = try await repository.tip(ofChannel: request.channel)
        try checkBeginning(channel, previous)
        try await checkBranchIsNotCheckedOut(channel)
        try checkFiles(of: source)
        if let previous { try checkChain(channel, to: previous) }
        let changes = try await changes(from: previous, to: source)
        let subject = try await subject(of: source)
        let isDirty = try await repository.git.run(["status", "--porcelain"]).isEmpty == false

        var release: Revision?
        var signer: String?
        if !request.isRehearsal {
            try await checkSigningConfiguration()
            let made = try await makeCommit(channel, source, previous, subject)
            signer = try await judge(made, channel, previous)
            try await moveBranch(channel, from: previous, to: made)
            release = made
        }
        return Publication(
            channel: channel, source: source, previous: previous, release: release,
            subject: subject, signer: signer, changes: changes,
            leavesUncommittedFiles: isDirty && request.source == "HEAD")
    }
}

// MARK: - What must hold before

extension Publisher {
    private func checkBeginning(
        _ channel: ChannelName, _ previous: Revision?
    ) throws(OperatorError) {
        if previous == nil, !request.startsChannel {
            throw OperatorError(
                .refused, "nothing was ever published to the channel `\(channel.channel)`",
                fix: "If it is spelt right, begin it with --new-channel; else fetch its branch: "
                    + "`git fetch origin \(channel.channel):\(channel.channel)`.")
        }
        if previous != nil, request.startsChannel {
            throw OperatorError(
                .refused, "the channel `\(channel.channel)` exists already",
                fix: "Leave --new-channel out.")
        }
    }

    /// Git would go on with an index that does not belong to the moved branch.
    private func checkBranchIsNotCheckedOut(_ channel: ChannelName) async throws(OperatorError) {
        let branch = "branch refs/heads/\(channel.channel)"
        let worktrees = try await repository.git.run(["worktree", "list", "--porcelain"])
        guard !worktrees.split(separator: "\n").contains(where: { $0 == branch }) else {
            throw OperatorError(
                .refused, "the channel's branch `\(channel.channel)` is checked out",
                fix: "Work on another branch (`git switch -c draft`) and publish from it. Or sign "
                    + "the release yourself: `git commit -S` with `Flotilla-Channel: \(channel)` "
                    + "as the last paragraph, then `flotilla verify`.")
        }
    }

    private func checkFiles(of source: Revision) throws(OperatorError) {
        let lint = try FleetLint(repository.tree(of: source), subject: source.short)
        guard !lint.report.hasErrors else {
            throw OperatorError(
                InvalidDocument(lint.report.diagnostics(.error)),
                "\(source.short) has faults, so no device could use it",
                fix: "Correct them; `flotilla lint --revision \(source.short)` shows them again.")
        }
    }

    /// On a broken chain no device would ever see the new release.
    private func checkChain(_ channel: ChannelName, to tip: Revision) throws(OperatorError) {
        let audit = try ChainAudit(repository, to: tip, now: Clocks.wall())
        if let refusal = audit.refusal {
            let good = audit.verdict.head.release.text
            throw OperatorError(
                .refused,
                "the channel is broken: release \(refusal.release.short) is refused "
                    + "(\(refusal.code.rawValue)): \(refusal.message)",
                fix: "Take the branch back to its last good release and publish again: `git "
                    + "update-ref refs/heads/\(channel.channel) \(good) \(tip.text)`. "
                    + "`flotilla verify \(channel.channel)` explains it.")
        }
        guard audit.channel == channel else {
            throw OperatorError(
                .refused,
                "the branch `\(channel.channel)` carries releases of `\(audit.channel)`, and "
                    + "fleet.yaml makes this one `\(channel)`",
                fix: "Keep the fleet's name, or publish to another channel.")
        }
    }

    private func changes(
        from previous: Revision?, to source: Revision
    ) async throws(OperatorError) -> [String] {
        // The empty tree has the same id in every repository.
        let before = previous?.text ?? "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        let list = try await repository.git.run([
            "diff-tree", "-r", "--no-renames", "--name-status", before, "\(source.text)^{tree}",
        ])
        guard !list.isEmpty else {
            throw OperatorError(
                .unchanged,
                "there is nothing to publish: `\(request.channel)` has the files of "
                    + "\(source.short) already",
                fix: "Commit a change first.")
        }
        return list.split(separator: "\n").map { line in
            line.split(separator: "\t", maxSplits: 1).joined(separator: "  ")
        }
    }

    private func subject(of source: Revision) async throws(OperatorError) -> String {
        if let message = request.message?.trimmed, !message.isEmpty { return message }
        return try await repository.git.run(["log", "-1", "--format=%s", source.text])
    }

    private func checkSigningConfiguration() async throws(OperatorError) {
        let fix =
            "Tell Git your key: `git config gpg.format ssh` and `git config user.signingkey "
            + "~/.ssh/id_ed25519`."
        guard try await repository.git.setting("gpg.format") == "ssh" else {
            throw OperatorError(.environment, "Git does not sign with SSH keys here", fix: fix)
        }
        guard try await repository.git.setting("user.signingkey") != nil else {
            throw OperatorError(.environment, "Git does not know your signing key", fix: fix)
        }
    }
}

// MARK: - Making it

extension Publisher {
    private func makeCommit(
        _ channel: ChannelName, _ source: Revision, _ previous: Revision?, _ subject: String
    ) async throws(OperatorError) -> Revision {
        let message =
            "\(subject)\n\nFlotilla-Channel: \(channel)\nFlotilla-Source: \(source.text)\n"
        let parents = previous.map { ["-p", $0.text] } ?? []
        let id = try await repository.git.run(
            ["commit-tree", "-S"] + parents + ["-F", "-", "\(source.text)^{tree}"], input: message,
            fix: "Check that the key of `git config user.signingkey` is there, or that your "
                + "ssh-agent holds it.")
        guard let release = Revision(id) else {
            throw OperatorError(
                .environment, "`git commit-tree` printed no commit id but `\(id)`",
                fix: "Check which `git` is in your PATH.")
        }
        return release
    }

    /// What devices will say. Returns the signer.
    private func judge(
        _ release: Revision, _ channel: ChannelName, _ previous: Revision?
    ) async throws(OperatorError) -> String {
        let anchor = try repository.anchor(at: previous ?? release)
        let audit = try ChainAudit(repository, to: release, anchor: anchor, now: Clocks.wall())
        if let refusal = audit.refusal { throw OperatorError(refusal) }
        guard audit.verdict.headSignerStillTrusted else {
            throw OperatorError(
                .refused,
                "your key is not in \(TrustFiles.allowedSignersPath) of this release, so no device "
                    + "would take its content",
                fix: "Add your key there, or let somebody publish whose key it names.")
        }
        return try signer(of: release, by: audit.verdict.head)
    }

    private func signer(of release: Revision, by head: TrustHead) throws(OperatorError) -> String {
        guard let raw = try repository.commit(release), let commit = try? ReleaseCommit(raw),
            let armored = commit.signature, let signature = try? SSHSignature(armored: armored),
            let signer = head.allowedSigners.signer(with: signature.key)
        else { fatalError("A release that was just verified has no known signer") }
        return signer.principal
    }

    /// Compares and swaps, so that two people who publish at once do not lose a release.
    private func moveBranch(
        _ channel: ChannelName, from previous: Revision?, to release: Revision
    ) async throws(OperatorError) {
        let nothing = String(repeating: "0", count: 40)
        try await repository.git.run(
            [
                "update-ref", "-m", "flotilla publish", "refs/heads/\(channel.channel)",
                release.text, previous?.text ?? nothing,
            ],
            fix: "Somebody else moved the branch meanwhile: publish again.")
    }
}
