/// Permission bits as people write them: octal, `0644` or `"0644"`.
package enum FileMode {
    package static func parse(_ text: String) throws(TextFault) -> UInt16 {
        guard (3...5).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let mode = UInt16(text, radix: 8), mode <= 0o7777
        else {
            throw TextFault(
                "\(quoted(text)) is not a file mode",
                fix: "Write it in octal digits, such as 0644 or 0755; at most 7777.")
        }
        return mode
    }

    /// The mode of a program: who may read it may run it.
    package static func executable(_ mode: UInt16) -> UInt16 { mode | (mode & 0o444) >> 2 }
}
