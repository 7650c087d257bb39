package import Documents
internal import FleetModel
package import ReleaseTrust

/// Why a command could not do what it was asked for, and what to do next.
package struct OperatorError: Error, Equatable, Sendable, CustomStringConvertible {
    package var status: ExitStatus
    package var message: String
    package var fix: String
    /// The faults that were found, where there are several.
    package var diagnostics: [Diagnostic] = []
    /// The verdict of ReleaseTrust, where it refused.
    package var refusal: TrustRefusal?

    package init(_ status: ExitStatus, _ message: String, fix: String) {
        self.status = status
        self.message = message
        self.fix = fix
    }

    package init(_ refusal: TrustRefusal) {
        self.init(
            .refused,
            "release \(refusal.release.short) is refused (\(refusal.code.rawValue)): \(refusal.message)",
            fix: refusal.fix)
        self.refusal = refusal
    }

    package init(_ invalid: InvalidDocument, _ message: String, fix: String) {
        self.init(.refused, message, fix: fix)
        diagnostics = invalid.diagnostics
    }

    package var description: String { "\(message)\n    fix: \(fix)" }

    package var json: JSONValue {
        var error: [String: JSONValue] = ["message": .string(message), "fix": .string(fix)]
        if !diagnostics.isEmpty { error["diagnostics"] = .array(diagnostics.map(\.json)) }
        if let refusal { error["refusal"] = refusal.json }
        return ["ok": false, "status": .integer(Int64(status.rawValue)), "error": .object(error)]
    }
}

extension Diagnostic {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "file": .string(file), "message": .string(message), "fix": .string(fix),
        ]
        if let position {
            members["line"] = .integer(Int64(position.line))
            members["column"] = .integer(Int64(position.column))
        }
        return .object(members)
    }
}

extension TrustRefusal {
    var json: JSONValue {
        [
            "code": .string(code.rawValue), "release": .string(release.text),
            "message": .string(message), "fix": .string(fix),
        ]
    }
}
