internal import CLinux
internal import Glibc

/// Tells what happens in folders, by inotify(7), as something to read: nothing is waited for.
///
/// A write is told when the file is closed, not byte by byte: a log that stands beside a managed file
/// must not keep the reader awake.
package struct FolderWatch: ~Copyable {
    /// What is of interest in a folder.
    package enum Interest: Equatable, Sendable {
        /// Which names it has.
        case names
        /// That, and what stands at them.
        case contents
    }

    package enum Event: Equatable, Sendable {
        /// Something happened to a name in a folder; `isNaming` where something came or went.
        case entry(watch: Int32, name: String, isNaming: Bool)
        /// The folder itself was moved or removed, or its file system went.
        case folder(watch: Int32)
        /// The kernel has forgotten the watch.
        case ended(watch: Int32)
        /// More happened than the kernel keeps: anything may have.
        case overflow
    }

    private let queue: FileDescriptor

    package init() throws(SystemError) {
        let raw = try systemCall("watch", "folders") {
            inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        }
        queue = FileDescriptor(owning: raw, path: "changes of folders")
    }

    /// Readable when something happened.
    package var descriptor: Int32 { queue.raw }

    /// Watches a folder, which is reached without following a link. Two names of one folder have one
    /// number.
    package borrowing func add(
        _ folder: String, _ interest: Interest, below root: Root
    ) throws(SystemError) -> Int32 {
        let open = try root.openFolder(folder, to: "watch")
        // The kernel takes only a path, and this one is the open folder and nothing else.
        let path = "/proc/self/fd/\(open.raw)"
        let (descriptor, mask) = (queue.raw, Self.mask(interest))
        return try systemCall("watch", folder) {
            unsafe inotify_add_watch(descriptor, path, mask)
        }
    }

    /// Ends a watch. One that the kernel has ended already is fine.
    package borrowing func remove(_ watch: Int32) { _ = inotify_rm_watch(queue.raw, watch) }

    /// What happened since the last time, in order; at most some thousand events, then the rest waits.
    package borrowing func events() throws(SystemError) -> [Event] {
        var events: [Event] = []
        for _ in 0..<Self.readsAtOnce {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try queue.read(upTo: Self.readBytes)
            } catch {
                if error.code == EAGAIN { return events }
                throw error
            }
            if bytes.isEmpty { return events }
            Self.parse(bytes, into: &events)
        }
        return events
    }

    private static let readBytes = 64 << 10
    private static let readsAtOnce = 8

    private static func mask(_ interest: Interest) -> UInt32 {
        let names =
            IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF
        // Added to what is watched already: the same folder may have another name.
        let always = UInt32(bitPattern: names) | UInt32(IN_ONLYDIR) | UInt32(IN_MASK_ADD)
        switch interest {
        case .names: return always
        case .contents: return always | UInt32(IN_CLOSE_WRITE) | UInt32(IN_ATTRIB)
        }
    }

    private static func parse(_ bytes: [UInt8], into events: inout [Event]) {
        let head = MemoryLayout<inotify_event>.size
        unsafe bytes.withUnsafeBytes { buffer in
            var place = 0
            while place + head <= buffer.count {
                let event = unsafe buffer.loadUnaligned(
                    fromByteOffset: place, as: inotify_event.self)
                let end = min(place + head + Int(event.len), buffer.count)
                let name = unsafe buffer[(place + head)..<end].prefix { $0 != 0 }
                if let told = unsafe Self.event(event, name: String(decoding: name, as: UTF8.self))
                {
                    events.append(told)
                }
                place = end
            }
        }
    }

    private static func event(_ event: inotify_event, name: String) -> Event? {
        func has(_ bits: UInt32) -> Bool { event.mask & bits != 0 }
        if has(UInt32(IN_Q_OVERFLOW)) { return .overflow }
        if has(UInt32(IN_IGNORED)) { return .ended(watch: event.wd) }
        if has(UInt32(IN_MOVE_SELF) | UInt32(IN_DELETE_SELF) | UInt32(IN_UNMOUNT)) {
            return .folder(watch: event.wd)
        }
        // The folder's own mode or times: the folder above it tells that too, where anybody cares.
        if name.isEmpty { return nil }
        let naming = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
        return .entry(
            watch: event.wd, name: name, isNaming: has(UInt32(bitPattern: naming)))
    }
}
