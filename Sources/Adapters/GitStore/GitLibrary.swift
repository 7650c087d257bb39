internal import CGit2
internal import FleetModel
internal import Glibc

/// Starts libgit2 once for the process and takes from it everything that would reach outside our
/// own folders: configuration of the system and the user, its sockets and its TLS.
func prepareLibrary() throws(GitError) {
    guard startResult >= 0 else {
        throw GitError(
            .other, "start", "libgit2", "it cannot be initialised; is its installation whole?")
    }
}

private let startResult: Int32 = startLibrary()

private func startLibrary() -> Int32 {
    var result = git_libgit2_init()
    guard result >= 0 else { return result }
    let levels = [
        GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
        GIT_CONFIG_LEVEL_GLOBAL,
    ]
    for level in levels {
        result = min(result, unsafe flotilla_git_search_path(level.rawValue, ""))
    }
    for option in [
        // The bytes that we read are the bytes that the id names.
        GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION,
        GIT_OPT_ENABLE_STRICT_OBJECT_CREATION,
        // Without this a power cut after a fetch leaves empty files.
        GIT_OPT_ENABLE_FSYNC_GITDIR,
    ] {
        result = min(result, flotilla_git_option_int(Int32(option.rawValue), 1))
    }
    for (option, value) in [
        (GIT_OPT_SET_PACK_MAX_OBJECTS, Limits.packObjects),
        (GIT_OPT_SET_CACHE_MAX_SIZE, Limits.gitCacheBytes),
        // By itself libgit2 maps whole packs, and what is looked at of them counts as our memory.
        (GIT_OPT_SET_MWINDOW_SIZE, Limits.packWindowBytes),
        (GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, 4 * Limits.packWindowBytes),
    ] {
        result = min(result, flotilla_git_option_size(Int32(option.rawValue), value))
    }
    // Bounds the memory of a delta's base. The first libgit2 of Debian 12 does not know it, and what
    // is imported is measured by us in any case.
    _ = flotilla_git_option_size(
        Int32(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE.rawValue), Limits.gitObjectBytes)
    result = min(
        result,
        unsafe flotilla_git_option_path(Int32(GIT_OPT_SET_USER_AGENT.rawValue), "flotilla"))
    return min(result, registerStreams())
}

/// Turns libgit2's return value into an error. To be called with the result of the call, on its
/// thread and before any other call: libgit2 keeps its last message per thread.
func check(_ operation: String, _ subject: String, _ result: Int32) throws(GitError) {
    guard result < 0 else { return }
    throw libraryError(operation, subject, result)
}

func libraryError(_ operation: String, _ subject: String, _ result: Int32) -> GitError {
    var message = "libgit2 gives no reason (\(result))"
    var kind = GIT_ERROR_NONE
    if let last = unsafe git_error_last() {
        if let text = unsafe last.pointee.message {
            message = unsafe sanitized(String(cString: text))
        }
        kind = git_error_t(UInt32(truncatingIfNeeded: unsafe last.pointee.klass))
    }
    // A full disk is an operating system error like any other for libgit2, and a status of HTTP is
    // only in its message.
    if ends(message, with: systemMessage(ENOSPC)) {
        return GitError(.noSpace, operation, subject, "\(message); free some space")
    }
    if ends(message, with: systemMessage(EFBIG)) {
        return GitError(.tooLarge, operation, subject, message)
    }
    if kind == GIT_ERROR_HTTP, ends(message, with: "status code: 404") {
        return GitError(
            .notFound, operation, subject,
            "the server has no Git repository there (404); check the URL")
    }
    return GitError(code(of: result, kind: kind), operation, subject, message)
}

private func code(of result: Int32, kind: git_error_t) -> GitError.Code {
    switch git_error_code(result) {
    case GIT_ENOTFOUND: return .notFound
    case GIT_EAUTH: return .authentication
    case GIT_ECERTIFICATE: return .certificate
    case GIT_EUSER: return .cancelled
    case GIT_EMISMATCH: return .corrupt
    default: break
    }
    switch kind {
    case GIT_ERROR_NET, GIT_ERROR_HTTP, GIT_ERROR_SSH: return .network
    case GIT_ERROR_SSL: return .certificate
    case GIT_ERROR_ODB, GIT_ERROR_OBJECT, GIT_ERROR_TREE, GIT_ERROR_INDEXER, GIT_ERROR_ZLIB,
        GIT_ERROR_SHA:
        return .corrupt
    default: return .other
    }
}

private func ends(_ text: String, with suffix: String) -> Bool {
    text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
}
