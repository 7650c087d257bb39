package import Documents
internal import FleetModel
package import HostSystem
internal import JSONDocument

/// Reads and writes the agent's records. Every write is a temporary file, fsync, rename, and fsync
/// of the folder: after a power cut a record is the old one or the new one, whole.
package struct RecordStore: Sendable {
    package let root: Root
    private let memory: GenerationMemory

    package init(root: Root) {
        self.root = root
        memory = GenerationMemory()
    }

    private init(_ root: Root, _ memory: GenerationMemory) {
        self.root = root
        self.memory = memory
    }

    /// The same for one piece of work on many paths; see `Root.keepingFolders`.
    package func keepingFolders() -> RecordStore { RecordStore(root.keepingFolders(), memory) }

    /// Nil where there is no such record yet.
    package func read<Record: DeviceRecord>(_ type: Record.Type, at path: String)
        throws(RecordError) -> Record?
    {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try root.readFile(path, limit: Limits.recordBytes)
        } catch {
            throw .system(error)
        }
        guard let bytes else { return nil }
        do throws(InvalidDocument) {
            let bytes = Record.isSealed ? try RecordSeal.opened(bytes, file: path) : bytes
            return try Record(reading: try JSON.parse(bytes, file: path), file: path)
        } catch {
            throw .damaged(error)
        }
    }

    /// The same for who can do without: a damaged record counts as none.
    package func readIfWhole<Record: DeviceRecord>(_ type: Record.Type, at path: String)
        throws(RecordError) -> Record?
    {
        do throws(RecordError) {
            return try read(type, at: path)
        } catch {
            guard error.isDamage else { throw error }
            return nil
        }
    }

    /// Moves a record out of the way that nobody can read, for a person to look at. One that was
    /// moved before is replaced.
    package func setAside(_ path: String) throws(RecordError) {
        do throws(SystemError) {
            try root.rename(path, to: StateLayout.damaged(path))
            try root.syncFolder(DevicePath.parent(of: path))
        } catch {
            throw .system(error)
        }
    }

    package func write<Record: DeviceRecord>(
        _ record: Record, at path: String
    ) throws(RecordError) {
        let text = Array((record.json.pretty + "\n").utf8)
        do throws(SystemError) {
            try root.replaceFile(
                path, with: Record.isSealed ? RecordSeal.sealed(text) : text, mode: 0o600)
        } catch {
            throw .system(error)
        }
    }

    /// Removes it durably; a record that is not there is fine.
    package func remove(_ path: String) throws(RecordError) {
        do throws(SystemError) {
            guard try root.exists(path) else { return }
            try root.unlink(path, missingIsFine: true)
            try root.syncFolder(DevicePath.parent(of: path))
        } catch {
            throw .system(error)
        }
    }

    /// The generation with this number; number 0 needs no record.
    package func generation(_ number: Int) throws(RecordError) -> GenerationRecord? {
        if number == 0 { return .beforeFlotilla }
        let path = StateLayout.record(of: number)
        // Taken before the file is read: one that is replaced meanwhile is read again.
        guard let status = try status(of: path) else { return nil }
        if let known = memory.record(number, ifStill: status) { return known }
        let record = try read(GenerationRecord.self, at: path)
        if let record { memory.keep(record, number, as: status) }
        return record
    }

    private func status(of path: String) throws(RecordError) -> FileStatus? {
        do throws(SystemError) {
            return try root.status(of: path)
        } catch {
            throw .system(error)
        }
    }

    /// The same for who can do without: a damaged one counts as none.
    package func generationIfWhole(_ number: Int) throws(RecordError) -> GenerationRecord? {
        if number == 0 { return .beforeFlotilla }
        do throws(RecordError) {
            return try generation(number)
        } catch {
            guard error.isDamage else { throw error }
            return nil
        }
    }

    /// The number that the link `current` points to; 0 where nothing was ever applied.
    package func currentGeneration() throws(RecordError) -> Int {
        let target: String?
        do throws(SystemError) {
            target = try root.readLink(StateLayout.current)
        } catch {
            throw .system(error)
        }
        guard let target else { return 0 }
        guard let number = target.split(separator: "/").last.flatMap({ Int($0) }), number >= 0
        else {
            throw .damaged(
                InvalidDocument(
                    Diagnostic(
                        file: StateLayout.current,
                        message: "the link points to `\(target)`, which is no generation",
                        fix: "Point it to generations/N, where N is a folder that is there.")))
        }
        return number
    }
}

/// A record could not be read or written.
package enum RecordError: Error, Equatable, Sendable, CustomStringConvertible {
    case system(SystemError)
    case damaged(InvalidDocument)

    /// Reading it again will not help.
    package var isDamage: Bool {
        switch self {
        case .system(let error): error.isTooLarge
        case .damaged: true
        }
    }

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .damaged(let error): error.description
        }
    }
}
