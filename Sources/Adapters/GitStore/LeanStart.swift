internal import CGit2
internal import COpenSSL
internal import HostSystem

/// Starts libgit2 without the system's authorities, in a process that has one thread only.
///
/// For its own TLS libgit2 reads and parses all of them whenever it starts, and offers no way to leave
/// that out: more CPU than all the rest of a poll. Our streams bring their own TLS and never use them.
/// So at this one moment there is no descriptor to read them with; that it finds none is no error for
/// libgit2.
package func startLibraryLean() {
    // OpenSSL reads its configuration once, and shall find it.
    _ = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_LOAD_CONFIG), nil)
    // Whoever starts it afterwards finds it started.
    DescriptorFamine.during { git_libgit2_init() }
}
