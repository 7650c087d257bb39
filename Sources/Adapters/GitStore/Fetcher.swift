internal import CGit2
internal import FleetModel
internal import Glibc

/// Downloads one branch into a new repository of its own. This runs as an unprivileged user; what
/// it leaves is proven by `ObjectStore.importPacks`.
package struct Fetcher {
    private let incoming: String
    private let storeObjects: String?

    /// `incoming` is a folder that is empty or does not exist. `store`, the objects folder of the
    /// own store, is only read: what is in it is not downloaded again. Without it everything is.
    package init(incoming: String, borrowingFrom storeObjects: String?) {
        self.incoming = incoming
        self.storeObjects = storeObjects
    }

    /// Fetches the tip of a branch with all that it needs. Where the tip is known and the store has
    /// it, nothing is downloaded and nothing is written: a device that asks for years wears out no
    /// flash.
    ///
    /// `progress` is called while objects arrive, on this thread; false stops the fetch. After an
    /// error `incoming` holds anything, and the next fetch wants it empty.
    package func fetch(
        _ request: FetchRequest,
        progress: @escaping (FetchProgress) -> Bool = { _ in true }
    ) throws(GitError) -> FetchResult {
        try prepareLibrary()
        let url = try RemoteURL(request.url, allowLocal: request.allowLocal)
        let reference = "refs/heads/\(request.branch)"
        var isValid: Int32 = 0
        guard !request.branch.utf8.contains(0),
            unsafe git_reference_name_is_valid(&isValid, reference) == 0, isValid == 1
        else {
            throw GitError(
                .refused, "fetch", request.url,
                "'\(sanitized(request.branch))' is not a branch name")
        }
        let session = FetchSession(request, url, progress: progress)
        do throws(GitError) {
            if let known = try knownTip(of: reference, request, session) { return known }
            let repository = try IncomingRepository(at: incoming, borrowing: storeObjects)
            try repository.note(known: request.known)
            return try session.asCurrent { () throws(GitError) in
                try repository.fetch(reference, session)
            }
        } catch {
            // The first thing that went wrong is the cause of the rest.
            throw session.firstError ?? error
        }
    }
}

extension Fetcher {
    /// Asks the server for the branch's tip; nil where it has to be fetched.
    private func knownTip(
        of reference: String, _ request: FetchRequest, _ session: FetchSession
    ) throws(GitError) -> FetchResult? {
        guard let storeObjects, !request.known.isEmpty else { return nil }
        let tip = try session.asCurrent { () throws(GitError) in
            let remote = try unsafe Remote(request.url, nil)
            try remote.connect(session)
            return try remote.tip(of: reference, session)
        }
        guard request.known.contains(tip), try Self.holds(storeObjects, tip) else { return nil }
        return FetchResult(tip: tip, receivedBytes: session.receivedBytes, objects: 0)
    }

    /// What the disk lost is fetched again.
    private static func holds(_ objects: String, _ revision: Revision) throws(GitError) -> Bool {
        var database: OpaquePointer?
        try check("open", "the store", unsafe git_odb_open(&database, objects))
        defer { unsafe git_odb_free(database) }
        var oid = revision.oid
        return unsafe git_odb_exists(database, &oid) == 1
    }
}

/// The repository that a fetch fills.
@safe
private struct IncomingRepository: ~Copyable {
    private let handle: OpaquePointer

