internal import Foundation
package import HostSystem

/// A program that runs beside the demo, with its output in a file. It is ended by its number, at
/// the latest when the last reference to it goes.
package final class Background {
    package let name: String
    private let child: RunningChild
    private let watchman: Watchman

    package init(
        _ name: String, _ program: String, _ arguments: [String], log: String,
        _ watchman: Watchman
    ) throws {
        self.name = name
        self.watchman = watchman
        // The shell becomes the program, so that its number is the program's.
        child = try ChildCommand(
            "/bin/sh", ["-c", #"exec "$@" >>"$LOG" 2>&1"#, "sh", program] + arguments,
            environment: Toolbox.environment.merging(["LOG": log]) { _, own in own }
        ).start()
    }

    package var pid: Int32 { child.pid }

    /// How it ended; nil while it runs.
    package var status: ExitStatus? { child.reap() }

    /// Lets it go on when the demo is over.
    func outliveTheDemo() {
        // The last reference would end it, so this one is never given back.
        _ = Unmanaged.passRetained(child)
    }

    package func send(_ signal: Int32) { _ = Foundation.kill(child.pid, signal) }

    /// Ends it at once, as a crash would, and waits until it is gone.
    package func kill() throws {
        send(SIGKILL)
        guard try watchman.wait(atMost: .seconds(10), until: { status != nil }) else {
            throw DemoError("\(name) (process \(pid)) does not end")
        }
    }

    /// Asks it to end. Where it does not, it is killed, and that is an error.
    package func end() throws {
        guard status == nil else { return }
        send(SIGTERM)
        if try watchman.wait(atMost: .seconds(15), until: { status != nil }) { return }
        try kill()
        throw DemoError("\(name) (process \(pid)) had to be killed: SIGTERM did not end it")
    }
}
