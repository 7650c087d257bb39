internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import Transaction

/// Runs a generation's own validators against what is staged. Most programs can be pointed at
/// another file: `{{stage}}` in an argument becomes a folder in which every managed file stands at
/// its own path, as a link to where it stands ready or already stands.
struct Validation {
    let store: RecordStore

    /// Why a validator says no; nil when all of them agree.
    func run(on record: GenerationRecord) throws(StagingError) -> String? {
        guard !record.state.validators.isEmpty else { return nil }
        try at(.disk) { try buildView(of: record) }
        defer {
            // A view that can't be removed is in nobody's way: the next one replaces it.
            try? store.root.removeTree(StateLayout.stageView(of: record.number))
        }
        for validator in record.state.validators {
            if let failure = try run(validator, on: record) { return failure }
        }
        return nil
    }

    private func run(
        _ validator: DesiredValidator, on record: GenerationRecord
    ) throws(StagingError) -> String? {
        let root = store.root
        let view = root.hostPath(of: StateLayout.stageView(of: record.number))
        let words = validator.command.map { replaced($0, "{{stage}}", by: view) }
        guard let program = words.first else { return nil }
        let name = "validator \(validator.command.joined(separator: " ")) of \(validator.bundle)"
        let command = ChildCommand(
            program, Array(words.dropFirst()),
            environment: ["FLOTILLA_STAGE": view, "FLOTILLA_ROOT": root.hostPath])
        let outcome: ChildOutcome
        do throws(SystemError) {
            outcome = try command.run(deadline: validator.timeout)
        } catch {
            return "\(name) can't be run: \(error)"
        }
        if outcome.isSuccess { return nil }
        let text = outcome.errorText.isEmpty ? outcome.outputText : outcome.errorText
        return "\(name): \(outcome.status): \(text)"
    }

    private func buildView(of record: GenerationRecord) throws {
        let root = store.root
        let view = StateLayout.stageView(of: record.number)
        try root.removeTree(view)
        let places = StagedPlaces(
            try store.read(StagedFiles.self, at: StateLayout.stagedManifest(of: record.number)))
        let state = record.state.applied
        for file in state.files {
            let path = view + file.path
            try root.makeFolders(DevicePath.parent(of: path))
            let ready =
                switch file.placement {
                case .copy: places.place(of: file.path) ?? file.path
                case .link: StateLayout.files(of: record.number) + file.path
                }
            try root.symbolicLink(root.hostPath(of: ready), at: path)
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
