internal import CLinux
internal import Glibc

/// Extended attributes: what a file system keeps beside the bytes, by name.
extension Root {
    /// The longest value that is read, and the longest list of names: what the kernel allows.
    private static let attributeBytes = 64 << 10
    /// What labels and lists have: tried first.
    private static let commonAttributeBytes = 256

    /// The value of an attribute; nil where the object or the file system has none of that name.
    package func attribute(_ name: String, of path: String) throws(SystemError) -> [UInt8]? {
        let place = try openToExamine(path)
        do throws(SystemError) {
            return try place.attribute(name)
        } catch {
            if error.code == ENODATA || error.isNotSupported { return nil }
            throw error
        }
    }

    /// The values of those attributes that the object has.
    package func attributes(
        _ names: [String], of path: String
    ) throws(SystemError) -> [String: [UInt8]] {
        let place = try openToExamine(path)
        var found: [String: [UInt8]] = [:]
        for name in names {
            do throws(SystemError) {
                found[name] = try place.attribute(name)
            } catch {
                guard error.code == ENODATA || error.isNotSupported else { throw error }
            }
        }
        return found
    }

    /// All attributes with their values.
    package func attributes(of path: String) throws(SystemError) -> [String: [UInt8]] {
        let place = try openToExamine(path)
        var found: [String: [UInt8]] = [:]
        do throws(SystemError) {
            for name in try place.attributeNames() {
                found[name] = try place.attribute(name)
            }
        } catch {
            if error.isNotSupported { return [:] }
            throw error
        }
        return found
    }

    /// Whether the file system at a path can keep attributes like this one.
    package func supportsAttribute(_ name: String, at path: String) throws(SystemError) -> Bool {
        let place = try openToExamine(path)
        do throws(SystemError) {
            _ = try place.attribute(name)
            return true
        } catch {
            if error.code == ENODATA { return true }
            if error.isNotSupported { return false }
            throw error
        }
    }

    /// Sets attributes of anything, of a link itself, and takes others away. Durable when it returns.
    package func setAttributes(
        _ attributes: [String: [UInt8]], without unwanted: [String] = [], of path: String
    ) throws(SystemError) {
        let place = try openToExamine(path)
        try willChange("set the attributes of", path)
        for name in unwanted { try place.removeAttribute(name) }
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            try place.setAttribute(name, value)
        }
        try place.synchronise()
    }

    private func openToExamine(_ path: String) throws(SystemError) -> Attributed {
        if path == "/" { return Attributed(try openFolder(path, to: "examine"), isLink: false) }
        let place = try openParent(of: path, to: "examine")
        let (folder, name) = (place.folder.raw, place.name)
        do throws(SystemError) {
            return Attributed(
                try place.open(O_RDONLY | O_NONBLOCK | O_NOCTTY, to: "examine"), isLink: false)
        } catch {
            guard error.code == ELOOP else { throw error }
            let raw = try systemCall("examine", path) {
                unsafe openat(folder, name, flotilla_o_path | O_NOFOLLOW | O_CLOEXEC)
            }
            return Attributed(FileDescriptor(owning: raw, path: path), isLink: true)
        }
    }
}

extension Root {
    /// An open object whose attributes can be read and set. The kernel takes no open link there, only
    /// its name below `/proc`, which leads to the link itself.
    fileprivate struct Attributed: ~Copyable {
        private let object: FileDescriptor
        private let isLink: Bool

        init(_ object: consuming FileDescriptor, isLink: Bool) {
            self.object = object
            self.isLink = isLink
        }

        private var link: String { "/proc/self/fd/\(object.raw)" }

        func attribute(_ name: String) throws(SystemError) -> [UInt8] {
            let (descriptor, link, isLink) = (object.raw, link, isLink)
            return try unsafe read { buffer, size in
                unsafe isLink
                    ? getxattr(link, name, buffer, size) : fgetxattr(descriptor, name, buffer, size)
            }
        }

        func attributeNames() throws(SystemError) -> [String] {
            let (descriptor, link, isLink) = (object.raw, link, isLink)
            let bytes = try unsafe read { buffer, size in
                unsafe isLink ? listxattr(link, buffer, size) : flistxattr(descriptor, buffer, size)
            }
            return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        }

        func setAttribute(_ name: String, _ value: [UInt8]) throws(SystemError) {
            let (descriptor, link, isLink) = (object.raw, link, isLink)
            try systemCall("set the attribute \(name) of", object.path) {
                unsafe isLink
                    ? setxattr(link, name, value, value.count, 0)
                    : fsetxattr(descriptor, name, value, value.count, 0)
            }
        }

        func removeAttribute(_ name: String) throws(SystemError) {
            let (descriptor, link, isLink) = (object.raw, link, isLink)
            do throws(SystemError) {
                try systemCall("remove the attribute \(name) of", object.path) {
                    unsafe isLink ? removexattr(link, name) : fremovexattr(descriptor, name)
                }
            } catch {
                if error.code == ENODATA || error.isNotSupported { return }
                throw error
            }
        }

        /// A link has nothing of its own to synchronise: its folder has it.
        func synchronise() throws(SystemError) {
            if !isLink { try object.synchronise() }
        }

        @unsafe
        private func read(
            _ body: (UnsafeMutablePointer<CChar>?, Int) -> Int
        ) throws(SystemError) -> [UInt8] {
            do throws(SystemError) {
                return try unsafe read(upTo: Root.commonAttributeBytes, body)
            } catch {
                guard error.code == ERANGE else { throw error }
                return try unsafe read(upTo: Root.attributeBytes, body)
            }
        }

        @unsafe
        private func read(
            upTo size: Int, _ body: (UnsafeMutablePointer<CChar>?, Int) -> Int
        ) throws(SystemError) -> [UInt8] {
            var buffer = [CChar](repeating: 0, count: size)
            let count = try systemCall("read the attributes of", object.path) {
                unsafe buffer.withUnsafeMutableBufferPointer { bytes in
                    unsafe body(bytes.baseAddress, bytes.count)
                }
            }
            return buffer[..<count].map { UInt8(bitPattern: $0) }
        }
    }
}
