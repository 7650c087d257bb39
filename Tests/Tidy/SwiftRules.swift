/// The rules for a Swift file. Each takes text and gives findings, so that each can be shown bad
/// text in a test.
struct SwiftRules {
    let path: String
    private let lineCount: Int
    private let comments: [UInt8]
    private let tokens: [Token]

    static let fileLines = 600
    static let functionLines = 70

    init(path: String, text: String) {
        self.path = path
        lineCount = text.utf8.count { $0 == newline }
        let parts = SwiftText(text)
        comments = parts.comments
        tokens = Token.all(in: parts.code)
    }

    var findings: [Finding] {
        var findings = fileLength + functionLengths + unseededRandom
        findings += openTodos(in: comments, path: path)
        if path.hasPrefix("Sources/") { findings += tasksAndClocks }
        if isOnDevices { findings += forbiddenImports + concurrencyOnDevices }
        if path.hasPrefix("Sources/Core/") { findings += coreImports }
        return findings
    }

    private func finding(_ rule: Rule, _ line: Int, _ message: String) -> Finding {
        Finding(rule: rule, path: path, line: line, message: message)
    }

    // MARK: Length

    private var fileLength: [Finding] {
        guard lineCount > Self.fileLines else { return [] }
        return [
            finding(.fileLength, 1, "\(lineCount) lines; a file has at most \(Self.fileLines)")
        ]
    }

    private var functionLengths: [Finding] {
        tokens.indices.compactMap { index in
            guard ["func", "init", "deinit", "subscript"].contains(tokens[index].text),
                // `.init(…)` and `self.init(…)` are calls.
                index == 0 || tokens[index - 1].text != ".",
                let end = endOfBody(after: index)
            else { return nil }
            let lines = tokens[end].line - tokens[index].line + 1
            guard lines > Self.functionLines else { return nil }
            return finding(
                .functionLength, tokens[index].line,
                "a function of \(lines) lines; it has at most \(Self.functionLines)")
        }
    }

    /// The closing brace of the function whose keyword stands at `start`; nil for a requirement of
    /// a protocol, which has no body.
    private func endOfBody(after start: Int) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in tokens.indices[(start + 1)...] {
            switch tokens[index].text {
            case "(", "[": parentheses += 1
            case ")", "]": parentheses -= 1
            case "{" where parentheses == 0: braces += 1
            case "}" where parentheses == 0:
                braces -= 1
                if braces == 0 { return index }
                if braces < 0 { return nil }
            case "func", "var", "let", "init", "case", "struct", "extension":
                if braces == 0 && parentheses == 0 { return nil }
            default: break
            }
        }
        return nil
    }

    // MARK: Time, chance and tasks

    /// They escape structure, tests and simulation.
    private var tasksAndClocks: [Finding] {
        occurrences(of: ["Task", "{"]).map {
            finding(.unstructuredTask, $0, "`Task {`; use a task group or a service")
        }
            + occurrences(of: ["Task", ".", "detached"]).map {
                finding(.unstructuredTask, $0, "`Task.detached`; use a task group or a service")
            }
            + occurrences(of: ["Date", "(", ")"]).map {
                finding(.systemClock, $0, "`Date()`; take the time as an argument")
            }
    }

    /// Chance comes from a generator that the caller gives, so that a run can be repeated.
    private var unseededRandom: [Finding] {
        tokens.indices.compactMap { index in
            guard matches(["random", "("], at: index), index > 0, tokens[index - 1].text == "."
            else { return nil }
            var depth = 0
            for next in tokens.indices[(index + 1)...] {
                switch tokens[next].text {
                case "(": depth += 1
                case ")": depth -= 1
                case "using" where depth == 1: return nil
                default: break
                }
                if depth == 0 { break }
            }
            return finding(
                .unseededRandom, tokens[index].line, "`.random(` without `using:`")
        }
    }

    // MARK: What devices carry

    private var isOnDevices: Bool {
        [
            "Sources/Core/", "Sources/Adapters/", "Sources/Device/",
            "Sources/Programs/flotilla-agent/", "Sources/Programs/flotilla-worker/",
        ].contains { path.hasPrefix($0) }
    }

    private var forbiddenImports: [Finding] {
        let forbidden: Set = [
            "Foundation", "FoundationEssentials", "Dispatch", "Crypto", "Yams", "ArgumentParser",
        ]
        return imports.filter { forbidden.contains($0.text) }.map {
            finding(.forbiddenImport, $0.line, "`import \($0.text)` is too large for a device")
        }
    }

    private var concurrencyOnDevices: [Finding] {
        tokens.filter { ["async", "await", "actor"].contains($0.text) }.map {
            finding(
                .concurrencyOnDevice, $0.line,
                "`\($0.text)` brings the concurrency runtime to the device")
        }
    }

    private var coreImports: [Finding] {
        let allowed: Set = [
            "Digests", "Documents", "FleetModel", "Resolution", "ReleaseTrust", "UnitPlanning",
            "AgentMachine", "WireMessages", "DeviceLink", "RolloutEngine", "FleetRegister",
        ]
        return imports.filter { !allowed.contains($0.text) }.map {
            finding(.coreImport, $0.line, "Core is pure and can't import `\($0.text)`")
        }
    }

    /// The modules of `import X`, `import struct X.Y` and the like.
    private var imports: [Token] {
        let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let"]
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "import" else { return nil }
            return tokens[(index + 1)...].first { !kinds.contains($0.text) }
        }
    }

    // MARK: Finding words

    private func matches(_ words: [String], at index: Int) -> Bool {
        tokens[index...].prefix(words.count).map(\.text) == words
    }

    /// The lines on which these tokens follow each other.
    private func occurrences(of words: [String]) -> [Int] {
        tokens.indices.filter { matches(words, at: $0) }.map { tokens[$0].line }
    }
}
