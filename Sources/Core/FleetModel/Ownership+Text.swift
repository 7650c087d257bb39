extension Ownership {
    /// `user:group`, or `user` alone for the group of the same name. Names or decimal numbers.
    package init(_ text: String) throws(TextFault) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isAccount) else {
            throw TextFault(
                "\(quoted(text)) is not an owner",
                fix: "Write `user` or `user:group`, such as `root:adm`.")
        }
        self.init(user: parts[0], group: parts[parts.count - 1])
    }

    /// A name that useradd(8) takes, or a number below the one that the kernel reserves.
    private static func isAccount(_ text: String) -> Bool {
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return UInt32(text).map { $0 != .max } ?? false
        }
        guard let first = text.utf8.first, text.utf8.count <= 32, first != 0x2d else {
            return false
        }
        return text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
                || $0 == 0x5f || $0 == 0x2d || $0 == 0x2e
        }
    }
}
