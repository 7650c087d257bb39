internal import ArgumentParser
internal import Demo
internal import Foundation

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a fleet in a world of its own, and check every step of its story.",
        discussion: """
            Needs root, Git, OpenSSH, lighttpd and Mosquitto; touches nothing outside a folder in \
            /tmp. KEEP=1 leaves the world up. DEMO_BREAK=verify|gate|ack (verify|gate|heal with \
            --story device) swaps in one real fault, and the demo must then fail. docs/demo.md \
            tells more.
            """)

    @Option(help: "`fleet`: twelve devices and an aggregator; `device`: one, in every detail.")
    var story = "fleet"

    @Option(help: "The sample fleet repository.")
    var fleet = "Fleet"

    @Option(help: "The folder with the broker's configuration.")
    var broker = "systemd/broker"

    @Option(help: "The seed of an earlier run, to kill the agent at the same moments.")
    var seed: UInt64?

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        var chance = SystemRandomNumberGenerator()
        var options = DemoOptions(
            seed: seed ?? UInt64(UInt32.random(in: 0 ... .max, using: &chance)))
        guard let story = DemoStory(rawValue: story) else {
            throw ValidationError("--story must be fleet or device, not `\(self.story)`.")
        }
        options.story = story
        options.fleet = fleet
        options.broker = broker
        options.keepsWorld = environment["KEEP"] == "1"
        if let name = environment["DEMO_BREAK"], !name.isEmpty {
            let faults = DemoFault.all(in: story)
            guard let fault = DemoFault(rawValue: name), faults.contains(fault) else {
                let names = faults.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("DEMO_BREAK must be one of \(names), not `\(name)`.")
            }
            options.fault = fault
        }
        let status = FleetDemo.run(options)
        if status != 0 { throw ExitCode(status) }
    }
}
