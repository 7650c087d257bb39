/// Something made wrong on purpose, so that a checker can show that it finds it.
package enum PlantedFault: Equatable, Sendable {
    package enum Worker: Equatable, Sendable {
        /// Whatever the server gives is trusted, and needs no order.
        case skipsVerification
    }

    package enum Aggregator: Equatable, Sendable {
        /// Reports that nobody signed are believed.
        case believesForgeries
        /// One device is left out when the fleet is counted.
        case forgetsDevice
        /// Devices may forget what the database does not have yet.
        case acknowledgesEarly
        /// Orders are published once and never again.
        case neverRenews
    }

    case worker(Worker)
    case aggregator(Aggregator)
}
