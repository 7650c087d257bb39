import Foundation

/// What is left to do has an issue: `TODO(#12)`.
func openTodos(in text: [UInt8], path: String) -> [Finding] {
    let lines = String(decoding: text, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().compactMap { index, line in
        guard line.contains(/\b(TODO|FIXME)\b(?!\(#\d+\))/) else { return nil }
        return Finding(
            rule: .openTodo, path: path, line: index + 1,
            message: "something to do without its issue; write it as `(#12)` right behind the word")
    }
}

/// Relative links of a Markdown page lead to something; `exists` gets paths within the package.
func brokenLinks(in text: String, path: String, exists: (String) -> Bool) -> [Finding] {
    let folder = path.split(separator: "/").dropLast().map(String.init)
    var findings: [Finding] = []
    var isCode = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
        if line.drop(while: { $0 == " " }).hasPrefix("```") { isCode.toggle() }
        if isCode { continue }
        let prose = line.replacing(/`[^`]*`/, with: "")
        let links =
            prose.matches(of: /\]\(\s*<?([^)\s>]+)/).map(\.1)
            + prose.matches(of: /(?:src|href)="([^"]+)"/).map(\.1)
            + prose.matches(of: /^\[[^\]]+\]:\s+(\S+)/).map(\.1)
        for link in links where !link.contains(/^([a-z][a-z0-9+.-]*:|#)/) {
            let target = link.prefix { $0 != "#" && $0 != "?" }
            guard let place = resolve(String(target), from: folder), exists(place) else {
                findings.append(
                    Finding(
                        rule: .brokenLink, path: path, line: index + 1,
                        message: "the link `\(link)` leads to nothing"))
                continue
            }
        }
    }
    return findings
}

/// A link as a path within the package; nil where it leads out of it.
private func resolve(_ link: String, from folder: [String]) -> String? {
    var names = link.hasPrefix("/") ? [] : folder
    for name in (link.removingPercentEncoding ?? link).split(separator: "/") {
        switch name {
        case ".": continue
        case "..": if names.popLast() == nil { return nil }
        default: names.append(String(name))
        }
    }
    return names.joined(separator: "/")
}

/// Every module has its line in Package.swift, and every folder of tests its module: otherwise it
/// would be built, or tested, by nobody. `folders` are paths within the package.
func undeclaredFolders(_ folders: [String], manifest: String) -> [Finding] {
    folders.compactMap { folder in
        let names = folder.split(separator: "/").map(String.init)
        guard names.count == 3, let name = names.last else { return nil }
        let module: String
        switch names[0] {
        case "Sources": module = name
        case "Tests" where name.hasSuffix("Tests"): module = String(name.dropLast("Tests".count))
        default: return nil
        }
        let wing = names[1].hasSuffix("Programs") ? "Programs" : names[1]
        let stands = folders.contains("Sources/\(wing)/\(module)")
        guard !stands || !manifest.contains("name: \"\(module)\"") else { return nil }
        return Finding(
            rule: .undeclaredFolder, path: folder, line: 1,
            message: stands
                ? "Package.swift declares no `\(module)`"
                : "there is no module `\(module)` in the wing `\(wing)` that this could test")
    }
}

/// Every module has its place on the page that describes them.
func undescribedModules(_ folders: [String], page: String) -> [Finding] {
    folders.compactMap { folder in
        let names = folder.split(separator: "/").map(String.init)
        guard names.count == 3, names[0] == "Sources", !page.contains(names[2]) else { return nil }
        return Finding(
            rule: .undescribedModule, path: folder, line: 1,
            message: "docs/architecture.md says nothing of `\(names[2])`")
    }
}

/// What a build makes is not in the repository.
func trackedProducts(_ files: [String]) -> [Finding] {
    files.filter { file in
        let names = file.split(separator: "/")
        return names.last == "Package.resolved" || names.contains { $0.hasPrefix(".build") }
    }.map {
        Finding(rule: .trackedProduct, path: $0, line: 1, message: "made by a build, yet tracked")
    }
}
