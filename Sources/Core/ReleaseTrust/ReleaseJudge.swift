internal import Documents
internal import FleetModel

/// Judges one release by the keys and rules of the release before it.
struct ReleaseJudge {
    /// What a release's signature covers, once it is known to be good.
    struct Signed {
        let commit: ReleaseCommit
        let trailers: ReleaseTrailers
        let signer: AllowedSigner
    }

    /// The one that Git signs commits with.
    static let namespace = "git"
    /// How far a committer's clock may be ahead.
    static let clockTolerance = Duration.seconds(86_400)

    let release: Revision
    let channel: ChannelName

    func refusal(_ code: TrustRefusal.Code, _ message: String, fix: String) -> TrustRefusal {
        TrustRefusal(code, release, message, fix: fix)
    }

    /// Reads the commit and what it says about itself, which nobody has vouched for yet.
    func read(_ raw: [UInt8]) throws(TrustRefusal) -> (ReleaseCommit, ReleaseTrailers) {
        let commit: ReleaseCommit
        let trailers: ReleaseTrailers
        do throws(MalformedInput) {
            commit = try ReleaseCommit(raw)
            trailers = try ReleaseTrailers(message: commit.message)
        } catch {
            throw refusal(
                .malformedCommit, "the commit \(error.message)", fix: "Publish it again.")
        }
        guard let named = trailers.channel else {
            throw refusal(
                .wrongChannel,
                "it is no release: its last paragraph has no `Flotilla-Channel: \(channel)`",
                fix: "Make releases with `flotilla publish`.")
        }
        guard named == channel else {
            throw refusal(
                .wrongChannel, "it is a release of `\(named)`, not of `\(channel)`",
                fix: "Publish it to `\(channel)`, or let the device follow `\(named)`.")
        }
        return (commit, trailers)
    }

    func verify(
        _ raw: [UInt8], after head: TrustHead, knownTime: Instant, checking: some SignatureChecking
    ) throws(TrustRefusal) -> Signed {
        let commit: ReleaseCommit
        do throws(MalformedInput) {
            commit = try ReleaseCommit(raw)
        } catch {
            throw refusal(
                .malformedCommit, "the commit \(error.message)", fix: "Publish it again.")
        }
        // The signature first: what the commit says counts only when somebody vouches for it.
        let signer = try verifySigner(of: commit, by: head, checking: checking)
        let (_, trailers) = try read(raw)
        try checkPlace(commit, trailers, after: head)
        try checkTime(commit, after: head, knownTime: knownTime)
        return Signed(commit: commit, trailers: trailers, signer: signer)
    }

    /// The head that the release becomes.
    func successor(
        of head: TrustHead, _ signed: Signed, _ files: TrustFiles
    ) throws(TrustRefusal) -> (TrustHead, AcceptedRelease) {
        let signers = try allowedSigners(of: files, unlessSameAs: head.allowedSigners)
        let policy = try policy(of: files)
        let changesTrust = signers.text != head.allowedSigners.text || policy != head.policy
        if changesTrust { try checkNobodyIsLockedOut(signed, signers, policy) }
        return (
            TrustHead(
                channel: channel, release: release, committed: signed.commit.committed,
                allowedSigners: signers, policy: policy),
            AcceptedRelease(
                release: release, previous: head.release, commit: signed.commit,
                trailers: signed.trailers, signer: signed.signer, changesTrust: changesTrust)
        )
    }
}

// MARK: - The rules, one by one

extension ReleaseJudge {
    private func verifySigner(
        of commit: ReleaseCommit, by head: TrustHead, checking: some SignatureChecking
    ) throws(TrustRefusal) -> AllowedSigner {
        let signingFix =
            "Sign it with `flotilla publish`, or with `git commit -S` and gpg.format ssh."
        guard let armored = commit.signature else {
            throw refusal(.unsigned, "nobody signed it", fix: signingFix)
        }
        guard armored.starts(with: "-----BEGIN SSH SIGNATURE-----".utf8) else {
            throw refusal(.unsigned, "its signature is not an SSH signature", fix: signingFix)
        }
        let signature: SSHSignature
        do throws(MalformedInput) {
            signature = try SSHSignature(armored: armored)
        } catch {
            throw refusal(
                .tampered, "its signature can't be read: it \(error.message)", fix: signingFix)
        }
        do throws(SignatureFault) {
            return try head.allowedSigners.verify(
                signature, over: commit.payload, namespace: Self.namespace, at: commit.committed,
                checking: checking)
        } catch {
            throw refusal(for: error, signature, commit, head)
        }
    }

