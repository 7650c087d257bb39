import AgentMachine
import DeviceRecords
import Digests
import FleetModel
import Foundation
import HostSystem

@testable import Transaction

/// A device below a folder of its own, and the agent's way of doing things to it.
struct TestDevice {
    let folder: String
    let root: Root
    let store: RecordStore

    init(_ folder: String, watcher: Root.ChangeWatcher? = nil) throws {
        self.folder = folder
        root = try Root(folder, watcher: watcher)
        store = RecordStore(root: root)
    }

    /// What a new generation goes through: its record, its stage, its journal, its flip.
    func upgrade(from old: GenerationRecord, to new: GenerationRecord) throws {
        try flip(Move(.upgrade, from: old.number, to: new.number), from: old, to: new)
        try end(confirming: new.number)
    }

    /// The same up to where the units would come.
    func flip(_ move: Move, from old: GenerationRecord, to new: GenerationRecord) throws {
        try root.makeFolders(StateLayout.generation(new.number))
        try store.write(new, at: StateLayout.record(of: new.number))
        try Stage(store: store).make(move, from: old, to: new, contents: Self.contents)
        try store.write(Journal(phase: .flipping, move: move), at: StateLayout.journal)
        try Flip(store: store).perform(move, from: old, to: new)
    }

    /// What going back and healing go through: the journal comes first.
    func redo(_ move: Move, from old: GenerationRecord, to new: GenerationRecord) throws {
        try store.write(Journal(phase: .flipping, move: move), at: StateLayout.journal)
        try finish(move, from: old, to: new)
    }

    func finish(_ move: Move, from old: GenerationRecord, to new: GenerationRecord) throws {
        try Stage(store: store).make(move, from: old, to: new, contents: Self.contents)
        try Flip(store: store).perform(move, from: old, to: new)
        try end(confirming: new.number)
    }

    private func end(confirming generation: Int) throws {
        try store.remove(StateLayout.journal)
        try Recovery(store: store).settle()
    }

    /// What the agent does at start.
    func recover() throws -> StartPosition {
        let position = try Recovery(store: store).begin()
        switch position {
        case .whole: try store.remove(StateLayout.journal)
        case .undo(let move):
            try Recovery(store: store).discard(generation: move.to)
            try store.remove(StateLayout.journal)
        case .redo(let move), .settle(let move), .reboot(let move), .giveUp(let move, _):
            let old = try store.generation(move.from)
            let new = try store.generation(move.to)
            guard let old, let new else { fatalError("a generation's record is missing") }
            try finish(move, from: old, to: new)
        }
        return position
    }

    /// Contents say their own bytes: every digest that a test uses is of one of these.
    static func contents(_ file: DesiredFile) throws -> [UInt8] {
        guard let bytes = Text.known[file.content] else { throw UnknownContent() }
        return bytes
    }

    struct UnknownContent: Error {}

    /// Everything outside of the agent's own folders: kind, mode, owner, link text, and the bytes
    /// that a reader gets.
    func snapshot() throws -> [String: String] {
        var found: [String: String] = [:]
        try visit("/", &found)
        return found
    }

    private func visit(_ path: String, _ found: inout [String: String]) throws {
        if path == StateLayout.state { return }
        guard let status = try root.status(of: path) else { return }
        var text =
            "\(status.kind.rawValue) \(String(status.mode, radix: 8)) "
            + "\(status.owner.user):\(status.owner.group)"
        switch status.kind {
        case .directory:
            for name in try root.listFolder(path, limit: 1_000) ?? [] {
                try visit(DevicePath.join(path, name), &found)
            }
        case .symbolicLink:
            text += try
                " -> \(root.readLink(path) ?? "") = \(String(decoding: read(path), as: UTF8.self))"
        default:
            text += " = \(String(decoding: read(path), as: UTF8.self))"
        }
        found[path] = text
    }

    func deviations(from record: GenerationRecord) throws -> [Deviation] {
        var inspector = Inspector(root: root)
        return try inspector.deviations(from: record)
    }

    /// As any program reads it, links followed.
    func read(_ path: String) -> [UInt8] {
        Array((try? Data(contentsOf: URL(fileURLWithPath: folder + path))) ?? Data("<none>".utf8))
    }

    func text(_ path: String) -> String { String(decoding: read(path), as: UTF8.self) }

    func write(_ path: String, _ text: String, mode: UInt16 = 0o644) throws {
        try root.makeFolders(DevicePath.parent(of: path))
        try root.replaceFile(path, with: Array(text.utf8), mode: mode)
    }
}

/// The contents that tests use.
enum Text {
    static let all = ["", "one", "two", "three", "four", "five", "six"]
    static let known = Dictionary(
        uniqueKeysWithValues: all.map { (SHA256.hash(Array($0.utf8)), Array($0.utf8)) })
}

func file(
    _ path: String, _ text: String, mode: UInt16 = 0o644, bundle: String = "b",
    placement: Placement = .copy, owner: Ownership = .root, create: Creation = .always,
    attributes: [String: String] = [:]
) -> DesiredFile {
    precondition(Text.all.contains(text))
    return DesiredFile(
        path: path, bundle: bundle, content: SHA256.hash(Array(text.utf8)), size: text.utf8.count,
        mode: mode, owner: owner, placement: placement, create: create, attributes: attributes)
}

func link(_ path: String, to target: String, bundle: String = "b") -> DesiredLink {
    DesiredLink(path: path, bundle: bundle, target: target)
}

func owned(_ path: String, mode: UInt16 = 0o755, bundle: String = "b") -> DesiredDirectory {
    DesiredDirectory(path: path, bundle: bundle, mode: mode, isOwned: true)
}

func generation(
    _ number: Int, _ files: [DesiredFile] = [], links: [DesiredLink] = [],
    directories: [DesiredDirectory] = [], drift: DriftPolicy = .heal
) -> GenerationRecord {
    GenerationRecord(
        number: number, revision: nil, created: Instant(seconds: 0),
        state: DesiredState(
            bundles: [
                BundlePolicy(name: "b", drift: drift),
                BundlePolicy(name: "seen", mode: .observe),
            ],
            files: files.sorted { $0.path < $1.path },
            links: links.sorted { $0.path < $1.path },
            directories: directories.sorted { $0.path < $1.path }))
}

/// In memory where that is possible: a sweep makes thousands of fsync calls.
func withDevice(_ body: (TestDevice) throws -> Void) throws {
    try withDeviceFolder { folder in
        let device = try TestDevice(folder)
        try device.root.makeFolders(StateLayout.generations)
        try body(device)
    }
}

func withDeviceFolder(_ body: (String) throws -> Void) throws {
    let memory = "/dev/shm"
    let base = access(memory, W_OK) == 0 ? memory : NSTemporaryDirectory()
    let folder = "\(base)/flotilla-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    chmod(folder, 0o755)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}
