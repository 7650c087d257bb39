import AgentMachine
import DeviceRecords
import Documents
import FleetModel
import HealthProbes
import HostSystem
import JSONDocument
import NetworkStreams
import Staging

/// What the agent starts for one piece of work. The answer is JSON on standard output; what went
/// wrong is told on standard error, for people.
enum WorkerCommand {
    static let usage = """
        usage: flotilla-worker fetch --root DIR
               flotilla-worker stage --tip COMMIT [--verify-only] [--open COMMIT] --root DIR
               flotilla-worker restage --root DIR    (a move as JSON on standard input)
               flotilla-worker validate --root DIR   (a placed command as JSON on standard input)
               flotilla-worker tidy --root DIR
               flotilla-worker probe --root DIR      (a check as JSON on standard input)
               flotilla-worker resolve HOST [PORT]
        The agent adds its process and, where it can make one, a control group to enter:
               --agent PID --group FOLDER
        It is started by flotilla-agent; see docs/device.md.

        """

    static func run(_ arguments: [String]) -> Never {
        do {
            var words = Words(arguments)
            let harness = try Harness(&words)
            let root = try Root(words.value(of: "--root") ?? "/")
            switch words.next() {
            case "fetch":
                try words.finish()
                try answer(FetchWork.run(root: root, harness).json)
            case "stage":
                guard let tip = words.value(of: "--tip").flatMap({ Revision($0) }) else {
                    throw Usage("`stage` needs --tip COMMIT")
                }
                let verifyOnly = words.flag("--verify-only")
                let open = words.value(of: "--open")
                let opened = open.flatMap { Revision($0) }
                guard (open == nil) == (opened == nil) else {
                    throw Usage("`--open` takes a COMMIT")
                }
                try words.finish()
                let absence = harness.leaveNetwork()
                var stage = try RevisionStage(
                    root: root, configuration: AgentConfiguration(of: root),
                    worker: try Program.ownPath())
                // Validators are the fleet's own programs and judge for the machine as it is.
                stage.beforeValidation = { () throws(SystemError) in try absence?.end() }
                try answer(stage.run(tip: tip, applies: !verifyOnly, opened: opened).json)
            case "restage":
                try words.finish()
                _ = harness.leaveNetwork()
                try GenerationStage(root: root).run(try moveFromStandardInput())
                try answer(["format": 1])
            case "validate":
                try words.finish()
                try validate(below: root)
            case "tidy":
                try words.finish()
                _ = harness.leaveNetwork()
                let hasRemoved = try Housekeeping(root: root)?.tidy(urgently: true) ?? false
                try answer(["format": 1, "hasRemoved": .bool(hasRemoved)])
            case "probe":
                try words.finish()
                try answer(ProbeWork.run(root: root, harness).json)
            case "resolve":
                guard let host = words.next() else { throw Usage("`resolve` needs a host") }
                guard let port = Int(words.next() ?? "443"), (1...65_535).contains(port) else {
                    throw Usage("a port is a number from 1 to 65535")
                }
                try words.finish()
                let addresses = try NameResolution.addresses(host: host, port: port)
                try answer(["format": 1, "addresses": .array(addresses.map { .string($0) })])
            default:
                throw Usage("which work is wanted?")
            }
            Program.exit(0)
        } catch let wrong as Usage {
            Program.writeToStandardError(wrong.message + "\n\n" + usage)
            Program.exit(2)
        } catch {
            Program.writeToStandardError("\(error)\n")
            Program.exit(1)
        }
    }

    private static func validate(below root: Root) throws -> Never {
        let bytes = try Program.readStandardInput(limit: Limits.recordBytes)
        let file = "standard input"
        let command = try PlacedCommand(reading: JSON.parse(bytes, file: file), file: file)
        do throws(SystemError) {
            try command.run(below: root.hostPath)
        } catch {
            throw WorkerTrouble("the new files can't be shown at their own paths: \(error)")
        }
    }

    private static func answer(_ value: JSONValue) throws {
        try Program.writeToStandardOutput(value.canonical + "\n")
    }

    private static func moveFromStandardInput() throws -> Move {
        let bytes = try Program.readStandardInput(limit: Limits.recordBytes)
        let file = "standard input"
        return try Journal(reading: JSON.parse(bytes, file: file), file: file).move
    }
}
