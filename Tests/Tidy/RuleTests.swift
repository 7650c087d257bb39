import Testing

/// Each rule can fail: bad text is found, and the good text beside it is not.
@Suite struct RuleTests {
    private func found(_ text: String, path: String = "Sources/Core/Any/File.swift") -> [String] {
        SwiftRules(path: path, text: text).findings.map { "\($0.rule) \($0.line)" }
    }

    @Test("a file may have 600 lines, not 601")
    func fileLength() {
        #expect(found(String(repeating: "\n", count: 600)).isEmpty)
        #expect(found(String(repeating: "\n", count: 601)) == ["fileLength 1"])
    }

    @Test("a function may have 70 lines, not 71, whatever stands in its head and body")
    func functionLength() {
        for head in [
            "func f()", "init(a: () -> Void = { () })", "deinit", "subscript(i: Int) -> Int",
            "func f<T>(_ t: T)\n  where T: Equatable", "func `if`(a: [Int] = []) -> [String: Int]",
        ] {
            let headLines = head.split(separator: "\n").count
            func body(_ lines: Int) -> String {
                let filler = "  if a { b(\"}\") } // }\n"
                return "struct S {\n\(head) {\n"
                    + String(repeating: filler, count: lines - headLines - 1) + "}\nlet x = 1\n}\n"
            }
            #expect(found(body(70)).isEmpty, "\(head)")
            #expect(found(body(71)) == ["functionLength 2"], "\(head)")
        }
    }

    @Test("a requirement without a body and a call of an initialiser have no length")
    func noBody() {
        let many = String(repeating: "\n", count: 80)
        #expect(found("protocol P {\n func f()\n init()\n}\nstruct S {\(many)}\n").isEmpty)
        #expect(found("let s = S.init()\nstruct S {\(many)}\n").isEmpty)
    }

    @Test("strings and comments are no code, except what is interpolated")
    func literals() {
        #expect(found(#"let a = "Task { Date() import Foundation""#).isEmpty)
        #expect(found("/* /* Date() */ Date() */ // Date()\n").isEmpty)
        #expect(found("let a = #\"\\(Date()) \" Date()\"#\n").isEmpty)
        #expect(found("let a = \"\"\"\n \" Date() \" \n \"\"\"\n").isEmpty)
        #expect(found("let a = \"\\(\"\\(Date())\")\"\n") == ["systemClock 1"])
        #expect(found("let a = \"\\\"\"; let b = Date()\n") == ["systemClock 1"])
        #expect(found("let a = #\"\\#(Date())\"#\n") == ["systemClock 1"])
    }

