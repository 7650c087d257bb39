internal import Glibc
internal import Subprocess
internal import SystemPackage

/// Runs the operator's own Git in one folder, with the operator's own configuration: so signing
/// works with every key, agent and token that already works for `git commit -S`.
struct Git: Sendable {
    struct Output: Sendable {
        let isSuccess: Bool
        let bytes: [UInt8]
        let complaint: String

        var text: String {
            String(decoding: bytes, as: UTF8.self).trimmed
        }
    }

    let folder: String

    /// Runs Git to its end, whatever comes of it.
    func attempt(_ arguments: [String], input: String = "") async throws(OperatorError) -> Output {
        try await runProgram("git", ["-C", folder] + arguments, input: input)
    }

    /// Runs Git, which must succeed, and returns what it printed.
    @discardableResult
    func run(
        _ arguments: [String], input: String = "", fix: String? = nil
    ) async throws(OperatorError) -> String {
        let output = try await attempt(arguments, input: input)
        guard output.isSuccess else {
            throw OperatorError(
                .environment,
                "`git \(arguments.prefix(2).joined(separator: " "))` failed in \(folder): "
                    + output.complaint,
                fix: fix ?? "Do what Git says, and try again.")
        }
        return output.text
    }

    /// One setting, or nil where it is not set.
    func setting(_ name: String) async throws(OperatorError) -> String? {
        let output = try await attempt(["config", "--get", name])
        return output.isSuccess && !output.text.isEmpty ? output.text : nil
    }
}

/// Runs a program that must exist, to its end.
///
/// - Parameter speaksToOperator: what it writes to standard error goes to ours, so that it can ask
///   for a finger on a hardware key.
func runProgram(
    _ program: String, _ arguments: [String], input: String = "", speaksToOperator: Bool = false
) async throws(OperatorError) -> Git.Output {
    let executable: Executable =
        program.contains("/") ? .path(FilePath(program)) : .name(program)
    let environment = Environment.inherit.updating(["LC_ALL": "C"])
    do {
        if speaksToOperator && isatty(STDERR_FILENO) == 1 {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: environment,
                input: .string(input), output: .bytes(limit: outputLimit),
                error: .currentStandardError)
            return Git.Output(
                isSuccess: result.terminationStatus.isSuccess, bytes: result.standardOutput,
                complaint: "")
        }
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: environment,
            input: .string(input), output: .bytes(limit: outputLimit),
            error: .string(limit: outputLimit))
        return Git.Output(
            isSuccess: result.terminationStatus.isSuccess, bytes: result.standardOutput,
            complaint: result.standardError.trimmed)
    } catch {
        throw OperatorError(
            .environment, "`\(program)` can't be run: \(error)",
            fix: "Install it: `apt install git openssh-client`.")
    }
}

/// More than any command prints of which we want to read all.
private let outputLimit = 16 << 20

extension String {
    /// Without blanks and line ends around it.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
