import Foundation
import ReleaseTrust
import Testing

@Suite struct DocumentationTests {
    @Test("docs/cli.md explains every code with which a release is refused")
    func codes() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/cli.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        for code in TrustRefusal.Code.allCases {
            #expect(text.contains("\n| `\(code.rawValue)` | "), "\(code.rawValue)")
        }
    }
}
