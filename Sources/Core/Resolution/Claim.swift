internal import Documents
internal import FleetModel

/// That a bundle manages a path or a unit, and where it says so.
struct Claim {
    enum Subject: Equatable {
        case file(String)
        case link(String)
        case directory(String)
        case unit(String)
    }

    var subject: Subject
    var bundle: String
    var file: String
    var position: SourcePosition
    /// Under which condition, besides the bundle's own.
    var when: Selector?

    var place: String { "\(file):\(position.line):\(position.column)" }

    fileprivate var path: String? {
        switch subject {
        case .file(let path), .link(let path), .directory(let path): path
        case .unit: nil
        }
    }

    fileprivate var isLink: Bool {
        if case .link = subject { true } else { false }
    }

    /// Whether nothing can lie below it.
    fileprivate var isLeaf: Bool {
        switch subject {
        case .file, .link: true
        case .directory, .unit: false
        }
    }

    /// A path begins with a slash and a unit's name never does, so one dictionary holds both.
    fileprivate var key: String {
        switch subject {
        case .file(let path), .link(let path), .directory(let path): path
        case .unit(let name): name
        }
    }
}

/// Two claims that can't both hold.
struct ClaimConflict {
    var first: Claim
    var second: Claim

    /// Told at the second claim. `situation` says for which device, where that is not plain.
    func diagnostic(_ situation: String = "") -> Diagnostic {
        let message: String
        if let above = first.path, let below = second.path, above != below {
            message =
                "the bundle `\(second.bundle)` claims `\(below)`, but `\(above)` is a \(first.isLink ? "link" : "file") of the bundle `\(first.bundle)`, at \(first.place)"
        } else if first.bundle == second.bundle {
            message =
                "the bundle `\(second.bundle)` claims `\(second.key)` twice, first at \(first.place)"
        } else {
            message =
                "the bundles `\(first.bundle)` and `\(second.bundle)` both claim `\(second.key)`, the first at \(first.place)"
        }
        return Diagnostic(
            file: second.file, position: second.position, message: message + situation,
            fix: "Let one of them have it, or part the two with `match` or `when`.")
    }

    /// Every pair that is in conflict, in the order of the claims. A claim is compared with the
    /// first few of its path only: more of them tell nothing new.
    static func all(among claims: [Claim]) -> [ClaimConflict] {
        var byKey: [String: [Int]] = [:]
        for (index, claim) in claims.enumerated() where (byKey[claim.key]?.count ?? 0) < 16 {
            byKey[claim.key, default: []].append(index)
        }
        var conflicts: [ClaimConflict] = []
        for (index, claim) in claims.enumerated() {
            for other in byKey[claim.key] ?? [] where other < index {
                conflicts.append(ClaimConflict(first: claims[other], second: claim))
            }
            for folder in foldersAbove(claim) {
                for other in byKey[folder] ?? [] {
                    guard claims[other].isLeaf else { continue }
                    conflicts.append(ClaimConflict(first: claims[other], second: claim))
                }
            }
        }
        return conflicts
    }

    /// `/a` and `/a/b` for `/a/b/c`.
    private static func foldersAbove(_ claim: Claim) -> [String] {
        guard let path = claim.path.map({ Array($0.utf8) }) else { return [] }
        return path.indices.dropFirst().filter { path[$0] == UInt8(ascii: "/") }
            .map { String(decoding: path[..<$0], as: UTF8.self) }
    }
}
