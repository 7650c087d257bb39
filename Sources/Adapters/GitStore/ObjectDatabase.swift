internal import CGit2
internal import FleetModel

enum ObjectKind: String {
    case commit
    case tree
    case blob
    case tag

    init?(_ type: git_object_t) {
        switch type {
        case GIT_OBJECT_COMMIT: self = .commit
        case GIT_OBJECT_TREE: self = .tree
        case GIT_OBJECT_BLOB: self = .blob
        case GIT_OBJECT_TAG: self = .tag
        default: return nil
        }
    }
}

/// The objects of one repository folder, by id. Used by one thread.
@safe
final class ObjectDatabase {
    /// Owned; freed in `deinit`.
    private(set) var handle: OpaquePointer
    let path: String

    init(objects path: String) throws(GitError) {
        try prepareLibrary()
        unsafe handle = try Self.open(path)
        self.path = path
    }

    private static func open(_ path: String) throws(GitError) -> OpaquePointer {
        var opened: OpaquePointer?
        try check("open", path, unsafe git_odb_open(&opened, path))
        guard let handle = unsafe opened else {
            fatalError("git_odb_open said success and gave no database")
        }
        return unsafe handle
    }

    /// After packs went: libgit2 would still find in them what is no longer there.
    func reopen() throws(GitError) {
        let fresh = try unsafe Self.open(path)
        unsafe git_odb_free(handle)
        unsafe handle = fresh
    }

    deinit { unsafe git_odb_free(handle) }

    func contains(_ id: ObjectID) -> Bool {
        var oid = id.oid
        return unsafe git_odb_exists(handle, &oid) == 1
    }

    /// Kind and size without the contents; nil where there is no such object.
    func header(of id: ObjectID) throws(GitError) -> (kind: ObjectKind, size: Int)? {
        var oid = id.oid
        var size = 0
        var type = GIT_OBJECT_INVALID
        let result = unsafe git_odb_read_header(&size, &type, handle, &oid)
        if git_error_code(result) == GIT_ENOTFOUND { return nil }
        try check("read object", id.text, result)
        guard let kind = ObjectKind(type) else {
            throw GitError(.corrupt, "read object", id.text, "its kind is unknown")
        }
        return (kind, size)
    }

    /// The bytes of an object of one kind; nil where there is no such object. The bound is checked
    /// before the object is read, and the bytes against the id.
    func read(_ id: ObjectID, as kind: ObjectKind, limit: Int) throws(GitError) -> [UInt8]? {
        guard let header = try header(of: id) else { return nil }
        guard header.kind == kind else {
            throw GitError(
                .corrupt, "read object", id.text,
                "it is a \(header.kind.rawValue), not a \(kind.rawValue)")
        }
        guard header.size <= limit else {
            throw GitError(
                .tooLarge, "read object", id.text,
                "it has \(header.size) bytes, more than the \(limit) that are allowed")
        }
        var oid = id.oid
        var object: OpaquePointer?
        try check("read object", id.text, unsafe git_odb_read(&object, handle, &oid))
        defer { unsafe git_odb_object_free(object) }
        // libgit2 hashed the bytes that it just read; the header came from another read.
        let count = unsafe git_odb_object_size(object)
        guard count == header.size, let data = unsafe git_odb_object_data(object) else {
            throw GitError(.corrupt, "read object", id.text, "its size is not what it says")
        }
        return unsafe Array(UnsafeRawBufferPointer(start: data, count: count))
    }

    func write(blob: [UInt8]) throws(GitError) -> ObjectID {
        try unsafe with(blob) { oid, bytes, count in
            unsafe git_odb_write(oid, handle, bytes, count, GIT_OBJECT_BLOB)
        }
    }

    /// The id that a blob has, or would have.
    func identify(blob: [UInt8]) throws(GitError) -> ObjectID {
        try unsafe with(blob) { oid, bytes, count in
            unsafe git_odb_hash(oid, bytes, count, GIT_OBJECT_BLOB)
        }
    }

    private func with(
        _ blob: [UInt8],
        _ body: (UnsafeMutablePointer<git_oid>, UnsafeRawPointer?, Int) -> Int32
    ) throws(GitError) -> ObjectID {
        var oid = git_oid()
        let result = unsafe blob.withUnsafeBytes { bytes in
            // An empty array may have no address, and libgit2 wants one.
            var nothing: UInt8 = 0
            return unsafe withUnsafeBytes(of: &nothing) { empty in
                unsafe body(&oid, bytes.baseAddress ?? empty.baseAddress, bytes.count)
            }
        }
        try check("write an object to", path, result)
        return ObjectID(oid)
    }

    /// Makes packs that appeared since the database was opened visible.
    func refresh() throws(GitError) {
        try check("read", path, unsafe git_odb_refresh(handle))
    }

    /// Every object of this folder and its alternates, at most `limit` of them.
    func allObjects(limit: Int) throws(GitError) -> [ObjectID] {
        let collection = ObjectCollection(limit: limit)
        let result = unsafe git_odb_foreach(
            handle, collectObject, Unmanaged.passUnretained(collection).toOpaque())
        guard !collection.isFull else {
            throw GitError(.tooLarge, "list", path, "it has more than \(limit) objects")
        }
        try check("list", path, result)
        return collection.ids
    }
}

/// What `git_odb_foreach` hands over; lives as long as the call.
private final class ObjectCollection {
    var ids: [ObjectID] = []
    var isFull = false
    let limit: Int
    init(limit: Int) { self.limit = limit }
}

private func collectObject(_ id: UnsafePointer<git_oid>?, _ payload: UnsafeMutableRawPointer?)
    -> Int32
{
    guard let id = unsafe id, let payload = unsafe payload else { return -1 }
    let collection = unsafe Unmanaged<ObjectCollection>.fromOpaque(payload).takeUnretainedValue()
    guard collection.ids.count < collection.limit else {
        collection.isFull = true
        return -1
    }
    collection.ids.append(unsafe ObjectID(id.pointee))
    return 0
}

extension ObjectID {
    init(_ oid: git_oid) {
        self.init(unsafe withUnsafeBytes(of: oid.id) { unsafe Array($0) }[...])
    }

    /// Takes the 20 bytes of an id.
    init(_ bytes: ArraySlice<UInt8>) {
        guard let id = ObjectID(bytes: Array(bytes)) else {
            fatalError("an object id has 20 bytes, not \(bytes.count)")
        }
        self = id
    }

    var oid: git_oid {
        var oid = git_oid()
        guard unsafe git_oid_fromstr(&oid, text) == 0 else {
            fatalError("an ObjectID is always 40 hexadecimal digits")
        }
        return oid
    }
}
