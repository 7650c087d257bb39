import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

/// Runs `body` with the device as it is seen in a mount namespace of its own, where `script` has
/// mounted things. The namespace ends with its last process. Says so where this machine, like many a
/// container, may not mount.
func withMounts(
    _ script: String, in device: TestDevice, _ body: (TestDevice) throws -> Void
) throws {
    let holder = try ChildCommand(
        "unshare",
        [
            "--mount", "sh", "-c", "cd \"$1\" && \(script) && echo ready && exec sleep 300",
            "sh", device.folder,
        ]
    ).start()
    let end = Clocks.monotonic() + .seconds(20)
    while holder.output.isEmpty, holder.reap() == nil, Clocks.monotonic() < end {
        var requests = holder.descriptors.map { PollRequest(reading: $0) }
        try PollRequest.wait(for: &requests, timeout: .seconds(20))
        holder.collect()
    }
    guard String(decoding: holder.output, as: UTF8.self) == "ready\n" else {
        print("skipped: this machine does not let us mount: \(script)")
        return
    }
    try body(try TestDevice("/proc/\(holder.pid)/root\(device.folder)"))
    // The child ends with its last reference.
    withExtendedLifetime(holder) {}
}

/// Runs a program and gives what it says; nil, and a word about it, where the machine has none.
func output(of program: String, _ arguments: [String]) throws -> String? {
    do throws(SystemError) {
        let outcome = try ChildCommand(program, arguments).run(deadline: .seconds(60))
        guard outcome.isSuccess else {
            throw SystemError(
                operation: "run", path: program, code: EIO,
                advice: outcome.outputText + outcome.errorText)
        }
        return outcome.outputText
    } catch {
        guard error.isMissing else { throw error }
        print("skipped: \(program) is not installed here")
        return nil
    }
}
