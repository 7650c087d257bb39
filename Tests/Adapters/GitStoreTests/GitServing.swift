import FleetModel
import Foundation
import TestSupport

@testable import GitStore

/// What the tests of fetching share: one commit with some weight, and a request with short waits.
extension StoreFixture {
    /// The repository as a request names it on a server.
    static let servedName = "fleet/.git"

    @discardableResult
    func commitSomething(_ text: String = "hello") throws -> ObjectID {
        try source.write("etc/motd", text)
        if !FileManager.default.fileExists(
            atPath: source.folder.appendingPathComponent("noise").path)
        {
            try source.write("noise", noise(200_000))
        }
        return try id(source.commit(text))
    }

    func request(_ url: String) -> FetchRequest {
        var request = FetchRequest(url: url, branch: "main")
        request.idleTimeout = .seconds(20)
        return request
    }

    /// Fetches into a new folder and imports.
    func fetchAndImport(_ request: FetchRequest) throws -> FetchResult {
        let incoming = incoming()
        let result = try Fetcher(incoming: incoming, borrowingFrom: store.objectsPath)
            .fetch(request)
        _ = try store.importPacks(from: incoming, limit: 1 << 30)
        return result
    }
}