    init(at path: String, borrowing objects: String?) throws(GitError) {
        let folder = try RepositoryFolder.create(at: path, borrowing: objects)
        var opened: OpaquePointer?
        try check("open", folder.path, unsafe git_repository_open_bare(&opened, folder.path))
        guard let handle = unsafe opened else {
            fatalError("git_repository_open_bare said success and gave no repository")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe git_repository_free(handle) }

    /// libgit2 tells the server what we have by walking the references.
    func note(known: [Revision]) throws(GitError) {
        var database: OpaquePointer?
        try check("open", "the store", unsafe git_repository_odb(&database, handle))
        defer { unsafe git_odb_free(database) }
        for revision in known {
            var oid = revision.oid
            // What the disk lost is fetched again.
            guard unsafe git_odb_exists(database, &oid) == 1 else { continue }
            var reference: OpaquePointer?
            let name = "refs/known/\(revision.text)"
            try check(
                "note the known commit", revision.text,
                unsafe git_reference_create(&reference, handle, name, &oid, 1, nil))
            unsafe git_reference_free(reference)
        }
    }

    func fetch(_ reference: String, _ session: FetchSession) throws(GitError) -> FetchResult {
        let remote = try unsafe Remote(session.request.url, handle)
        try remote.connect(session)
        let tip = try remote.tip(of: reference, session)
        try remote.download(reference, session)
        let stats = unsafe git_remote_stats(remote.handle)?.pointee
        return FetchResult(
            tip: tip, receivedBytes: max(session.receivedBytes, stats?.received_bytes ?? 0),
            objects: Int(stats?.total_objects ?? 0))
    }
}

/// The other side of a fetch.
@safe
private struct Remote: ~Copyable {
    let handle: OpaquePointer

    /// Without a repository the other side can be looked at, and nothing more.
    init(_ url: String, _ repository: OpaquePointer?) throws(GitError) {
        var created: OpaquePointer?
        let result =
            unsafe repository == nil
            ? unsafe git_remote_create_detached(&created, url)
            : unsafe git_remote_create_anonymous(&created, repository, url)
        try check("fetch", url, result)
        guard let handle = unsafe created else {
            fatalError("libgit2 said success and gave no remote")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe git_remote_free(handle) }

    func connect(_ session: FetchSession) throws(GitError) {
        let url = session.request.url
        var options = unsafe git_remote_connect_options()
        try check(
            "fetch", url,
            unsafe git_remote_connect_options_init(
                &options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)))
        unsafe options.callbacks = try session.callbacks()
        unsafe options.proxy_opts.type = GIT_PROXY_NONE
        unsafe options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        try check(
            "fetch", url,
            unsafe git_remote_connect_ext(handle, GIT_DIRECTION_FETCH, &options), in: session)
    }

    /// The commit that the server says the branch points to.
    func tip(of reference: String, _ session: FetchSession) throws(GitError) -> Revision {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try check(
            "fetch", session.request.url, unsafe git_remote_ls(&heads, &count, handle),
            in: session)
        for index in 0..<count {
            guard let head = unsafe heads?[index]?.pointee, let name = unsafe head.name else {
                continue
            }
            if unsafe String(cString: name) == reference { return unsafe ObjectID(head.oid) }
        }
        throw session.error(
            .notFound,
            "the server has no branch '\(session.request.branch)'; it has \(count) references")
    }

    func download(_ reference: String, _ session: FetchSession) throws(GitError) {
        let url = session.request.url
        var options = unsafe git_fetch_options()
        try check(
            "fetch", url,
            unsafe git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)))
        unsafe options.callbacks = try session.callbacks()
        unsafe options.proxy_opts.type = GIT_PROXY_NONE
        unsafe options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        unsafe options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        unsafe options.update_fetchhead = 0
        // The text must live as long as the call.
        guard let name = unsafe strdup(reference) else { fatalError("out of memory") }
        defer { unsafe free(name) }
        var pointer: UnsafeMutablePointer<CChar>? = unsafe name
        let result = unsafe withUnsafeMutablePointer(to: &pointer) { names in
            var refspecs = unsafe git_strarray(strings: names, count: 1)
            return unsafe git_remote_download(handle, &refspecs, &options)
        }
        try check("fetch", url, result, in: session)
    }
}

/// As `check`, with the words for what libgit2 cannot tell apart.
private func check(
    _ operation: String, _ url: String, _ result: Int32, in session: FetchSession
) throws(GitError) {
    guard result < 0 else { return }
    var error = libraryError(operation, url, result)
    if error.code == .network, error.message.utf8.starts(with: "error parsing".utf8) {
        error.code = .refused
        error.message =
            "the server's list of references cannot be read (\(error.message)). It may name its "
            + "objects by SHA-256 or be a shallow clone; serve a full SHA-1 repository"
    }
    throw error
}