    @Test("tasks without structure and the system's clock are found in sources only")
    func tasksAndClocks() {
        let text = "\nTask { }\nTask.detached { }\nlet d = Date()\n"
        #expect(
            found(text, path: "Sources/Operator/A/B.swift")
                == ["unstructuredTask 2", "unstructuredTask 3", "systemClock 4"])
        #expect(found(text, path: "Tests/Core/A/B.swift").isEmpty)
        #expect(found("myTask { }; Task(name: x); Date(timeIntervalSince1970: 0)").isEmpty)
    }

    @Test("chance without a generator is found everywhere")
    func random() {
        for path in ["Sources/Operator/A/B.swift", "Tests/Core/A/B.swift"] {
            #expect(
                found("let a = Int.random(in: 0..<f(using: x))", path: path)
                    == ["unseededRandom 1"])
            #expect(found("let a = Bool.random()", path: path) == ["unseededRandom 1"])
            #expect(found("let a = Int.random(\n in: 0..<(4), using: &g)", path: path).isEmpty)
        }
    }

    @Test(
        "large libraries are found where devices carry them",
        arguments: [
            "Foundation", "FoundationEssentials", "Dispatch", "Crypto", "Yams", "ArgumentParser",
        ])
    func forbiddenImports(module: String) {
        for path in [
            "Sources/Adapters/A/B.swift", "Sources/Device/A/B.swift",
            "Sources/Programs/flotilla-agent/main.swift",
            "Sources/Programs/flotilla-worker/main.swift",
        ] {
            #expect(found("\ninternal import \(module)", path: path) == ["forbiddenImport 2"])
            #expect(found("import struct \(module).X", path: path) == ["forbiddenImport 1"])
        }
        for path in [
            "Sources/Operator/A/B.swift", "Sources/Programs/flotilla/main.swift",
            "Tests/Core/A/B.swift",
        ] {
            #expect(found("import \(module)", path: path).isEmpty)
        }
    }

    @Test("Core imports nothing but Core")
    func coreImports() {
        #expect(found("package import Digests\ninternal import Glibc\n") == ["coreImport 2"])
        #expect(found("import Glibc", path: "Sources/Adapters/A/B.swift").isEmpty)
    }

    @Test(
        "the concurrency runtime is found where devices would carry it",
        arguments: ["func f() async {}", "let a = await b", "actor A {}"])
    func concurrency(text: String) {
        #expect(found(text, path: "Sources/Device/A/B.swift") == ["concurrencyOnDevice 1"])
        #expect(found(text, path: "Sources/Operator/A/B.swift").isEmpty)
        #expect(found("let factor = asyncFlag", path: "Sources/Device/A/B.swift").isEmpty)
    }

    @Test("what is to do needs an issue, in comments of Swift and anywhere in other files")
    func todos() {
        #expect(found("// TODO: later\n/* FIXME (soon) */\n") == ["openTodo 1", "openTodo 2"])
        #expect(found("// TODO(#12): later\nlet TODO = \"FIXME\"\n").isEmpty)
        #expect(openTodos(in: Array("a\nTODO b".utf8), path: "Makefile").map(\.line) == [2])
        #expect(openTodos(in: Array("MASTODON TODOS".utf8), path: "Makefile").isEmpty)
    }

    @Test("a relative link that leads to nothing is found, whichever way it is written")
    func links() {
        let files: Set = ["docs/a.md", "README.md", "docs/adr", "docs/b c.md"]
        func lines(_ text: String) -> [Int] {
            brokenLinks(in: text, path: "docs/a.md", exists: files.contains).map(\.line)
        }
        #expect(
            lines(
                "[x](a.md) [x](../README.md#top) [x](adr/) [x](./a.md) [x](/README.md) [x](b%20c.md)"
            ).isEmpty)
        #expect(lines("[x](https://example.org/no) [x](#here) [x](mailto:a@b.c)").isEmpty)
        #expect(lines("`[x](no.md)`\n```\n[x](no.md)\n```\n").isEmpty)
        #expect(
            lines("\n[x](no.md)\n![x](no.png)\n<img src=\"no.svg\">\n[y]: no.md\n[x](../../a)")
                == [2, 3, 4, 5, 6])
        #expect(lines("[x](README.md)") == [1])
    }

    @Test("a folder that Package.swift does not name is found")
    func folders() {
        let manifest = #"Module(name: "Digests", wing: .core)"#
        #expect(
            undeclaredFolders(
                [
                    "Sources/Core/Digests", "Sources/Core/Stray", "Tests/Core/DigestsTests",
                    "Tests/Core/StrayTests", "Tests/Corpus/Digests", "docs/adr/x",
                    "Tests/Device/DigestsTests",
                ], manifest: manifest
            ).map(\.path)
                == ["Sources/Core/Stray", "Tests/Core/StrayTests", "Tests/Device/DigestsTests"])
    }

    @Test("a module that the architecture does not name is found")
    func modules() {
        let folders = ["Sources/Core/Digests", "Sources/Core/Stray", "Tests/Core/OtherTests"]
        let findings = undescribedModules(folders, page: "| Digests | SHA-256 |")
        #expect(findings.map(\.path) == ["Sources/Core/Stray"])
    }

    @Test("tracked build products are found")
    func products() {
        #expect(
            trackedProducts([
                "Package.swift", "Package.resolved", ".build/x", ".build-asan/y", "docs/build.md",
            ]).map(\.path) == ["Package.resolved", ".build/x", ".build-asan/y"])
    }
}
