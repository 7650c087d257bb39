internal import AgentMachine
internal import DeviceRecords
internal import DriftWatch
internal import FleetModel
internal import HostSystem
internal import UnitControl
internal import UnitPlanning

/// Drift, in the loop: a scan is done in pieces between other things, and what inotify tells is
/// looked at when it is quiet.
extension AgentLoop {
    /// How long one piece of a scan keeps the loop.
    private static let pieceLength = Duration.milliseconds(4)
    /// Between two pieces of a resident agent's scan: a quarter of one core at most.
    private static let piecePause = Duration.milliseconds(12)

    // MARK: What is compared, and watched

    /// Begins to hear of changes; only the resident agent does.
    func startWatching() {
        watch = ChangeWatch(root: root)
        scanPause = Self.piecePause
        do {
            try compareWithCurrent()
        } catch {
            // A scan is due anyway, and tells what is wrong with the record.
            say("nothing is watched yet: \(error)")
        }
    }

    /// Compares with what stands now, which a command may have changed.
    private func compareWithCurrent() throws {
        let number = try store.currentGeneration()
        if driftScan.generation != number { compare(with: try knownGeneration(number)) }
    }

    /// From this moment on, so that nothing happens unseen behind a flip.
    func compare(with record: GenerationRecord) {
        driftScan.compare(with: record)
        guard let watch, let list = driftScan.list else { return }
        watch.watch(list)
        tellWatchProblem()
    }

    private func tellWatchProblem() {
        guard let watch, status.watchProblem != watch.problem else { return }
        status.watchProblem = watch.problem
        if let problem = watch.problem {
            say("\(problem); what happens there is found by scans")
        }
        keepStatus()
    }

    // MARK: Scanning

    /// - Parameter onlyTouched: What nobody touched is left as it was found before.
    func beginScan(onlyTouched: Bool) {
        do {
            try compareWithCurrent()
            driftScan.asksSystemd = configuration.services == .systemd
            if onlyTouched { driftScan.beginLook() } else { driftScan.begin() }
            nextPiece = Clocks.monotonic()
        } catch {
            inputs.append(.scanFailed("\(error)"))
        }
    }

    /// Does the next piece, where one is due.
    func continueScan() {
        guard let nextPiece, Clocks.monotonic() >= nextPiece else { return }
        let end = Clocks.monotonic() + Self.pieceLength
        guard driftScan.step(until: end, at: Clocks.wall()) else {
            self.nextPiece = Clocks.monotonic() + scanPause
            return
        }
        self.nextPiece = nil
        let control = UnitControl(services: configuration.services)
        if driftScan.wantsUnits, let command = control.show(driftScan.unitNames) {
            start(.unitStandings, command, deadline: UnitControl.showDeadline)
        } else {
            endScan()
        }
    }

    /// All paths in one go, and no units: for who can't go on without knowing.
    func scanAtOnce() -> AgentInput {
        do {
            try compareWithCurrent()
            let asksSystemd = driftScan.asksSystemd
            driftScan.asksSystemd = false
            defer { driftScan.asksSystemd = asksSystemd }
            driftScan.begin()
            while !driftScan.step(until: Instant(nanoseconds: .max), at: Clocks.wall()) {}
            if let failure = driftScan.takeFailures().first { return .scanFailed(failure) }
            return .scanned(driftScan.found)
        } catch {
            return .scanFailed("\(error)")
        }
    }

    func unitsShown(_ outcome: ChildOutcome) {
        if outcome.isSuccess {
            driftScan.take(ShownUnit.read(outcome.outputText), at: Clocks.wall())
        } else {
            driftScan.failUnits("systemctl show: \(outcome.told)")
        }
        endScan()
    }

    func endScan() {
        let failures = driftScan.takeFailures()
        if let first = failures.first {
            let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
            trouble("not everything could be looked at: \(first)\(more)")
        }
        inputs.append(.scanned(driftScan.found))
    }

    // MARK: Hearing

    /// Reads what inotify has to say. When it is quiet, a glance tells whether anything came of it:
    /// most often it was a flip of our own, or somebody who wrote the same again, and nobody needs to
    /// know.
    func hearChanges() {
        guard let watch else { return }
        let now = Clocks.monotonic()
        watch.hear(at: now)
        defer { tellWatchProblem() }
        guard machine.isIdle, inputs.isEmpty, var touched = watch.takeTouched(at: now) else {
            return
        }
        do throws(RecordError) {
            // A command went to another generation while we slept.
            if try store.currentGeneration() != driftScan.generation { touched.everything = true }
        } catch {
            touched.everything = true
        }
        guard driftScan.differs(touched, at: Clocks.wall()) else { return }
        driftScan.touch(touched)
        inputs.append(.touched)
    }

    // MARK: Units

    func healUnits(_ names: [String]) { mend(driftScan.mends(of: names), failures: []) }

    /// Does one step after the other. One that fails does not keep the others from being done.
    func mend(_ mends: [UnitMend], failures: [String]) {
        var failures = failures
        var rest = mends[...]
        while let mend = rest.popFirst() {
            switch mend {
            case .setAside(let path):
                do throws(SystemError) {
                    try root.rename(path, to: path + ".set-aside")
                    try root.syncFolder(DevicePath.parent(of: path))
                    say("\(path) is set aside, for its unit is the fleet's")
                } catch {
                    failures.append(error.description)
                }
            case .ask(let words):
                guard let command = UnitControl(services: configuration.services).ask(words)
                else { continue }
                start(
                    .mendUnits(words, rest: Array(rest), failures: failures), command,
                    deadline: UnitControl.actionDeadline)
                return
            }
        }
        inputs.append(
            failures.isEmpty ? .unitsChanged : .unitsFailed(failures.joined(separator: "; ")))
    }

    // MARK: Memory

    /// Keeps what lasts over a reboot, so that it is still known since when. What is put right at
    /// once leaves no trace on the disk but its event.
    func keepDrift(_ drifts: [Drift]) throws(RecordError) {
        let lasting = DriftRecord(drifts.filter { $0.standing != .healing })
        if keptDrift.isSame(as: lasting) { return }
        if lasting.drifts.isEmpty {
            try store.remove(StateLayout.drift)
        } else {
            try store.write(lasting, at: StateLayout.drift)
        }
        keptDrift = lasting
    }
}
