extension DeviceTree {
    /// What is not as `expected` says, a line for each path: expected and found. Where `expected`
    /// knows identities, a file that was touched and made the same again differs as well.
    package func differences(from expected: DeviceTree) -> [String] {
        Set(entries.keys).union(expected.entries.keys).sorted().compactMap { path in
            difference(at: path, from: expected.entries[path])
        }
    }

    private func difference(at path: String, from expected: Entry?) -> String? {
        let found = entries[path]
        switch (expected, found) {
        case (nil, nil): return nil
        case (nil, let found?):
            return "\(path): expected nothing, found \(found.content.shown)"
        case (let expected?, nil):
            return "\(path): expected \(expected.content.shown), found nothing"
        case (let expected?, let found?):
            return found.difference(from: expected).map { "\(path): \($0)" }
        }
    }
}

extension DeviceTree.Entry {
    /// What differs in bytes, mode or owner, and in identity where the expected one has it.
    package func difference(from expected: Self) -> String? {
        if content != expected.content {
            let (wanted, seen) = expected.content.shown(against: content)
            return "expected \(wanted), found \(seen)"
        }
        if mode != expected.mode {
            let (wanted, seen) = (String(expected.mode, radix: 8), String(mode, radix: 8))
            return "expected mode \(wanted), found \(seen)"
        }
        if owner != expected.owner { return "expected owner \(expected.owner), found \(owner)" }
        if let identity = expected.identity, identity != self.identity {
            return "expected it untouched, found it written again"
        }
        return nil
    }
}

extension DeviceTree.Content {
    /// What it is, in a few words.
    var shown: String {
        switch self {
        case .file(let bytes): "a file of \(bytes.count) bytes"
        case .folder: "a folder"
        case .link(let bytes?): "a link to a file of \(bytes.count) bytes"
        case .link(nil): "a link to nothing"
        case .other: "a special file"
        }
    }

    /// Both, with the first line in which they differ where both are files.
    func shown(against other: Self) -> (String, String) {
        guard let own = bytes, let foreign = other.bytes else { return (shown, other.shown) }
        let (wanted, seen) = (lines(own), lines(foreign))
        let number = zip(wanted, seen).prefix { $0 == $1 }.count
        func line(_ lines: [String]) -> String {
            number < lines.count ? lines[number].debugDescription : "no more lines"
        }
        return (
            "\(shown), line \(number + 1) \(line(wanted))",
            "\(other.shown), line \(number + 1) \(line(seen))"
        )
    }

    private var bytes: [UInt8]? {
        switch self {
        case .file(let bytes), .link(let bytes?): bytes
        case .folder, .link(nil), .other: nil
        }
    }

    private func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            String(decoding: line.prefix(120), as: UTF8.self)
        }
    }
}
