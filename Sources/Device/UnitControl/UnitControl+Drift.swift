internal import DeviceRecords
internal import FleetModel
package import HostSystem
internal import UnitPlanning

extension UnitControl {
    /// systemd answers at once, or is ill.
    package static let showDeadline = Duration.seconds(30)
    /// What it says of one unit; the rest of a longer answer is cut off, and told as missing.
    private static let bytesPerUnit = 16 << 10
    private static let mostBytes = 8 << 20

    static func limit(of units: [String]) -> Int {
        min(units.count * bytesPerUnit, mostBytes)
    }

    /// How to see how units stand; nil where this device's services are not ours to look at.
    package func show(_ units: [String]) -> ChildCommand? {
        guard services == .systemd, !units.isEmpty else { return nil }
        let properties = ShownUnit.properties.joined(separator: ",")
        return ChildCommand(
            "systemctl", ["--no-pager", "show", "--property=\(properties)", "--"] + units,
            outputLimit: Self.limit(of: units))
    }

    /// How to ask systemd for one step of putting a unit right.
    package func ask(_ words: [String]) -> ChildCommand? {
        guard services == .systemd else { return nil }
        return ChildCommand("systemctl", ["--no-ask-password", "--no-pager"] + words)
    }
}
