internal import FleetModel

/// The twelve devices of the fleet story: the seven of the sample fleet, and five more.
enum FleetRoster {
    /// The one that every release meets first.
    static let canary = "gateway-berlin-1"

    static let devices: [SampleDevice] =
        [
            SampleDevice.gateway,
            SampleDevice("gateway-potsdam-1", .gateway, .potsdam),
            SampleDevice(
                "kiosk-berlin-1", .kiosk, .berlin,
                ["kiosk_page": "https://tickets.harbour.example/entrance"]),
            SampleDevice(
                "kiosk-berlin-2", .kiosk, .berlin,
                [
                    "kiosk_page": "https://tickets.harbour.example/pier",
                    "kiosk_brightness": "100",
                ]),
            SampleDevice("kiosk-potsdam-1", .kiosk, .potsdam),
            SampleDevice(
                "sensor-hub-berlin-1", .sensorHub, .berlin, ["sensor_bus": "/dev/ttyUSB0"]),
            SampleDevice(
                "sensor-hub-potsdam-1", .sensorHub, .potsdam,
                ["sensor_bus": "/dev/ttyS1", "telemetry_interval": "10m"]),
        ] + added

    /// Those that the sample fleet does not have.
    private static let added = [
        SampleDevice("gateway-berlin-2", .gateway, .berlin),
        SampleDevice("gateway-potsdam-2", .gateway, .potsdam),
        SampleDevice("kiosk-berlin-3", .kiosk, .berlin),
        SampleDevice("kiosk-potsdam-2", .kiosk, .potsdam),
        SampleDevice(
            "sensor-hub-berlin-2", .sensorHub, .berlin, ["sensor_bus": "/dev/ttyUSB1"]),
    ]

    /// Writes the devices' files: those that are new, and with the label `ring` those that are there.
    static func write(to desk: OperatorDesk) throws {
        let isAdded = Set(added.map(\.id))
        for device in devices {
            guard let id = DeviceID(device.id) else { throw DemoError("\(device.id) is no id") }
            let file = FleetLayout.deviceFile(id)
            let ring = device.id == canary ? "canary" : "stable"
            if isAdded.contains(device.id) {
                var text = "labels:\n  role: \(device.role.rawValue)\n  site: \(device.site)\n"
                text += "  ring: \(ring)\n"
                if !device.ownValues.isEmpty { text += "vars:\n" }
                for (name, value) in device.ownValues { text += "  \(name): \(value)\n" }
                try desk.write(file, text)
            } else {
                let site = "  site: \(device.site)\n"
                try desk.replace(site, with: site + "  ring: \(ring)\n", in: file)
            }
        }
    }

    /// Three waves: one device, half of all, the rest. The times are short so that the demo is.
    ///
    /// - Parameter soak: seconds that the canary has to be well.
    static func rollout(soak: Int = 4) -> String {
        """
        # How a release reaches the devices: one first, then half of them, then all.
        format: 1
        waves:
          - name: canary
            match: ring=canary
            limit: 1
            soak: \(soak)s
          - name: half
            limit: 50%
            soak: 2s
        stop: {failures: 1}
        silentAfter: 2m
        spread: 0s

        """
    }
}
