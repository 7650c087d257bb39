import Foundation
import Testing

/// docs/agent-fsm.dot draws the machine's states.
@Suite struct DrawingTests {
    private func text(of path: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../..")
        return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("Every state is drawn, with a way in and a way out, and nothing else is")
    func states() throws {
        let source = try text(of: "Sources/Core/AgentMachine/AgentMachine.swift")
        let declaration = try #require(
            source.components(separatedBy: "enum State:").dropFirst().first)
        let body = declaration.components(separatedBy: "\n    }").first ?? ""
        let states = Set(
            body.split(separator: "\n").compactMap { line -> String? in
                let words = line.split(separator: " ")
                guard words.first == "case", words.count > 1 else { return nil }
                return String(words[1].prefix { $0 != "(" })
            })
        #expect(states.count > 10)
        let edges = try text(of: "docs/agent-fsm.dot").split(separator: "\n").compactMap {
            line -> (from: String, to: String)? in
            let words = line.split(separator: " ")
            guard words.count > 2, words[1] == "->" else { return nil }
            return (String(words[0]), String(words[2]))
        }
        #expect(Set(edges.map(\.to)) == states)
        #expect(Set(edges.map(\.from)).subtracting(["start"]) == states)
    }
}
