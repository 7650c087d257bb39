import Foundation
import HostSystem
import TestSupport
import Testing

@Suite struct FolderWatchTests {
    private func withRoot(_ body: (Root, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let folder = folder.resolvingSymlinksInPath()
            try body(Root(folder.path), folder)
        }
    }

    @Test("a new file, a write, a new mode, a move and a removal are told by their name")
    func entries() throws {
        try withRoot { root, folder in
            let watch = try FolderWatch()
            let number = try watch.add("/", .contents, below: root)
            #expect(try watch.events().isEmpty)
            try root.createFile("/a", contents: [1], mode: 0o600, durable: false)
            try root.setMode("/a", 0o644)
            try root.rename("/a", to: "/b")
            try root.unlink("/b")
            let events = try watch.events()
            func told(_ name: String, _ isNaming: Bool) -> Bool {
                events.contains(.entry(watch: number, name: name, isNaming: isNaming))
            }
            #expect(told("a", true) && told("a", false) && told("b", true))
            #expect(try watch.events().isEmpty)
            _ = folder
        }
    }

    @Test("where only names are of interest, a write is none")
    func names() throws {
        try withRoot { root, folder in
            try root.createFile("/a", contents: [1], mode: 0o600, durable: false)
            let watch = try FolderWatch()
            _ = try watch.add("/", .names, below: root)
            let handle = try FileHandle(forWritingTo: folder.appendingPathComponent("a"))
            try handle.write(contentsOf: Data([2]))
            try handle.close()
            #expect(try watch.events().isEmpty)
        }
    }

    @Test("a folder that is moved or removed says so, and then its watch has ended")
    func folders() throws {
        try withRoot { root, _ in
            try root.makeFolder("/x")
            let watch = try FolderWatch()
            let number = try watch.add("/x", .names, below: root)
            try root.rename("/x", to: "/y")
            #expect(try watch.events() == [.folder(watch: number)])
            try root.removeFolder("/y")
            #expect(try watch.events() == [.folder(watch: number), .ended(watch: number)])
            watch.remove(number)
        }
    }

    @Test("a folder behind a link, a file and nothing are no folders to watch")
    func refused() throws {
        try withRoot { root, _ in
            try root.makeFolder("/real")
            try root.symbolicLink("real", at: "/link")
            try root.createFile("/file", contents: [], mode: 0o600, durable: false)
            let watch = try FolderWatch()
            for path in ["/link", "/file", "/nothing"] {
                #expect(throws: SystemError.self) {
                    _ = try watch.add(path, .names, below: root)
                }
            }
        }
    }

    @Test("more than the kernel keeps is told as that")
    func overflow() throws {
        try withRoot { root, _ in
            let text = try String(
                contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
            let limit = try #require(Int(text.dropLast()))
            guard limit <= 20_000 else {
                print("skipped: this kernel keeps \(limit) events")
                return
            }
            let watch = try FolderWatch()
            _ = try watch.add("/", .names, below: root)
            for _ in 0...(limit / 2) {
                try root.symbolicLink("x", at: "/a")
                try root.unlink("/a")
            }
            var hasOverflown = false
            while true {
                let events = try watch.events()
                if events.isEmpty { break }
                hasOverflown = hasOverflown || events.contains(.overflow)
            }
            #expect(hasOverflown)
        }
    }
}
