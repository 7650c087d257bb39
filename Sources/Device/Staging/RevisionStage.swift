internal import AgentMachine
package import DeviceRecords
internal import Digests
internal import Documents
package import FleetModel
internal import GitStore
package import HostSystem
internal import ReleaseTrust
internal import Resolution
internal import Transaction
internal import YAMLDocument

/// Takes what was fetched from "somebody served it" to "it stands ready": import, verify, resolve,
/// plan, stage, check. Runs as root and without a network, in a process of its own.
package struct RevisionStage {
    private let store: RecordStore
    private let objects: ObjectStore
    private let configuration: AgentConfiguration
    /// Done before the first validator runs.
    package var beforeValidation: () throws(SystemError) -> Void = { () throws(SystemError) in }
    /// Where `flotilla-worker` stands.
    private let worker: String

    package init(
        root: Root, configuration: AgentConfiguration, worker: String
    ) throws(StagingError) {
        self.worker = worker
        store = RecordStore(root: root)
        self.configuration = configuration
        objects = try ObjectStore.ofDevice(root)
    }

    /// - Parameters:
    ///   - applies: false only verifies, and lets the trust head move forward.
    ///   - opened: The release that an order opens here. In a fleet that rolls out in waves nothing
    ///     else is applied; in others it says nothing.
    package func run(
        tip: Revision, applies: Bool, opened: Revision? = nil
    ) throws(StagingError) -> StageReport {
        if let objection = try takeOver(sparing: tip) {
            return StageReport(
                outcome: StageOutcome(
                    verdict: .rejected(tip, code: "disk", reason: objection), refusal: nil))
        }
        let keeper = TrustKeeper(store: store, objects: objects, configuration: configuration)
        let trust = try keeper.advance(to: tip)
        let refusal = trust.refusal.map { refusal in
            StageOutcome.Refusal(
                code: refusal.code.rawValue, reason: "\(refusal.message) \(refusal.fix)",
                revision: refusal.release)
        }
        let facts = try at(.disk) { try HostFacts.read(root: store.root) }
        let chosen = try ContentChoice(
            of: trust, opened: opened, objects: objects,
            applied: try at(.record) { try store.read(Ledger.self, at: StateLayout.ledger) }?
                .revision)
        var identity: ReportedIdentity?
        let verdict = try verdict(
            on: chosen, trust, facts, applies: applies, identity: &identity)
        return StageReport(
            outcome: StageOutcome(verdict: verdict, refusal: refusal), identity: identity)
    }

    private func verdict(
        on chosen: ContentChoice, _ trust: ChainVerdict, _ facts: HostFacts, applies: Bool,
        identity: inout ReportedIdentity?
    ) throws(StagingError) -> StageOutcome.Verdict {
        let revision = chosen.release
        let ledger = try at(.record) { try store.read(Ledger.self, at: StateLayout.ledger) }
        let resolved: ResolvedDevice
        do throws(ResolutionError) {
            resolved = try resolve(revision, facts)
        } catch {
            if !applies { return .notApplied(revision) }
            return try rejection(of: revision, for: error)
        }
        identity = ReportedIdentity(labels: resolved.labels, facts: facts.reported)
        guard applies else {
            return ledger?.revision == revision ? .upToDate(revision) : .notApplied(revision)
        }
        guard resolved.fleet.name == trust.head.channel.fleet else {
            return .rejected(
                revision, code: "wrongFleet",
                reason: "fleet.yaml names the fleet \(resolved.fleet.name), and this device "
                    + "belongs to \(trust.head.channel.fleet)")
        }
        let current = try at(.record) { try knownGeneration(store.currentGeneration()) }
        let digest = resolved.state.digest
        if digest == current.digest, current.number > 0 {
            return .upToDate(try newest(than: chosen, trust, facts, with: digest))
        }
        return try verdict(
            on: resolved, with: digest, chosen, over: current, knownFailures: ledger ?? Ledger())
    }

    /// A device on which a newer release would change nothing needs no order for it: it counts as
    /// having the newest release that wants what stands here.
    private func newest(
        than chosen: ContentChoice, _ trust: ChainVerdict, _ facts: HostFacts,
        with digest: ContentDigest
    ) throws(StagingError) -> Revision {
        guard trust.head.release != chosen.release else { return chosen.release }
        do throws(ResolutionError) {
            let head = try resolve(trust.head.release, facts)
            return head.state.digest == digest ? trust.head.release : chosen.release
        } catch {
            // Whatever is wrong with the head is told when its turn has come.
            return chosen.release
        }
    }

    private func verdict(
        on resolved: ResolvedDevice, with digest: ContentDigest, _ chosen: ContentChoice,
        over current: GenerationRecord, knownFailures ledger: Ledger
    ) throws(StagingError) -> StageOutcome.Verdict {
        let revision = chosen.release
        guard chosen.isSignerTrusted else {
            return .rejected(
                revision, code: "signerRemoved",
                reason: "who signed this release has been removed from trust/allowed_signers; "
                    + "publish a new release")
        }
        if let failure = ledger.failure(of: digest) {
            return .knownBad(revision, reason: failure.reason)
        }
        guard chosen.mayBeApplied else { return .waiting(revision) }
        let problems = try at(.disk) {
            try Preflight.problems(placing: resolved.state, store: store)
        }
        guard problems.isEmpty else {
            return .rejected(revision, code: "preflight", reason: listed(problems))
        }
        return try stage(resolved, of: revision, over: current)
    }

    private func stage(
        _ resolved: ResolvedDevice, of revision: Revision, over current: GenerationRecord
    ) throws(StagingError) -> StageOutcome.Verdict {
        let contents = try DeviceContents(of: resolved, in: objects)
        let record = GenerationRecord(
            number: try at(.record) { try Generations.next(in: store) }, revision: revision,
            created: Clocks.wall(), state: contents.state)
        let move = Move(.upgrade, from: current.number, to: record.number)
        let needs = try at(.disk) {
            try SpaceNeeds.of(
                move, from: current, to: record, rendered: contents.renderedBytes, store: store)
        }
        if let objection = try objection(to: needs, sparing: revision) {
            return .rejected(revision, code: "disk", reason: objection)
        }
        try contents.keep()
        try at(.disk) {
            try Generations.make(record, in: store)
            try Stage(store: store).make(
                move, from: current, to: record, contents: contents.pour)
        }
        try at(.internalFault) { try beforeValidation() }
        if let failure = try Validation(store: store, worker: worker).run(
            on: record, over: current)
        {
            try at(.disk) {
                try Recovery(store: store).discard(generation: record.number)
            }
            return .rejected(revision, code: "validator", reason: failure)
        }
        return .staged(
            Candidate(generation: record.number, revision: revision, gate: record.state.health))
    }

    // MARK: Room

    /// Takes over what the last fetch brought, and empties the place where it arrived. Why there is
    /// no room for it; nil where it is here.
    private func takeOver(sparing tip: Revision) throws(StagingError) -> String? {
        let incoming = store.root.hostPath(of: StateLayout.incoming)
        let waiting = try at(.repository) { try ObjectStore.waitingBytes(in: incoming) }
        guard waiting > 0 else { return nil }
        try Housekeeping(store: store, objects: objects).tidy(sparing: tip)
        // With its index, which is small beside the objects.
        let need = SpaceNeed(folder: StateLayout.state, bytes: waiting + waiting / 8 + 64 << 10)
        if let objection = try objection(to: [need], sparing: tip) {
            try at(.disk) { try emptyIncoming() }
            return objection
        }
        try at(.repository) {
            do throws(GitError) {
                try objects.importPacks(from: incoming, limit: Limits.importBytes)
            } catch {
                // Where a server left out what was here once, the next fetch asks for everything.
                if error.code == .corrupt { try objects.askForEverything() }
                throw error
            }
        }
        try at(.disk) { try emptyIncoming() }
        return nil
    }

    private func emptyIncoming() throws {
        let root = store.root
        guard let status = try root.status(of: StateLayout.incoming) else { return }
        try root.removeTree(StateLayout.incoming)
        try root.makeFolder(StateLayout.incoming, mode: status.mode, owner: status.owner)
    }

    /// Why there is no room, after everything was given up that nobody needs; nil where there is.
    private func objection(
        to needs: [SpaceNeed], sparing tip: Revision
    ) throws(StagingError) -> String? {
        let budget = DiskBudget(of: store.root, maxDisk: configuration.maxDisk)
        let first = try at(.disk) { try budget.objection(to: needs) }
        guard first != nil,
            try Housekeeping(store: store, objects: objects).tidy(urgently: true, sparing: tip)
        else { return first }
        return try at(.disk) { try budget.objection(to: needs) }
    }

    // MARK: Resolving

    private func resolve(
        _ revision: Revision, _ facts: HostFacts
    ) throws(ResolutionError) -> ResolvedDevice {
        let tree: GitRevisionTree
        do {
            tree = try objects.tree(of: revision, known: measuredContents())
        } catch {
            throw ResolutionError(
                .unreadable(
                    RevisionTreeError(.unreadable, path: revision.text, message: "\(error)"))
            )
        }
        let identity = DeviceIdentity(
            id: configuration.device, channel: configuration.channel,
            localLabels: configuration.labels, architecture: facts.architecture,
            board: facts.board, osID: facts.systemID, osVersion: facts.systemVersion,
            agent: AgentVersion.current)
        return try Resolver(tree: tree, parse: YAML.parse).resolve(identity)
    }

    /// What the current generation is made of was measured when it came.
    private func measuredContents() throws -> [ObjectID: (content: ContentDigest, size: Int)] {
        guard let current = try store.generationIfWhole(store.currentGeneration()) else {
            return [:]
        }
        return Dictionary(
            current.state.files.compactMap { file in
                file.blob.map { ($0, (file.content, file.size)) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// A release that is wrong is rejected; a store that can't be read is no fault of the release.
    private func rejection(
        of revision: Revision, for error: ResolutionError
    ) throws(StagingError) -> StageOutcome.Verdict {
        let code =
            switch error.code {
            case .needsAgent: "needsAgent"
            case .invalid, .tooMany: "invalid"
            case .unreadable(let fault) where fault.code != .unreadable: "invalid"
            case .unreadable: throw StagingError(.repository, "\(error)")
            }
        return .rejected(revision, code: code, reason: listed(error.diagnostics))
    }

    private func knownGeneration(_ number: Int) throws -> GenerationRecord {
        guard let record = try store.generation(number) else {
            throw StagingError(.record, "the record of generation \(number) is missing")
        }
        return record
    }
}

/// The first few of many, for a report with a bound.
private func listed(_ items: [some CustomStringConvertible]) -> String {
    let shown = items.prefix(5).map(\.description).joined(separator: "\n")
    let text = items.count > 5 ? "\(shown)\nand \(items.count - 5) more" : shown
    return String(Masking.masked(text).prefix(Limits.reasonBytes))
}