    private func refusal(
        for fault: SignatureFault, _ signature: SSHSignature, _ commit: ReleaseCommit,
        _ head: TrustHead
    ) -> TrustRefusal {
        let file = TrustFiles.allowedSignersPath
        let key = "the key \(signature.key.fingerprint)"
        switch fault {
        case .madeForOtherNamespace(let namespace):
            return refusal(
                .wrongNamespace,
                "its signature was made for `\(namespace.prefix(80))`, not for `\(Self.namespace)`",
                fix: "Sign the commit with Git.")
        case .unknownKey:
            return refusal(
                .unknownSigner,
                "\(key) signed it, and \(file) of release \(head.release.short) does not name it",
                fix: "Let somebody whose key is named there publish it, or add the key by a "
                    + "release of its own first.")
        case .unsupportedKey(let signer):
            return refusal(
                .unsupportedKey,
                "\(key) of `\(signer.principal)` is of the kind \(signer.key.kind.rawValue), which "
                    + "this version can't verify",
                fix: "Sign with an ed25519 key: `ssh-keygen -t ed25519`.")
        case .namespaceNotAdmitted(let signer):
            return refusal(
                .wrongNamespace,
                "\(key) of `\(signer.principal)` may not sign Git commits (\(file), line "
                    + "\(signer.line))",
                fix: "Add `git` to the namespaces of that line, or sign with another key.")
        case .doesNotMatch(let signer):
            return refusal(
                .tampered,
                "its signature by `\(signer.principal)` is not over this commit: somebody changed "
                    + "one of the two",
                fix: "Do not use it. Find out where it was changed, and publish again.")
        case .notValidAtThatTime(let signer):
            return refusal(
                .keyNotValidAtThatTime,
                "\(key) of `\(signer.principal)` was not valid at \(commit.committed) (\(file), "
                    + "line \(signer.line))",
                fix: "Sign with a key that is valid, or renew the line by a release of its own.")
        }
    }

    private func checkPlace(
        _ commit: ReleaseCommit, _ trailers: ReleaseTrailers, after head: TrustHead
    ) throws(TrustRefusal) {
        guard commit.parents.count <= 1 else {
            throw refusal(
                .merge, "it is a merge of \(commit.parents.count) commits",
                fix: "Publish the merge's result with `flotilla publish`; its one parent is the "
                    + "release before it.")
        }
        guard commit.parents.isEmpty || trailers.continues == nil else {
            throw refusal(
                .malformedCommit, "it has a parent, and also says `Flotilla-Continues`",
                fix: "Keep one of the two.")
        }
        guard commit.parents.first ?? trailers.continues == head.release else {
            throw TrustRefusal.notOnChain(release, floor: head.release)
        }
    }

    private func checkTime(
        _ commit: ReleaseCommit, after head: TrustHead, knownTime: Instant
    ) throws(TrustRefusal) {
        guard commit.committed >= head.committed else {
            throw refusal(
                .badTime,
                "it says \(commit.committed), which is before its predecessor's \(head.committed)",
                fix: "Correct the clock of the machine that published it, and publish again.")
        }
        // A good release before this one tells time as well.
        let latest = max(knownTime, head.committed) + Self.clockTolerance
        guard commit.committed <= latest else {
            throw refusal(
                .badTime, "it says \(commit.committed), more than 24 hours ahead of \(knownTime)",
                fix: "Correct the clock that is wrong: here, or where it was published.")
        }
    }

    private func checkNobodyIsLockedOut(
        _ signed: Signed, _ signers: AllowedSigners, _ policy: TrustPolicy
    ) throws(TrustRefusal) {
        let people = signers.people(namespace: Self.namespace, at: signed.commit.committed)
        guard people.count >= policy.mostPeople else {
            throw refusal(
                .lockout,
                "it leaves \(people.count) people who can sign a release, and its rules need "
                    + "\(policy.mostPeople)",
                fix: "Keep enough valid ed25519 keys that admit `git` in "
                    + "\(TrustFiles.allowedSignersPath).")
        }
        // A change of trust must satisfy the rules that it brings, too.
        guard let signer = signers.signer(with: signed.signer.key),
            signer.admits(namespace: Self.namespace),
            signer.isValid(at: signed.commit.committed)
        else {
            throw refusal(
                .lockout,
                "it takes the right to sign from its own signer, `\(signed.signer.principal)`",
                fix: "First publish the new key, then remove the old one with a release that the "
                    + "new key signs.")
        }
    }
}

// MARK: - The files below trust/

extension ReleaseJudge {
    private func allowedSigners(
        of files: TrustFiles, unlessSameAs known: AllowedSigners
    ) throws(TrustRefusal) -> AllowedSigners {
        let path = TrustFiles.allowedSignersPath
        switch files.allowedSigners {
        case .missing:
            throw refusal(.brokenTrustFile, "it has no \(path)", fix: "Put the file back.")
        case .broken(let fault): throw broken(fault)
        case .read(let text):
            if text == known.text { return known }
            do throws(InvalidDocument) {
                return try AllowedSigners(text: text, file: path)
            } catch {
                throw broken(error)
            }
        }
    }

    /// A release without the file asks for one person.
    func policy(of files: TrustFiles) throws(TrustRefusal) -> TrustPolicy {
        let policy: TrustPolicy
        switch files.policy {
        case .missing: policy = .onePerson
        case .broken(let fault): throw broken(fault)
        case .read(let node):
            do throws(InvalidDocument) {
                policy = try TrustPolicy(node, file: TrustFiles.policyPath)
            } catch {
                throw broken(error)
            }
        }
        guard policy.isSupported else {
            throw refusal(
                .policyUnsupported,
                "\(TrustFiles.policyPath) wants \(policy.mostPeople) people to agree, and this "
                    + "version counts one: the signer of the commit",
                fix: "Set every number of approvals to 1, or install a version that counts "
                    + "approvals.")
        }
        return policy
    }

    private func broken(_ fault: InvalidDocument) -> TrustRefusal {
        let first = fault.diagnostics.first
        return refusal(
            .brokenTrustFile,
            first.map { "\($0.place): \($0.message)" } ?? "a trust file is broken",
            fix: first?.fix ?? "Correct the file.")
    }
}
