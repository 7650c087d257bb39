internal import CGit2
internal import FleetModel

extension FetchSession {
    /// libgit2's callbacks with this session as their payload: it must outlive their use.
    func callbacks() throws(GitError) -> git_remote_callbacks {
        var callbacks = unsafe git_remote_callbacks()
        try check(
            "fetch", request.url,
            unsafe git_remote_init_callbacks(
                &callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION)))
        unsafe callbacks.credentials = giveCredential
        unsafe callbacks.transfer_progress = reportProgress
        // For ssh only. A TLS server was judged by our own stream, whose error libgit2 would hide
        // behind this callback's.
        if url.scheme == .ssh { unsafe callbacks.certificate_check = checkHostKey }
        unsafe callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        return unsafe callbacks
    }

    /// Runs a callback's body; its error becomes the fetch's.
    fileprivate func answer(_ code: git_error_code, _ body: () throws(GitError) -> Void) -> Int32 {
        do throws(GitError) {
            try body()
            return 0
        } catch {
            note(error)
            return code.rawValue
        }
    }

    fileprivate func credential(
        allowed: UInt32, into out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>
    ) throws(GitError) {
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 {
            try check(
                "fetch", request.url,
                unsafe git_credential_username_new(out, url.user ?? request.ssh.user))
            return
        }
        // libgit2 asks until something is right; a refused credential is refused the second time
        // too, and servers lock accounts.
        credentialsAsked += 1
        guard credentialsAsked == 1 else {
            throw error(
                .authentication,
                "the server refuses the configured credential; check that it is allowed there")
        }
        switch url.scheme {
        case .ssh:
            guard allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0,
                let key = request.ssh.privateKeyFile
            else {
                throw error(
                    .authentication,
                    "the server wants an ssh key; configure an ed25519 private key file")
            }
            // A missing file is told here; libssh2 only says that signing failed.
            _ = try OpenFile(path: key, flags: 0)
            try check(
                "fetch", request.url,
                unsafe git_credential_ssh_key_new(
                    out, url.user ?? request.ssh.user, nil, key, nil))
        case .http, .https, .git, .file:
            guard allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0,
                let login = request.password
            else {
                throw error(
                    .authentication, "the server wants a user name and password; configure them")
            }
            guard url.scheme == .https else {
                throw error(
                    .authentication,
                    "the server wants a password, which is not sent without TLS; use https")
            }
            try check(
                "fetch", request.url,
                unsafe git_credential_userpass_plaintext_new(out, login.user, login.password))
        }
    }

    fileprivate func verify(hostKey key: [UInt8]) throws(GitError) {
        guard let file = request.ssh.knownHostsFile else {
            throw error(
                .hostKey,
                "no known-hosts file is configured; write the output of "
                    + "'ssh-keyscan -p \(url.port) \(url.host)' into one after comparing it")
        }
        if let objection = try KnownHosts(file: file)
            .objection(to: key, of: url.host, port: url.port)
        {
            throw error(.hostKey, objection)
        }
    }

    fileprivate func report(_ stats: git_indexer_progress) throws(GitError) {
        try requireTimeLeft()
        try requireWithinLimit(stats.received_bytes)
        let state = FetchProgress(
            receivedBytes: max(receivedBytes, stats.received_bytes),
            receivedObjects: Int(stats.received_objects), totalObjects: Int(stats.total_objects))
        guard progress(state) else { throw error(.cancelled, "it was cancelled") }
    }
}

private func session(_ payload: UnsafeMutableRawPointer?) -> FetchSession {
    guard let payload = unsafe payload else { fatalError("libgit2 lost a callback's payload") }
    return unsafe Unmanaged<FetchSession>.fromOpaque(payload).takeUnretainedValue()
}

private func giveCredential(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
    _ url: UnsafePointer<CChar>?, _ user: UnsafePointer<CChar>?, _ allowed: UInt32,
    _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    guard let out = unsafe out else { return GIT_EAUTH.rawValue }
    let session = unsafe session(payload)
    return session.answer(GIT_EAUTH) { () throws(GitError) in
        try unsafe session.credential(allowed: allowed, into: out)
    }
}

private func reportProgress(
    _ stats: UnsafePointer<git_indexer_progress>?, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    guard let stats = unsafe stats?.pointee else { return 0 }
    let session = unsafe session(payload)
    return session.answer(GIT_EUSER) { () throws(GitError) in try session.report(stats) }
}

private func checkHostKey(
    _ certificate: UnsafeMutablePointer<git_cert>?, _ isValid: Int32,
    _ host: UnsafePointer<CChar>?, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    let session = unsafe session(payload)
    return session.answer(GIT_ECERTIFICATE) { () throws(GitError) in
        guard let certificate = unsafe certificate,
            unsafe certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2
        else { throw session.error(.hostKey, "the server shows no host key") }
        let shown = unsafe UnsafeMutableRawPointer(certificate)
            .assumingMemoryBound(to: git_cert_hostkey.self).pointee
        guard unsafe shown.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0,
            let bytes = unsafe shown.hostkey
        else { throw session.error(.hostKey, "the server shows no host key") }
        let key = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: shown.hostkey_len))
        try session.verify(hostKey: key)
    }
}
