import Documents
import Foundation
import TestSupport
import Testing

@Suite struct TarArchiveTests {
    @Test("tar reads back every file: names, bytes, mode and time")
    func readBack() throws {
        let files: [(String, [UInt8])] = [
            ("top/empty", []), ("top/a/block", Array(repeating: 7, count: 512)),
            ("top/text", Array("hello\n".utf8)), ("top/odd", Array(repeating: 1, count: 1_025)),
        ]
        var archive = TarArchive()
        for (name, bytes) in files { archive.add(name, bytes, time: 1_700_000_000) }
        #expect(archive.bytes.count % 512 == 0)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("x.tar")
            try Data(archive.bytes).write(to: file)
            let listing = try run("tar", ["tvf", file.path])
            let lines = String(decoding: listing, as: UTF8.self).split(separator: "\n")
            #expect(lines.count == files.count)
            #expect(lines.allSatisfy { $0.hasPrefix("-rw------- root/root") })
            #expect(lines.allSatisfy { $0.contains("2023-11-1") })
            try run("tar", ["xf", file.path, "-C", folder.path])
            for (name, bytes) in files {
                let read = try Data(contentsOf: folder.appendingPathComponent(name))
                #expect(Array(read) == bytes, "\(name)")
            }
        }
    }

    @Test("a name that is too long is cut, and the archive stays whole")
    func longName() throws {
        var archive = TarArchive()
        archive.add(String(repeating: "n", count: 300), [1], time: -5)
        archive.add("last", [2], time: .max)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("x.tar")
            try Data(archive.bytes).write(to: file)
            let names = String(decoding: try run("tar", ["tf", file.path]), as: UTF8.self)
            #expect(names == String(repeating: "n", count: 100) + "\nlast\n")
        }
    }
}
