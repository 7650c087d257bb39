package import FleetAnswers
package import FleetModel

/// What somebody wants to see on the page: which devices in the table, and one of them closely. The
/// page's address says it, so it can be kept, shared and reloaded.
package struct PageSelection: Sendable {
    package var devices: DeviceQuery
    package var device: DeviceID?

    package init(
        devices: DeviceQuery = DeviceQuery(), device: DeviceID? = nil
    ) {
        self.devices = devices
        self.device = device
    }

    /// Whether the table shows fewer devices than there are, its paging aside.
    package var isNarrowed: Bool {
        devices.standing != nil || devices.selector != nil || devices.onlyDrifting
            || devices.text != nil
    }

    /// The page's address with this selection.
    var link: String {
        var pairs: [String] = []
        func add(_ name: String, _ value: String?) {
            if let value { pairs.append("\(name)=\(percentEncoded(value))") }
        }
        add("state", devices.standing)
        add("selector", devices.selector?.description)
        add("drift", devices.onlyDrifting ? "true" : nil)
        add("text", devices.text)
        add("limit", devices.limit == DeviceQuery.defaultLimit ? nil : "\(devices.limit)")
        add("after", devices.after?.text)
        add("device", device?.text)
        return pairs.isEmpty ? "/" : "/?" + pairs.joined(separator: "&")
    }

    /// The same with something changed; always from the first device on.
    func link(_ change: (inout PageSelection) -> Void) -> String {
        var selection = self
        selection.devices.after = nil
        change(&selection)
        return selection.link
    }
}

/// Everything but what RFC 3986 leaves free.
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }
    }
    return encoded
}
