import Foundation
import HTTPAPI
import Testing

/// Serves the page with the sample fleet for a browser, where FLOTILLA_SERVE_PAGE names a port: for
/// `scripts/check-page`, and for who works on the page. Every device that moves arrives in the end.
@Suite struct PageServing {
    private static var port: Int? {
        ProcessInfo.processInfo.environment["FLOTILLA_SERVE_PAGE"].flatMap { Int($0) }
    }

    @Test("the page is served until its time is over", .enabled(if: port != nil))
    func serve() async throws {
        let port = try #require(Self.port)
        let seconds =
            ProcessInfo.processInfo.environment["FLOTILLA_SERVE_SECONDS"].flatMap { Double($0) }
            ?? 600
        try await withTestServer(try testSettings("127.0.0.1:\(port)")) { server in
            let end = Date().addingTimeInterval(seconds)
            while Date() < end {
                try await Task.sleep(for: .seconds(2))
                await server.fleet.progress()
            }
        }
    }
}
