internal import DeviceRecords
internal import Documents
internal import FleetModel
internal import HostSystem
internal import Transaction

/// Runs a generation's own validators against what is staged. Most programs can be pointed at
/// another file: `{{stage}}` in an argument becomes a folder in which every managed file stands at
/// its own path, as a link to where it stands ready or already stands. Those that can't get a view of
/// the machine in which the new files stand at their own paths.
struct Validation {
    let store: RecordStore
    /// The worker's own program, which makes such a view for one validator.
    let worker: String

    /// Why a validator says no; nil when all of them agree.
    func run(
        on record: GenerationRecord, over old: GenerationRecord
    ) throws(StagingError) -> String? {
        let validators = record.state.applied.validators
        guard !validators.isEmpty else { return nil }
        try at(.disk) { try buildView(of: record) }
        defer {
            // A view that can't be removed now goes with the rest of the stage.
            try? store.root.removeTree(StateLayout.stageView(of: record.number))
        }
        for validator in validators {
            if let failure = try run(validator, on: record, over: old) { return failure }
        }
        return nil
    }

    private func run(
        _ validator: DesiredValidator, on record: GenerationRecord, over old: GenerationRecord
    ) throws(StagingError) -> String? {
        let root = store.root
        let view = root.hostPath(of: StateLayout.stageView(of: record.number))
        let words = validator.command.map { replaced($0, "{{stage}}", by: view) }
        guard let program = words.first else { return nil }
        // A command's own words are quoted too: they may name what its output is masked for.
        let said = Masking.masked(validator.command.joined(separator: " "))
        let name = "validator \(said) of \(validator.bundle)"
        let environment = ["FLOTILLA_STAGE": view, "FLOTILLA_ROOT": root.hostPath]
        let command =
            switch validator.view {
            case .stage:
                ChildCommand(program, Array(words.dropFirst()), environment: environment)
            case .place:
                try placed(words, environment, record, over: old)
            }
        let outcome: ChildOutcome
        do throws(SystemError) {
            outcome = try command.run(deadline: validator.timeout)
        } catch {
            return "\(name) can't be run: \(error)"
        }
        if outcome.isSuccess { return nil }
        let text = outcome.errorText.isEmpty ? outcome.outputText : outcome.errorText
        // The reason stands last, and there is to be room for it in a report.
        let reason = Masking.masked(text).suffix(Limits.reasonBytes / 2)
        return "\(name.prefix(Limits.reasonBytes / 4)): \(outcome.status): \(reason)"
    }

    private func placed(
        _ words: [String], _ environment: [String: String], _ record: GenerationRecord,
        over old: GenerationRecord
    ) throws(StagingError) -> ChildCommand {
        let ready = try at(.disk) { try readyPlaces(of: record) }
        let view = PlacedView(store: store, old: old, new: record, ready: ready)
        let placed = PlacedCommand(
            places: view.places(), command: words, environment: environment)
        return ChildCommand(
            worker,
            [
                "validate", "--root", store.root.hostPath, "--agent", String(Program.processID),
            ],
            standardInput: Array(placed.json.canonical.utf8))
    }

    /// Where a file's bytes stand ready, or already stand.
    private func readyPlaces(of record: GenerationRecord) throws -> (DesiredFile) -> String {
        let places = StagedPlaces(
            try store.read(StagedFiles.self, at: StateLayout.stagedManifest(of: record.number)))
        return { file in
            switch file.placement {
            case .copy: places.place(of: file.path) ?? file.path
            case .link: StateLayout.files(of: record.number) + file.path
            }
        }
    }

    private func buildView(of record: GenerationRecord) throws {
        let root = store.root
        let view = StateLayout.stageView(of: record.number)
        try root.removeTree(view)
        let ready = try readyPlaces(of: record)
        let state = record.state.applied
        for file in state.files {
            let path = view + file.path
            try root.makeFolders(DevicePath.parent(of: path))
            try root.symbolicLink(root.hostPath(of: ready(file)), at: path)
        }
        for link in state.links {
            let path = view + link.path
            try root.makeFolders(DevicePath.parent(of: path))
            try root.symbolicLink(link.target, at: path)
        }
    }
}

/// All occurrences of `mark` replaced, byte by byte.
func replaced(_ text: String, _ mark: String, by value: String) -> String {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    let mark = Array(mark.utf8)
    while !rest.isEmpty {
        if rest.starts(with: mark) {
            result += value.utf8
            rest = rest.dropFirst(mark.count)
        } else {
            result.append(rest.removeFirst())
        }
    }
    return String(decoding: result, as: UTF8.self)
}
