internal import FleetModel
internal import WireMessages

/// Devices that an order names one by one, by selectors on their built-in label.
enum LeaderList {
    /// Selectors that name devices, and the bytes of each: an order stays a small message.
    static let openings = 4
    private static let bytes = 2_048
    private static let beginning = "device.id in ("

    /// An id may end in a character that no label's value may end in.
    static func canName(_ id: DeviceID) -> Bool {
        do throws(TextFault) {
            try LabelSyntax.checkValue(id.text)
            return true
        } catch {
            return false
        }
    }

    /// As many of the first ones as fit.
    static func prefix(of devices: [DeviceID]) -> [DeviceID] {
        Array(devices.prefix(chunks(of: devices).prefix(openings).reduce(0) { $0 + $1.count }))
    }

    static func openings(to devices: [DeviceID]) -> [Order.Opening] {
        chunks(of: devices).compactMap { chunk in
            let text = beginning + chunk.map(\.text).joined(separator: ", ") + ")"
            do throws(TextFault) {
                return Order.Opening(match: try Selector(text), below: 0, isWhole: true)
            } catch {
                fatalError("\(text) is no selector: \(error.message)")
            }
        }
    }

    private static func chunks(of devices: [DeviceID]) -> [[DeviceID]] {
        var chunks: [[DeviceID]] = []
        var size = bytes
        for device in devices {
            let more = device.text.utf8.count + 2
            if size + more > bytes {
                chunks.append([])
                size = beginning.utf8.count
            }
            chunks[chunks.count - 1].append(device)
            size += more
        }
        return chunks
    }
}
