/// What is to happen to drift: a path's own word, then its bundle's. What is only observed is told
/// and left alone.
package struct DriftPolicies: Sendable {
    private let bundles: [String: BundlePolicy]

    package init(_ bundles: [BundlePolicy]) {
        self.bundles = Dictionary(
            bundles.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func of(_ bundle: String, _ own: DriftPolicy?) -> DriftPolicy {
        let policy = own ?? bundles[bundle]?.drift ?? .heal
        let isObserved = bundles[bundle]?.mode == .observe
        return isObserved && policy == .heal ? .report : policy
    }
}
