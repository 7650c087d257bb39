internal import Glibc
package import HostSystem

/// The programs that the demo uses: ours, which stand beside each other, and Debian's.
package struct Toolbox {
    package let watchman: Watchman
    package let flotilla: String
    package let agent: String
    package let aggregator: String

    /// - Parameter folder: where `flotilla`, `flotilla-agent`, `flotilla-worker` and
    ///   `flotilla-aggregator` stand.
    package init(_ watchman: Watchman, programsIn folder: String) {
        self.watchman = watchman
        flotilla = folder + "/flotilla"
        agent = folder + "/flotilla-agent"
        aggregator = folder + "/flotilla-aggregator"
    }

    /// The demo is of little use where half of it is missing.
    static func requirePrograms(in folder: String, for story: DemoStory) throws {
        var names = ["flotilla", "flotilla-agent", "flotilla-worker"]
        if story == .fleet { names.append("flotilla-aggregator") }
        for name in names where access("\(folder)/\(name)", X_OK) != 0 {
            throw DemoError(
                "\(folder)/\(name) is missing, and the demo runs it: build it, or run the `flotilla` "
                    + "that stands beside it")
        }
    }

    /// Nothing of the user's own settings has a say.
    package static let environment = [
        "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8",
    ]

    /// Runs a program, whatever comes of it.
    package func attempt(
        _ program: String, _ arguments: [String], input: [UInt8]? = nil,
        environment: [String: String] = [:]
    ) throws -> ChildOutcome {
        try watchman.run(
            ChildCommand(
                program, arguments,
                environment: Self.environment.merging(environment) { _, own in own },
                standardInput: input, outputLimit: 4 << 20))
    }

    /// Runs the same for several, all at once; gives what came of each, in their order.
    func attemptTogether(_ commands: [(program: String, arguments: [String])]) throws
        -> [ChildOutcome]
    {
        try watchman.run(
            together: commands.map {
                ChildCommand(
                    $0.program, $0.arguments, environment: Self.environment,
                    outputLimit: 4 << 20)
            })
    }

    /// Runs a program that has to succeed; gives what it printed, without the last line end.
    @discardableResult
    package func run(
        _ program: String, _ arguments: [String], input: [UInt8]? = nil
    ) throws -> String {
        let outcome = try attempt(program, arguments, input: input)
        guard outcome.isSuccess else {
            throw DemoError(
                "`\(([program] + arguments).joined(separator: " "))` ended with "
                    + "\(outcome.status): \(outcome.errorText)")
        }
        let text = outcome.outputText
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
