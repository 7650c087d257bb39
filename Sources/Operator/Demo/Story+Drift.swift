internal import Foundation

/// Somebody changes files of the device by hand.
extension Story {
    func drift() throws {
        try healed("an edited file is put back", "/etc/motd") { path in
            try append("It was me.\n", to: path)
        }
        try healed("a changed mode is put back", "/etc/telemetry/telemetry.conf") { path in
            chmod(path, 0o666)
        }
        try healed("a removed program is put back", "/usr/local/bin/fleet-telemetry") { path in
            try FileManager.default.removeItem(atPath: path)
        }
        try healed(
            "an edit through a link is put back", "/etc/nginx/sites-enabled/portal.conf"
        ) { path in
            try append("# It was me again.\n", to: path)
        }
    }

    private func healed(
        _ name: String, _ path: String, _ damage: (String) throws -> Void
    ) throws {
        try damage(world.device.root + path)
        var status = allIsWell
        status["last.kind"] = .exactly("healed")
        status["last.detail"] = .containing(path)
        try check(name, current, status)
    }

    func append(_ text: String, to path: String) throws {
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw DemoError("\(path) can't be written")
        }
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
    }
}
