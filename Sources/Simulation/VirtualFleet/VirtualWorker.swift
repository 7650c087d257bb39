internal import AgentMachine
internal import FleetModel

/// What the worker does on a real device: verifies, resolves, and stages.
struct VirtualWorker {
    let git: VirtualGit
    let fault: PlantedFault?

    static let gate = HealthGate(
        settle: .seconds(10), interval: .seconds(3), deadline: .seconds(30),
        checks: [
            HealthCheck(name: "well", bundle: "base", probe: .file(path: "/x", contains: nil))
        ])

    func stage(
        _ device: VirtualDevice, tip: Revision, applies: Bool, opened: Revision?
    ) -> StageOutcome {
        guard let tip = git.number(of: tip) else { fatalError("nobody ever made this tip") }
        let refusal = walk(device, to: tip)
        let head = device.disk.trustHead
        guard applies else {
            return StageOutcome(verdict: .notApplied(git[head].revision), refusal: refusal)
        }
        let verdict = verdict(device, head: head, opened: opened.flatMap { git.number(of: $0) })
        return StageOutcome(verdict: verdict, refusal: refusal)
    }

    /// Moves trust to the last good release on the way to the tip.
    private func walk(_ device: VirtualDevice, to tip: Int) -> StageOutcome.Refusal? {
        if fault == .worker(.skipsVerification) {
            device.disk.trustHead = tip
            return nil
        }
        guard let chain = git.chain(from: device.disk.trustHead, to: tip) else {
            return StageOutcome.Refusal(
                code: "notOnChain", reason: "the tip is not after the floor",
                revision: git[tip].revision)
        }
        for number in chain.dropFirst() {
            guard git[number].isSigned else {
                return StageOutcome.Refusal(
                    code: "unsigned", reason: "nobody signed it", revision: git[number].revision)
            }
            device.disk.trustHead = number
        }
        return nil
    }

    private func verdict(_ device: VirtualDevice, head: Int, opened: Int?) -> StageOutcome.Verdict {
        let wanted = fault == .worker(.skipsVerification) ? head : opened
        guard let release = wanted, isAllowed(release, device, head: head) else {
            let isThere = git.digest(of: head, for: device.role) == device.digest
            return isThere ? .upToDate(git[head].revision) : .waiting(git[head].revision)
        }
        let digest = git.digest(of: release, for: device.role)
        let revision = git[release].revision
        if digest == device.digest { return .upToDate(revision) }
        if device.disk.failed.contains(digest) { return .knownBad(revision, reason: "it failed") }
        let generation = device.disk.nextGeneration
        device.disk.nextGeneration += 1
        device.disk.generations[generation] = .init(release: release, digest: digest)
        return .staged(Candidate(generation: generation, revision: revision, gate: Self.gate))
    }

    /// On the chain, at or before the trusted head, and not before what the device has.
    private func isAllowed(_ release: Int, _ device: VirtualDevice, head: Int) -> Bool {
        if fault == .worker(.skipsVerification) { return true }
        guard git.chain(from: release, to: head) != nil else { return false }
        return device.disk.release.map { git.chain(from: $0, to: release) != nil } ?? true
    }
}
