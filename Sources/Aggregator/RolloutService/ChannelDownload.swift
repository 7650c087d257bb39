internal import ChannelWatch
internal import Documents
internal import FleetModel
internal import HostSystem

/// How the running program fetches: it starts itself anew, and what the child does is this.
package enum ChannelDownload {
    /// What the child says: one line of JSON.
    package static func answer(
        configurationFile: String, incoming: String, objects: String, known: [String],
        notBefore: Int64?
    ) -> String {
        do {
            let configuration = try AggregatorConfiguration(file: configurationFile)
            let order = try FetchOrder(
                incoming: incoming, objects: objects, known: known, notBefore: notBefore)
            return DirectFetch(configuration.repository, branch: configuration.channel.channel)
                .answer(order)
        } catch {
            let text = String("\(error)".prefix(Limits.reasonBytes))
            return JSONValue.object(["error": .string(text)]).canonical + "\n"
        }
    }

    static func fetching(configurationFile: String) throws(SystemError) -> ChildFetch {
        ChildFetch(
            program: try Program.ownPath(), arguments: ["fetch", "--config", configurationFile])
    }
}
