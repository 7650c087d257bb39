package import Documents
package import FleetModel

/// The files below `trust/` of one release, read but not yet judged.
package struct TrustFiles: Equatable, Sendable {
    package static let allowedSignersPath = FleetLayout.allowedSigners
    package static let policyPath = FleetLayout.policy

    /// A file as it stands in the release.
    package enum Content<Value: Equatable & Sendable>: Equatable, Sendable {
        case missing
        case read(Value)
        /// There, and unusable: too large, or not what it should be.
        case broken(InvalidDocument)
    }

    package var allowedSigners: Content<String>
    package var policy: Content<Node>

    package init(allowedSigners: Content<String>, policy: Content<Node>) {
        self.allowedSigners = allowedSigners
        self.policy = policy
    }

    /// Reads both from a release's tree. `parse` turns YAML into nodes, bounded.
    package init(
        from tree: some RevisionTree,
        parse: (_ bytes: [UInt8], _ file: String) throws(InvalidDocument) -> Node
    ) throws(RevisionTreeError) {
        allowedSigners = try Self.read(
            Self.allowedSignersPath, limit: AllowedSigners.bytesLimit, from: tree
        ) { bytes throws(InvalidDocument) in
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw InvalidDocument(
                    Diagnostic(
                        file: Self.allowedSignersPath, message: "the file is not valid UTF-8",
                        fix: "Save it as UTF-8."))
            }
            return text
        }
        policy = try Self.read(Self.policyPath, limit: Limits.yamlBytes, from: tree) {
            bytes throws(InvalidDocument) in try parse(bytes, Self.policyPath)
        }
    }

    private static func read<Value>(
        _ path: String, limit: Int, from tree: some RevisionTree,
        as parse: ([UInt8]) throws(InvalidDocument) -> Value
    ) throws(RevisionTreeError) -> Content<Value> {
        let bytes: [UInt8]
        do throws(RevisionTreeError) {
            guard let contents = try tree.contents(of: path, limit: limit) else { return .missing }
            bytes = contents
        } catch {
            guard case .tooLarge = error.code else { throw error }
            return .broken(
                InvalidDocument(
                    Diagnostic(
                        file: path, message: "the file has more than \(limit) bytes",
                        fix: "Make it smaller.")))
        }
        do throws(InvalidDocument) {
            return .read(try parse(bytes))
        } catch {
            return .broken(error)
        }
    }
}
