import FleetModel
import Foundation
import TestSupport

@testable import GitStore

/// A repository of an operator, a folder for downloads and a device's store.
struct StoreFixture {
    let folder: URL
    let source: GitRepository
    let store: ObjectStore

    init(in folder: URL, sourceOptions: [String] = []) throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("served"), withIntermediateDirectories: true)
        source = try GitRepository(
            creatingAt: folder.appendingPathComponent("served/fleet"), options: sourceOptions)
        store = try ObjectStore(creatingAt: folder.appendingPathComponent("store").path)
    }

    var served: URL { folder.appendingPathComponent("served") }

    /// A name for the next download; each wants a folder of its own.
    func incoming() -> String {
        folder.appendingPathComponent("incoming-\(UUID().uuidString)").path
    }

    /// The source's objects as one pack in a bare repository, as a download would leave them.
    func downloaded() throws -> URL {
        let bare = folder.appendingPathComponent("download-\(UUID().uuidString)")
        try source.git(["clone", "--quiet", "--bare", "--no-local", ".", bare.path])
        return bare
    }

    func pack(of bare: URL) throws -> URL {
        let packs = bare.appendingPathComponent("objects/pack")
        let names = try FileManager.default.contentsOfDirectory(atPath: packs.path)
        guard let name = names.first(where: { $0.hasSuffix(".pack") }) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return packs.appendingPathComponent(name)
    }
}

func withStore<Result>(
    sourceOptions: [String] = [], _ body: (StoreFixture) throws -> Result
) throws -> Result {
    try withTemporaryFolder { try body(StoreFixture(in: $0, sourceOptions: sourceOptions)) }
}

func id(_ text: String) throws -> ObjectID {
    guard let id = ObjectID(text) else { throw CocoaError(.formatting) }
    return id
}

/// Bytes that do not compress.
func noise(_ count: Int, seed: UInt64 = 1) -> Data {
    var generator = SeededGenerator(seed: seed)
    return Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
}
