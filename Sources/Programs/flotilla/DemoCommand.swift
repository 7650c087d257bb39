internal import ArgumentParser
internal import Demo
internal import Foundation

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a device in a world of its own, and check every step of its story.",
        discussion: """
            Needs root, Git, OpenSSH and lighttpd; touches nothing outside a folder in /tmp. KEEP=1 \
            leaves the world up. DEMO_BREAK=verify|gate|heal swaps in one real fault, and the demo \
            must then fail. docs/demo.md tells more.
            """)

    @Option(help: "The sample fleet repository.")
    var fleet = "Fleet"

    @Option(help: "The seed of an earlier run, to kill the agent at the same moments.")
    var seed: UInt64?

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        var chance = SystemRandomNumberGenerator()
        var options = DemoOptions(
            seed: seed ?? UInt64(UInt32.random(in: 0 ... .max, using: &chance)))
        options.fleet = fleet
        options.keepsWorld = environment["KEEP"] == "1"
        if let name = environment["DEMO_BREAK"], !name.isEmpty {
            guard let fault = DemoFault(rawValue: name) else {
                let names = DemoFault.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("DEMO_BREAK must be one of \(names), not `\(name)`.")
            }
            options.fault = fault
        }
        let status = FleetDemo.run(options)
        if status != 0 { throw ExitCode(status) }
    }
}
