internal import Documents

/// Values of the fleet's own kinds.
extension MappingReader {
    /// A text that `parse` understands; its faults get their place.
    mutating func parsed<Value>(
        _ key: String, _ parse: (String) throws(TextFault) -> Value
    ) -> Value? {
        guard let value = node(key), let (text, _) = text(key) else { return nil }
        do throws(TextFault) {
            return try parse(text)
        } catch {
            take([error.diagnostic(in: file, at: value)])
            return nil
        }
    }

    mutating func requiredParsed<Value>(
        _ key: String, _ parse: (String) throws(TextFault) -> Value
    ) -> Value? {
        guard requiredNode(key) != nil else { return nil }
        return parsed(key, parse)
    }

    /// Each element of a list of texts, parsed.
    mutating func parsedList<Value>(
        _ key: String, _ parse: (String) throws(TextFault) -> Value
    ) -> [Value] {
        var values: [Value] = []
        for element in list(key) {
            guard case .scalar(let scalar) = element.content else {
                report(
                    at: element.position,
                    "each element of `\(key)` must be a text, and this is \(element.kind)",
                    fix: "Write `- some text`.")
                continue
            }
            do throws(TextFault) {
                values.append(try parse(scalar.text))
            } catch {
                take([error.diagnostic(in: file, at: element)])
            }
        }
        return values
    }

    /// A time span within bounds.
    mutating func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        guard let value = node(key), let duration = duration(key) else { return nil }
        guard range.contains(duration) else {
            let (least, most) = (range.lowerBound.flotillaText, range.upperBound.flotillaText)
            report(
                at: value.position,
                "`\(key)` must be from \(least) to \(most), not \(duration.flotillaText)",
                fix: "Choose a time span within these bounds.")
            return nil
        }
        return duration
    }

    /// A program and its arguments.
    mutating func command(_ key: String) -> [String]? {
        guard let list = node(key) else { return nil }
        let before = diagnostics.count
        let words = parsedList(key, Self.word)
        guard diagnostics.count == before else { return nil }
        guard let program = words.first, words.count <= Limits.commandWords else {
            report(
                at: list.position,
                "`\(key)` must have from 1 to \(Limits.commandWords) words, not \(words.count)",
                fix: "Write `\(key): [/usr/bin/program, argument]`.")
            return nil
        }
        guard program.utf8.first == UInt8(ascii: "/") || !program.utf8.contains(UInt8(ascii: "/"))
        else {
            report(
                at: list.position, "the program \(quoted(program)) is a relative path",
                fix: "Write its absolute path, or its name alone.")
            return nil
        }
        return words
    }

    private static func word(_ text: String) throws(TextFault) -> String {
        guard !text.isEmpty, text.utf8.count <= Limits.wordBytes, !text.utf8.contains(0) else {
            throw TextFault(
                "a word of a command is empty, longer than \(Limits.wordBytes) bytes, or has a NUL",
                fix: "Write a plain text.")
        }
        return text
    }

    /// The variables below `key`.
    mutating func variables(_ key: String) -> Variables {
        var variables: [String: Variable] = [:]
        for entry in mapping(key) {
            guard Variables.isName(entry.key) else {
                report(
                    at: entry.keyPosition, "\(quoted(entry.key)) is not a name for a variable",
                    fix: "Use letters, digits and underscores, and no digit at the beginning.")
                continue
            }
            guard case .scalar(let scalar) = entry.value.content, !scalar.isNull,
                !scalar.text.utf8.contains(0)
            else {
                report(
                    at: entry.value.position,
                    "the variable `\(entry.key)` must be a text, and this is \(entry.value.kind)",
                    fix: "Write `\(entry.key): some text`, or `\(entry.key): \"\"` for no text.")
                continue
            }
            variables[entry.key] = Variable(
                value: scalar.text, file: file, position: entry.value.position)
        }
        return Variables(variables)
    }

    /// Label keys below `key` that a file may set; `read` makes something of each value.
    mutating func labels<Value>(
        _ key: String, _ read: (Node) throws(TextFault) -> Value
    ) -> [String: Value] {
        var labels: [String: Value] = [:]
        for entry in mapping(key) {
            do throws(TextFault) {
                try LabelSyntax.checkKey(entry.key)
                if Labels.builtInKeys.contains(entry.key) {
                    throw TextFault(
                        "the label `\(entry.key)` is built in",
                        fix: "Use another key; the agent sets this one itself.")
                }
            } catch {
                report(at: entry.keyPosition, error.message, fix: error.fix)
                continue
            }
            do throws(TextFault) {
                labels[entry.key] = try read(entry.value)
            } catch {
                take([error.diagnostic(in: file, at: entry.value)])
            }
        }
        return labels
    }
}
