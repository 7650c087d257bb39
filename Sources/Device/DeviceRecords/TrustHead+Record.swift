package import Documents
package import ReleaseTrust

extension TrustHead: DeviceRecord {
    package static var recordName: String { "trust head" }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        try self.init(node, file: file)
    }
}

extension TrustAnchor: DeviceRecord {
    package static var recordName: String { "anchor" }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        try self.init(node, file: file)
    }
}
