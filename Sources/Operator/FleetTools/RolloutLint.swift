internal import Documents
internal import FleetModel
internal import ReleaseTrust

/// What stands in `fleet.yaml` and has no effect, or none without something that stands elsewhere.
struct RolloutLint {
    private let fleet: Node
    private let signers: AllowedSigners?

    /// What an aggregator signs for, so that devices obey it and forget what it has heard.
    private static let namespaces = ["flotilla-order", "flotilla-ack"]

    /// `signers` is nil where they can't be read, which others tell.
    init(fleet: Node, signers: AllowedSigners?) {
        self.fleet = fleet
        self.signers = signers
    }

    var warnings: [Diagnostic] { [unheardOrders, topic].compactMap { $0 } }

    /// Devices that wait for orders, and believe nobody's.
    private var unheardOrders: Diagnostic? {
        var reader = reader
        guard let signers, let place = reader.node("rollout"),
            case .scalar(let scalar) = place.content, scalar.text == RolloutMode.waves.rawValue
        else { return nil }
        let missing = Self.namespaces.filter { namespace in
            !signers.signers.contains { $0.key.isSupported && $0.admits(namespace: namespace) }
        }
        guard !missing.isEmpty else { return nil }
        let names = missing.map { "`\($0)`" }.joined(separator: " and ")
        return Diagnostic(
            file: FleetLayout.fleetFile, position: place.position,
            message: "devices wait for the orders of an aggregator, and no line of "
                + "\(FleetLayout.allowedSigners) admits \(names): no release would ever get through",
            fix:
                "Put the line there that `flotilla ca issue DIR aggregator` prints, and publish it."
        )
    }

    private var topic: Diagnostic? {
        var reader = reader
        guard let place = reader.node("topic") else { return nil }
        return Diagnostic(
            file: FleetLayout.fleetFile, position: place.position,
            message: "`topic` has no effect here: nobody who connects to the broker reads it",
            fix: "Remove it, and write `topic` below `broker` in each agent.yaml and in "
                + "aggregator.yaml.")
    }

    private var reader: MappingReader {
        MappingReader(fleet, file: FleetLayout.fleetFile, what: "the fleet's manifest")
    }
}
