internal import Documents
package import FleetModel
internal import HostSystem
internal import JSONDocument

/// Lets a program fetch that this one starts: its deadline holds whatever libgit2 and libssh2 do,
/// and their memory goes with it. The program answers `{"tip": …}` or `{"error": …}`.
package struct ChildFetch: ChannelFetching {
    private let program: String
    private let arguments: [String]
    private let deadline: Duration

    /// The order is added to `arguments` as options.
    package init(program: String, arguments: [String], deadline: Duration = .seconds(3_600)) {
        self.program = program
        self.arguments = arguments
        self.deadline = deadline
    }

    package func fetch(
        _ order: FetchOrder, isStopped: @Sendable () -> Bool
    ) throws(ChannelFault) -> Revision {
        let command = ChildCommand(
            program, arguments + order.words, outputLimit: Limits.workerOutputBytes)
        let child = try at(.fetch) { try command.start() }
        let end = Clocks.monotonic() + deadline
        while child.reap() == nil {
            if isStopped() { throw ChannelFault(.stopped, "the fetch was stopped") }
            let remaining = end - Clocks.monotonic()
            guard remaining > .zero else {
                throw ChannelFault(
                    .fetch, "the fetch took longer than \(deadline.flotillaText) in all")
            }
            var requests = child.descriptors.map { PollRequest(reading: $0) }
            // Short, so that a stop is noticed soon; a fetch is rare.
            try at(.fetch) {
                try PollRequest.wait(for: &requests, timeout: min(remaining, .milliseconds(250)))
            }
            child.collect()
        }
        return try Self.tip(in: child.output, complaint: child.errors)
    }

    private static func tip(
        in output: [UInt8], complaint: [UInt8]
    ) throws(ChannelFault) -> Revision {
        guard !output.isEmpty else {
            throw ChannelFault(
                .fetch,
                "the fetch ended without an answer: \(String(decoding: complaint, as: UTF8.self))")
        }
        let answer = try at(.fetch) { try JSON.parse(output, file: "the fetch's answer") }
        var reader = MappingReader(answer, file: "the fetch's answer", what: "the answer")
        if let error = reader.text("error")?.value { throw ChannelFault(.fetch, error) }
        guard let text = reader.text("tip")?.value, let tip = Revision(text) else {
            throw ChannelFault(.fetch, "the fetch's answer names no tip")
        }
        return tip
    }
}

extension FetchOrder {
    /// As options of a command line.
    var words: [String] {
        var words = ["--incoming", incoming, "--objects", objects]
        for revision in known { words += ["--known", revision.text] }
        if let notBefore { words += ["--not-before", String(notBefore.seconds)] }
        return words
    }

    /// Reads them again.
    package init(
        incoming: String, objects: String, known: [String], notBefore: Int64?
    ) throws(ChannelFault) {
        self.incoming = incoming
        self.objects = objects
        self.known = known.compactMap { Revision($0) }
        self.notBefore = notBefore.map { Instant(seconds: $0) }
        guard self.known.count == known.count else {
            throw ChannelFault(.fetch, "`--known` takes commit ids")
        }
    }
}

extension ChannelFetching {
    /// What the child does: fetches, and says in one line of JSON what came of it.
    package func answer(_ order: FetchOrder) -> String {
        let answer: JSONValue
        do throws(ChannelFault) {
            answer = ["tip": .string(try fetch(order, isStopped: { false }).text)]
        } catch {
            answer = ["error": .string(String(error.description.prefix(Limits.reasonBytes)))]
        }
        return answer.canonical + "\n"
    }
}
