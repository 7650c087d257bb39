import FleetModel
import FleetTools
import Foundation
import HostSystem
import TestSupport
import Testing

/// A fleet that `flotilla init` made, in a folder of the test's own.
struct TestFleet {
    let folder: URL
    let made: FleetInitialization

    init(in parent: URL) async throws {
        folder = parent.appendingPathComponent("fleet")
        var request = FleetInitializer.Request(folder: folder.path)
        request.key = parent.appendingPathComponent("key").path
        made = try await FleetInitializer(request).make()
    }

    func repository() async throws -> FleetRepository { try await FleetRepository(at: folder.path) }

    @discardableResult
    func git(_ arguments: String...) throws -> String {
        let result = try runChild(
            [
                "git", "-c", "user.name=Test", "-c", "user.email=test@example.org",
                "-c", "commit.gpgsign=false",
            ] + arguments, in: folder, environment: ["HOME": folder.path])
        guard result.status == 0 else { throw ChildFailure(description: result.complaint) }
        return result.text
    }

    func write(_ path: String, _ text: String) throws {
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func read(_ path: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
    }

    /// Commits a change of the work, unsigned.
    func commitChange(_ text: String = "change") throws {
        try write("bundles/hello/files/hello.conf", "greeting = {{ greeting }} \(text)\n")
        try git("add", "-A")
        try git("commit", "-q", "-m", text)
    }

    func publish(_ change: (inout PublicationRequest) -> Void = { _ in }) async throws
        -> Publication
    {
        var request = PublicationRequest()
        change(&request)
        return try await Publisher(repository(), request).publish()
    }

    /// What `publish` refuses with.
    func refusal(
        _ change: (inout PublicationRequest) -> Void = { _ in }
    ) async throws -> OperatorError {
        do {
            _ = try await publish(change)
        } catch let error as OperatorError {
            #expect(!error.message.isEmpty && !error.fix.isEmpty)
            return error
        }
        throw ChildFailure(description: "the release was published")
    }

    func audit(_ revision: String = "main") async throws -> ChainAudit {
        let repository = try await repository()
        return try await ChainAudit(
            repository, to: repository.revision(revision), now: Clocks.wall())
    }
}
