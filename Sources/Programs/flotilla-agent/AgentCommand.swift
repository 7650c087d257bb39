import AgentMachine
import DeviceRecords
import Documents
import FleetModel
import Glibc
import HostSystem
import ResidentAgent

/// The agent's command line.
enum AgentCommand {
    static let usage = """
        usage: flotilla-agent COMMAND [--root DIR]
          run                      follow the channel; stays
          sync                     look at Git and at the disk once, do what follows, and end
          status [--json]          where the device stands, and why
          history [--json]         what happened, and which generations are kept
          diff [A B] [--json]      what differs on the disk; or between two generations
          rollback [--to N] --reason TEXT
                                   back to the generation before; what stood here is not tried again
          hold --reason TEXT [--for 4h]
                                   no apply and no heal until then
          unhold                   end the hold
          recover                  early at boot: make the files whole, and end
          detach                   make files of links through the agent's folder, before it is removed
          retry [DIGEST | --all]   try again what failed here: the last one, one, or all of it
          support FILE             write an archive for whoever helps, without secrets
          check                    is the agent's own configuration right?
          doctor [--json]          clock, disk, trust, names, Git: what is wrong, and the fix
          version
          help
        Exit status: 0 well, 1 not well or refused, 2 wrong usage, 3 the agent can't work, 4 busy.

        """

    static func run(_ arguments: [String]) -> Never {
        do {
            Program.exit(try dispatch(arguments).rawValue)
        } catch let wrong as Usage {
            Program.writeToStandardError("\(wrong.message)\n\n\(usage)")
            Program.exit(AgentExit.usage.rawValue)
        } catch {
            Program.writeToStandardError("flotilla-agent: \(error)\n")
            if Users.effectiveUserID() != 0 {
                Program.writeToStandardError("(not run as root, which most devices want)\n")
            }
            Program.exit(AgentExit.broken.rawValue)
        }
    }

    private static func dispatch(_ arguments: [String]) throws -> AgentExit {
        var words = Words(arguments)
        let root = try Root(absolute(words.value(of: "--root") ?? "/"))
        let asJSON = words.flag("--json")
        let wantsHelp = words.flag("--help") || words.flag("-h")
        if wantsHelp { words = Words(["help"]) }
        switch words.next() {
        case "help":
            try Program.writeToStandardOutput(usage)
            return .well
        case "version":
            try Program.writeToStandardOutput("flotilla-agent \(AgentVersion.current)\n")
            return .well
        case let word?:
            return try work(word, words, root) ?? show(word, words, root, asJSON: asJSON)
        case nil:
            throw Usage("which command?")
        }
    }

    /// What changes the device, or how it goes on; nil where `word` is no such command.
    private static func work(
        _ word: String, _ words: Words, _ root: Root
    ) throws -> AgentExit? {
        var words = words
        switch word {
        case "run":
            try words.finish()
            if try follow(root) { return .well }
            Program.writeToStandardError("another agent is at work on this device\n")
            return .busy
        case "sync":
            try words.finish()
            return try Commands(root).sync(loop(root))
        case "rollback":
            let target = words.value(of: "--to")
            let reason = try required(words.value(of: "--reason"), "say why: --reason TEXT")
            try words.finish()
            return try Commands(root).rollback(
                to: number(target), reason: reason, loop: loop(root))
        case "hold":
            let reason = try required(words.value(of: "--reason"), "say why: --reason TEXT")
            let span = words.value(of: "--for") ?? "4h"
            try words.finish()
            guard let duration = Duration(flotillaText: span) else {
                throw Usage("`\(span)` is not a time span; write 30m, 4h or 2d")
            }
            return try Commands(root).hold(for: duration, reason: reason)
        case "unhold":
            try words.finish()
            return try Commands(root).unhold()
        case "recover":
            try words.finish()
            return EarlyRecovery(root: root, worker: try workerPath()).run()
        case "detach":
            try words.finish()
            return try Commands(root).detach()
        case "retry":
            let all = words.flag("--all")
            let digest = words.next()
            try words.finish()
            return try Commands(root).retry(retryChoice(all: all, digest))
        default: return nil
        }
    }

    /// What only looks.
    private static func show(
        _ word: String, _ words: Words, _ root: Root, asJSON: Bool
    ) throws -> AgentExit {
        var words = words
        switch word {
        case "status":
            try words.finish()
            return try Commands(root).status(asJSON: asJSON)
        case "history":
            try words.finish()
            return try Commands(root).history(asJSON: asJSON)
        case "diff":
            let (first, second) = (words.next(), words.next())
            try words.finish()
            return try Commands(root).diff(number(first), number(second), asJSON: asJSON)
        case "check":
            try words.finish()
            try Doctor.check(AgentConfiguration(of: root))
            try Program.writeToStandardOutput("the configuration is right\n")
            return .well
        case "doctor":
            try words.finish()
            return try Doctor(root: root, worker: workerPath()).run(asJSON: asJSON)
        case "support":
            let file = try required(words.next(), "say where: support FILE")
            try words.finish()
            return try Commands(root).support(
                to: absoluteFile(file), Doctor(root: root, worker: workerPath()))
        default:
            throw Usage("unknown command `\(word)`")
        }
    }

    /// A folder as everybody understands it: workers, and names that are made of it, know nothing of
    /// the folder in which the agent was started. One that is not there is told by who opens it.
    private static func absolute(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Each change of the disk feeds the watchdog: a flip may take long on a slow one, and only where
    /// nothing moves any more a new life helps.
    private static func follow(_ root: Root) throws -> Bool {
        let notifier = ServiceNotifier()
        let watched = try Root(root.hostPath) { _, _ in notifier.alive() }
        return try loop(watched, notifier).run()
    }

    private static func loop(
        _ root: Root, _ notifier: ServiceNotifier = ServiceNotifier()
    ) throws -> AgentLoop {
        try AgentLoop(
            root: root, configuration: AgentConfiguration(of: root), worker: workerPath(),
            notifier: notifier)
    }

    /// The worker stands beside the agent.
    private static func workerPath() throws -> String {
        let agent = try Program.ownPath()
        return DevicePath.join(DevicePath.parent(of: agent), "flotilla-worker")
    }

    private static func required(_ text: String?, _ message: String) throws -> String {
        guard let text, !text.isEmpty else { throw Usage(message) }
        return text
    }

    private static func retryChoice(all: Bool, _ digest: String?) throws -> RetryChoice {
        switch (all, digest) {
        case (true, nil): return .all
        case (false, nil): return .last
        case (false, let digest?):
            guard digest.utf8.count >= 8 else {
                throw Usage("write at least eight digits of the digest; `status --json` lists them")
            }
            return .digest(digest)
        case (true, .some): throw Usage("a digest, or --all, not both")
        }
    }

    /// The same for a file that is to be made.
    private static func absoluteFile(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return DevicePath.join(absolute("."), path)
        }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return DevicePath.join(absolute(folder), path[path.utf8.index(after: slash)...])
    }

    private static func number(_ text: String?) throws -> Int? {
        guard let text else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw Usage("`\(text)` is not the number of a generation")
        }
        return number
    }
}
