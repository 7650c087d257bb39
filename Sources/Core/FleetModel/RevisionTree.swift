package import Digests

/// What stands at one name of a folder in a revision.
package struct TreeEntry: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case file
        case executable
        case symbolicLink
        case folder
        /// A gitlink: a commit of another repository.
        case submodule
    }

    package var name: String
    package var kind: Kind
    /// Nil where the tree is a working folder and not a Git object.
    package var object: ObjectID?

    package init(name: String, kind: Kind, object: ObjectID?) {
        self.name = name
        self.kind = kind
        self.object = object
    }
}

/// The files of one revision. Paths are relative, with `/` between names and none at either end;
/// the root folder is "".
///
/// GitStore reads it from the object store on devices and in the aggregator; the `flotilla` command
/// also reads a working folder.
package protocol RevisionTree {
    /// The entries of a folder in the order of their names' bytes; nil where there is no such
    /// folder.
    func entries(of folder: String) throws(RevisionTreeError) -> [TreeEntry]?
    /// The entry at a path; nil where there is none.
    func entry(at path: String) throws(RevisionTreeError) -> TreeEntry?
    /// The bytes of a file; nil where there is no file. More than `limit` bytes are an error, found
    /// before they are read.
    func contents(of path: String, limit: Int) throws(RevisionTreeError) -> [UInt8]?
    /// The digest and the size of a file's bytes, with the same bound; nil where there is no file.
    /// Who can tell without holding the file in memory does.
    func measure(
        _ path: String, limit: Int
    ) throws(RevisionTreeError) -> (content: ContentDigest, size: Int)?
}

extension RevisionTree {
    package func measure(
        _ path: String, limit: Int
    ) throws(RevisionTreeError) -> (content: ContentDigest, size: Int)? {
        guard let bytes = try contents(of: path, limit: limit) else { return nil }
        return (SHA256.hash(bytes), bytes.count)
    }
}

/// A revision's tree could not be read: the store is damaged or a bound was hit.
package struct RevisionTreeError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        case tooLarge(limit: Int)
        case unreadable
    }

    package var code: Code
    package var path: String
    package var message: String

    package init(_ code: Code, path: String, message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    package var description: String { "\(path): \(message)" }
}
