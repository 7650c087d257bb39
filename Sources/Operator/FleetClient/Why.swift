package import Documents
package import FleetModel
package import FleetTools

/// Why a device stands where it stands: what holds, what does not, and what to do.
package struct Why: Report {
    struct Step: Sendable {
        let isGood: Bool
        let what: String
        let detail: String
        let fix: String
    }

    let device: String
    let verdict: String
    let steps: [Step]
    private let answer: JSONValue

    init(_ answer: Answer) throws(OperatorError) {
        device = try answer.required("device", answer.text("device"))
        verdict = answer.text("verdict") ?? ""
        steps = try answer.requiredObjects("steps").map { Step($0) }
        self.answer = answer.json
    }

    package init(_ server: FleetServer, _ id: DeviceID) async throws(OperatorError) {
        self = try Why(try await server.device(id, "/why"))
    }

    private var isWell: Bool { steps.allSatisfy(\.isGood) }

    package var status: ExitStatus { isWell ? .success : .refused }

    package var json: JSONValue {
        answer.adding(["ok": .bool(isWell), "status": .integer(Int64(status.rawValue))])
    }

    package func lines(on terminal: Terminal) -> [String] {
        terminal.wrapped("\(device): \(verdict)") + [""] + stepLines(on: terminal)
    }

    private func stepLines(on terminal: Terminal) -> [String] {
        Self.lines(of: steps, on: terminal)
    }

    static func lines(of steps: [Step], on terminal: Terminal) -> [String] {
        let signs = Signs(terminal)
        let width = max(signs.yes.count, signs.no.count)
        var lines: [String] = []
        for step in steps {
            let sign = (step.isGood ? signs.yes : signs.no).padded(to: width)
            let indent = width + 3
            let text = terminal.wrapped(
                step.text, indent: indent)
            // The sign stands in the first line's margin, and its colour does not count as width.
            lines.append(
                " \(terminal.styled(sign, step.isGood ? .green : .red))  "
                    + (text.first ?? "").dropFirst(indent))
            lines += text.dropFirst()
            if !step.isGood, !step.fix.isEmpty {
                lines += terminal.wrapped("fix: \(step.fix)", indent: indent)
            }
        }
        return lines
    }
}

extension Why.Step {
    /// Both, whether the first is a sentence or a few words.
    fileprivate var text: String {
        detail.isEmpty ? what : what + (what.hasSuffix(".") ? " " : ": ") + detail
    }

    init(_ answer: Answer) {
        isGood = answer.isTrue("ok")
        what = answer.text("what") ?? ""
        detail = answer.text("detail") ?? ""
        fix = answer.text("fix") ?? ""
    }
}
