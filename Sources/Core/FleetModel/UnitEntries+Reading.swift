internal import Documents

extension UnitEntry {
    private static let suffixes = [
        ".service", ".socket", ".timer", ".path", ".mount", ".automount", ".swap", ".target",
        ".slice",
    ]

    static func read(_ node: Node, _ collector: inout FaultCollector) -> UnitEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a unit")
        let name = reader.requiredParsed("name", unitName)
        let enabled = reader.bool("enabled")
        let activity: DesiredUnit.Activity? = reader.choice("state")
        let restartOn = reader.parsedList("restart-on", AbsolutePath.parse)
        let reloadOn = reader.parsedList("reload-on", AbsolutePath.parse)
        let after = reader.parsedList("after", unitName)
        let drift: DriftPolicy? = reader.choice("drift")
        let namePosition = reader.node("name")?.position ?? node.position
        collector.finish(&reader)
        guard let name else { return nil }
        return UnitEntry(
            name: name, namePosition: namePosition, enabled: enabled, activity: activity,
            restartOn: restartOn, reloadOn: reloadOn, after: after, drift: drift)
    }

    /// A name as systemd.unit(5) has it, with its suffix; never an option of systemctl.
    static func unitName(_ text: String) throws(TextFault) -> String {
        let isValid =
            text.utf8.count <= 255 && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
                    || ":-_.\\@".utf8.contains($0)
            } && suffixes.contains { text.hasSuffix($0) && text.utf8.count > $0.utf8.count }
        guard isValid else {
            throw TextFault(
                "\(quoted(text)) is not the name of a unit",
                fix: "Write it with its suffix, such as `telemetry.service`.")
        }
        return text
    }
}

extension ValidatorEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> ValidatorEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a check")
        let command = reader.requiredNode("command") == nil ? nil : reader.command("command")
        let timeout = reader.duration(
            "timeout", in: Limits.gateInterval...Limits.checkTimeout)
        let view: DesiredValidator.View? = reader.choice("view")
        collector.finish(&reader)
        return command.map {
            ValidatorEntry(command: $0, timeout: timeout, view: view ?? .stage)
        }
    }
}

extension HookEntry {
    static func readAll(
        _ reader: inout MappingReader, _ collector: inout FaultCollector
    ) -> [HookEntry] {
        var hooks: [HookEntry] = []
        for element in reader.list("hooks") {
            guard let hook = read(element, &collector) else { continue }
            if let other = hooks.first(where: { $0.name == hook.name }) {
                reader.report(
                    at: hook.namePosition,
                    "the hook `\(hook.name)` is already in this bundle, in line \(other.namePosition.line)",
                    fix: "Give each hook a name of its own.")
            }
            hooks.append(hook)
        }
        return hooks
    }

    private static func read(_ node: Node, _ collector: inout FaultCollector) -> HookEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a hook")
        let name = reader.requiredParsed("name", CheckEntry.checkName)
        let moment: DesiredHook.Moment? =
            reader.requiredNode("moment") == nil ? nil : reader.choice("moment")
        let command = reader.requiredNode("command") == nil ? nil : reader.command("command")
        let on = reader.parsedList("on", AbsolutePath.parse)
        let timeout = reader.duration("timeout", in: Limits.gateInterval...Limits.checkTimeout)
        let namePosition = reader.node("name")?.position ?? node.position
        collector.finish(&reader)
        guard let name, let moment, let command else { return nil }
        return HookEntry(
            name: name, namePosition: namePosition, moment: moment, command: command, on: on,
            timeout: timeout)
    }
}
