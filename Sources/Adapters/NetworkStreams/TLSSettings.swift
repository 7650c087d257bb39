package import FleetModel

/// How a TLS server is believed, and how we show who we are.
package struct TLSSettings: Sendable {
    /// A PEM file of the certificate authorities; nil is the system's.
    package var authoritiesFile: String?
    /// PEM files of our own certificate (with its chain) and key; both or none.
    package var certificateFile: String?
    package var keyFile: String?
    /// Certificates are judged at this time where the clock is behind it: a device without a
    /// battery wakes up in 1970.
    package var notBefore: Instant?

    package init() {}
}
