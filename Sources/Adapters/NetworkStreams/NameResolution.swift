internal import Glibc

/// Names to addresses, as the C library does it. It blocks for as long as resolv.conf says, so it
/// belongs into a process that can be ended.
package enum NameResolution {
    /// The numeric addresses of `host` in the order in which to try them; never empty.
    package static func addresses(host: String, port: Int) throws(NetworkError) -> [String] {
        var texts: [String] = []
        for address in try socketAddresses(host: host, port: port) {
            let text = try address.numericText()
            if !texts.contains(text) { texts.append(text) }
        }
        return texts
    }

    static func socketAddresses(
        host: String, port: Int
    ) throws(NetworkError) -> [SocketAddress] {
        guard !host.isEmpty, host.utf8.count <= 253,
            host.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw failure(host.isEmpty ? "an empty name" : "this name", "it is no host name")
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw failure(host, unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe SocketAddress(entry.pointee) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw failure(host, "it has no address") }
        return addresses
    }

    private static func failure(_ host: String, _ message: String) -> NetworkError {
        NetworkError(.unknownName, "look up", host, message)
    }
}

/// An address with its port, as the kernel takes it.
struct SocketAddress {
    let family: Int32
    let bytes: [UInt8]

    init?(_ entry: addrinfo) {
        guard let address = unsafe entry.ai_addr else { return nil }
        family = unsafe entry.ai_family
        bytes = unsafe Array(
            UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        return unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyBytes(from: bytes.prefix(target.count))
            guard let start = target.baseAddress else {
                fatalError("a socket address has a size")
            }
            return unsafe body(
                start.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    func numericText() throws(NetworkError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let size = socklen_t(buffer.count)
        let code = unsafe withPointer { pointer, count in
            unsafe getnameinfo(pointer, count, &buffer, size, nil, 0, NI_NUMERICHOST)
        }
        guard code == 0 else {
            throw NetworkError(
                .unknownName, "write", "an address", unsafe String(cString: gai_strerror(code)))
        }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
