internal import Documents
internal import FleetModel

/// What the names in a template mean for one device.
struct TemplateNames {
    private let variables: Variables
    private let labels: Labels
    /// Names that have a value on devices but not here, for lint.
    private let assumed: Set<String>

    init(variables: Variables, labels: Labels, assumed: Set<String> = []) {
        self.variables = variables
        self.labels = labels
        self.assumed = assumed
    }

    private static let labelPrefix = "label."

    func value(of name: String) -> String? {
        let known: String? =
            if name == "device.id" {
                labels[name]
            } else if name.hasPrefix(Self.labelPrefix) {
                labels[
                    String(
                        decoding: name.utf8.dropFirst(Self.labelPrefix.utf8.count), as: UTF8.self)]
            } else {
                variables[name]?.value
            }
        return known ?? (assumed.contains(name) ? "" : nil)
    }

    /// What to do about a name that means nothing.
    func advice(on name: String) -> String {
        let names =
            variables.byName.keys + labels.byKey.keys.map { Self.labelPrefix + $0 } + assumed
            + ["device.id"]
        let nearest = names.sorted(by: byBytes).min {
            editDistance($0, name) < editDistance($1, name)
        }
        if let nearest, editDistance(nearest, name) <= 2 {
            return "Did you mean `\(nearest)`?"
        }
        if name.hasPrefix(Self.labelPrefix) {
            return "Give the device this label, or write one that it has."
        }
        return
            "Set it below `vars:` in \(FleetLayout.fleetFile), in a group's or the device's file."
    }

    /// `name`, `device.id` or `label.KEY`.
    static func isName(_ text: String) -> Bool {
        if Variables.isName(text) || text == "device.id" { return true }
        guard text.hasPrefix(labelPrefix) else { return false }
        do throws(TextFault) {
            try LabelSyntax.checkKey(
                String(decoding: text.utf8.dropFirst(labelPrefix.utf8.count), as: UTF8.self))
            return true
        } catch {
            return false
        }
    }
}
