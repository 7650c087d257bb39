internal import AgentMachine
internal import DeviceBus
internal import DeviceRecords
internal import Documents
internal import FleetModel
internal import HostSystem

/// What whoever helps wants to see of a device, in one file: what it says of itself, and its records.
///
/// Never in it: keys, passwords, and the contents of managed files. What it takes from texts that
/// people or other programs wrote passes `Masking`.
struct SupportArchive {
    private let store: RecordStore
    private let now = Clocks.wall()
    private var archive = TarArchive()
    /// The top folder in the archive.
    private let folder: String

    /// The newest lines of the agent's log.
    private static let logLines = "2000"
    private static let logBytes = 1 << 20
    private static let patience = Duration.seconds(10)

    init(store: RecordStore, doctor: Doctor) {
        self.store = store
        let configuration = try? AgentConfiguration(of: store.root)
        folder = "flotilla-\(configuration?.device.text ?? "device")"
        add("README", Self.explanation)
        add("versions.json", versions().pretty + "\n")
        addConfiguration()
        if let configuration { addReports(configuration) }
        add("doctor.json", doctor.report.pretty + "\n")
        addRecords()
        addLog()
    }

    var bytes: [UInt8] { archive.bytes }

    private mutating func add(_ name: String, _ text: String) {
        let masked = Array(Masking.masked(text).utf8)
        archive.add("\(folder)/\(name)", masked, time: now.seconds)
    }

    /// In place of what can't be told: why not.
    private mutating func add(_ name: String, orWhyNot text: () throws -> String) {
        do {
            add(name, try text())
        } catch {
            add(name + ".missing", "\(error)\n")
        }
    }

    private static let explanation = """
        What a Flotilla device says of itself, for whoever helps. Made by `flotilla-agent support`.

          versions.json     the agent, the kernel, the system
          agent.yaml        its configuration
          status.*          where the device stands
          history.json      what happened, and which generations are kept
          drift.json        what differs from the current generation right now
          doctor.json       what is wrong, and the fix
          records/          the agent's own records; generations without contents
          log.txt           the newest lines of its log, where systemd keeps one

        No keys, no passwords and no contents of managed files are in it. Texts of people and of other
        programs were masked by their looks (***); read them before you pass the archive on.

        """

    // MARK: What the device says

    private mutating func addReports(_ configuration: AgentConfiguration) {
        let store = store
        add("status.json") {
            try DeviceReport(configuration: configuration, store: store).json.pretty + "\n"
        }
        add("status.txt") { try DeviceReport(configuration: configuration, store: store).text }
        add("history.json") { try DeviceReport.history(store).pretty + "\n" }
        add("drift.json") {
            let number = try store.currentGeneration()
            guard let record = try store.generation(number) else {
                throw AgentTrouble("the record of generation \(number) is missing")
            }
            return DriftLook(record, store: store).json.pretty + "\n"
        }
    }

    private mutating func addConfiguration() {
        let root = store.root
        add("agent.yaml") {
            let bytes = try root.readFile(StateLayout.configuration, limit: Limits.yamlBytes)
            guard let bytes else { throw AgentTrouble("there is none") }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func versions() -> JSONValue {
        let facts = (try? HostFacts.read(root: store.root))?.reported ?? [:]
        return [
            "agent": .string("\(AgentVersion.current)"), "made": .string(now.description),
            "kernel": optional(HostFacts.kernelRelease),
            "facts": .object(facts.mapValues { .string($0) }),
        ]
    }

    // MARK: Records

    /// As they are on the disk, also where nobody can read them any more.
    private mutating func addRecords() {
        let records = [
            StateLayout.ledger, StateLayout.journal, StateLayout.trust, StateLayout.hold,
            StateLayout.drift, StateLayout.status, StateLayout.link, StateLayout.lastGeneration,
        ]
        for path in records { addRecord(path, as: "records" + path) }
        for path in records { addRecord(StateLayout.damaged(path), as: "records\(path).damaged") }
        for number in (try? Generations.numbers(in: store)) ?? [] {
            let path = StateLayout.record(of: number)
            addRecord(path, as: "records" + path)
        }
    }

    private mutating func addRecord(_ path: String, as name: String) {
        do throws(SystemError) {
            guard let bytes = try store.root.readFile(path, limit: Limits.recordBytes) else {
                return
            }
            add(name, String(decoding: bytes, as: UTF8.self))
        } catch {
            add(name + ".missing", "\(error)\n")
        }
    }

    private mutating func addLog() {
        let command = ChildCommand(
            "journalctl",
            [
                "--no-pager", "--quiet", "--unit=flotilla-agent.service",
                "--lines=\(Self.logLines)", "--output=short-iso",
            ], outputLimit: Self.logBytes)
        add("log.txt") {
            let outcome = try command.run(deadline: Self.patience)
            guard outcome.isSuccess else {
                throw AgentTrouble("journalctl: \(outcome.status): \(outcome.errorText)")
            }
            return outcome.outputText
        }
    }
}

extension Commands {
    /// Writes the archive to a file of this machine, which must not be there yet.
    package func support(to file: String, _ doctor: Doctor) throws -> AgentExit {
        let folder = try Root(DevicePath.parent(of: file))
        let place = "/" + DevicePath.name(of: file)
        // Before the work, and once more when the file is made.
        guard try !folder.exists(place) else {
            say("\(file) is there already; name another file")
            return .notWell
        }
        let archive = SupportArchive(store: store, doctor: doctor)
        try folder.createFile(place, contents: archive.bytes, mode: 0o600)
        say("\(file) is written; look into it before you pass it on")
        return .well
    }
}
