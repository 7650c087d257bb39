internal import Documents
internal import FleetModel

extension LintRun {
    /// Every device's file, in its place and right in itself.
    mutating func checkDevices() throws(ResolutionError) {
        for shard in try entries(of: FleetLayout.devices) ?? [] where !isForPeople(shard.name) {
            let folder = "\(FleetLayout.devices)/\(shard.name)"
            guard shard.kind == .folder else {
                report(
                    folder, "a device's file can't stand here",
                    fix: "Put it into the folder of its id; `flotilla lint` names it.")
                checkName(shard.name, in: nil)
                continue
            }
            for entry in try entries(of: folder) ?? [] where !isForPeople(entry.name) {
                guard let id = checkName(entry.name, in: shard.name),
                    let reading = try manifests.device(id)
                else { continue }
                devices.append(id)
                report(reading.diagnostics)
                guard let manifest = reading.manifest else { continue }
                for (key, value) in manifest.labels { deviceLabels[key, default: []].insert(value) }
                variableNames.formUnion(manifest.variables.byName.keys)
            }
        }
    }

    /// The device of a file's name; nil, and reported, where it has none or stands elsewhere.
    @discardableResult
    private mutating func checkName(_ name: String, in shard: String?) -> DeviceID? {
        let folder = shard.map { "\(FleetLayout.devices)/\($0)" } ?? FleetLayout.devices
        let suffix = ".yaml"
        guard name.hasSuffix(suffix),
            let id = DeviceID(
                String(decoding: name.utf8.dropLast(suffix.utf8.count), as: UTF8.self))
        else {
            report(
                "\(folder)/\(name)", "the name is not a device's id and `.yaml`",
                fix: "An id is \(DeviceID.rule).")
            return nil
        }
        guard shard == FleetLayout.shard(of: id) else {
            report(
                "\(folder)/\(name)", "no device would find this file",
                fix: "Move it to `\(FleetLayout.deviceFile(id))`.")
            return nil
        }
        return id
    }

    /// Every group's file, and whether a device can be in the group.
    mutating func checkGroups() throws(ResolutionError) {
        _ = try entries(of: FleetLayout.groups)
        for path in try manifests.groupPaths() where !isForPeople(path) {
            guard let group = GroupFile(path) else {
                report(
                    "\(FleetLayout.groups)/\(path)", "the name is not `<label>=<value>.yaml`",
                    fix: "Name it after a label and its value, such as `site=berlin.yaml`.")
                continue
            }
            guard let reading = try manifests.group(at: group.file) else { continue }
            report(reading.diagnostics)
            variableNames.formUnion(reading.manifest?.variables.byName.keys ?? [:].keys)
            let values = (fleet?.localLabels[group.key] ?? []) + (deviceLabels[group.key] ?? [])
            if !values.contains(group.value), !Labels.builtInKeys.contains(group.key) {
                report(
                    group.file, "no device has the label `\(group.key)=\(group.value)`",
                    fix: "Correct the name, or give a device this label.", as: .warning)
            }
        }
    }

    /// What each device of the repository would say. A fault that several devices share is told
    /// once.
    mutating func resolveDevices() throws(ResolutionError) {
        guard fleet != nil else { return }
        var order: [String] = []
        var faults: [String: (diagnostic: Diagnostic, devices: [DeviceID])] = [:]
        for id in devices {
            let resolution = DeviceResolution(
                subject: DeviceSubject(linting: id), manifests: manifests)
            do throws(ResolutionError) {
                _ = try resolution.resolve()
            } catch {
                if case .unreadable = error.code { throw error }
                for diagnostic in error.diagnostics where !isReported(diagnostic) {
                    let key = diagnostic.description
                    if faults[key] == nil { order.append(key) }
                    faults[key, default: (diagnostic, [])].devices.append(id)
                }
            }
        }
        for key in order {
            guard let (diagnostic, devices) = faults[key], let first = devices.first else {
                continue
            }
            var told = diagnostic
            let others = devices.count - 1
            told.message += " (on the device `\(first)`"
            told.message +=
                others == 0 ? ")" : " and \(others) other\(others == 1 ? "" : "s"))"
            report([told])
            failedOnDevices.insert(key)
        }
    }
}
