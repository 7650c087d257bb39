package import Documents
package import FleetModel

/// What `flotilla init` made, and how to go on.
package struct FleetInitialization: Report, Sendable {
    package let folder: String
    package let channel: ChannelName
    package let release: Revision
    package let principal: String
    package let keyPath: String
    package let isKeyNew: Bool
    package let anchorPath: String
    package let device: DeviceID

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        [
            "ok": true, "status": 0, "folder": .string(folder),
            "channel": .string(channel.description), "release": .string(release.text),
            "principal": .string(principal),
            "key": ["path": .string(keyPath), "new": .bool(isKeyNew)],
            "anchor": .string(anchorPath), "device": .string(device.text),
        ]
    }

    package func lines(on terminal: Terminal) -> [String] {
        let keyNote = isKeyNew ? "new, without a passphrase" : "your own"
        var facts = Table(header: ["made", "where"])
        facts.add([.init("fleet repository"), .init("\(folder), branch draft")])
        facts.add([.init("first release"), .init("\(release.short) of \(channel)")])
        facts.add([.init("signing key"), .init("\(keyPath) (\(keyNote), \(principal))")])
        facts.add([.init("anchor"), .init(anchorPath)])
        facts.add([.init("example device"), .init("devices/…/\(device).yaml")])
        return [terminal.styled("the fleet `\(channel.fleet)` is ready", .green)]
            + facts.lines(on: terminal) + [""] + nextSteps
    }

    private var nextSteps: [String] {
        var steps = [
            "next:",
            "  1. Keep the key safe, and a copy of it offline: who has it can change every device.",
        ]
        if isKeyNew { steps.append("     Give it a passphrase: ssh-keygen -p -f \(keyPath)") }
        return steps + [
            "  2. Push both branches to your Git server:",
            "     git -C \(folder) remote add origin URL",
            "     git -C \(folder) push origin draft \(channel.channel)",
            "  3. On the device, install the anchor as /etc/flotilla/anchor, and write",
            "     /etc/flotilla/agent.yaml:",
            "       device: \(device)",
            "       channel: \(channel.channel)",
            "       repository: {url: URL}",
            "  4. Change something, commit it, and publish: flotilla publish",
        ]
    }
}
