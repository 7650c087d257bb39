/// Where the agent keeps what it knows. All paths are device-absolute: `Root` puts them below
/// `--root`.
package enum StateLayout {
    package static let configuration = "/etc/flotilla/agent.yaml"
    /// The second copy of the floor, outside the state folder.
    package static let anchor = "/etc/flotilla/anchor"

    package static let state = "/var/lib/flotilla"
    /// The device's own object store: root's, bare.
    package static let repository = state + "/repository"
    /// There where the next download must bring everything; see `ObjectStore.needsEverything`.
    package static let incompleteStore = repository + "/incomplete"
    /// There where objects were tidied away; see `ObjectStore.hasCollected`.
    package static let collectedStore = repository + "/collected"
    /// The one place where the fetching user may write.
    package static let incoming = state + "/incoming"
    package static let generations = state + "/generations"
    /// Which number was used last.
    package static let lastGeneration = generations + "/last.json"
    /// A relative symbolic link to `generations/N`; renaming it is the commit point.
    package static let current = state + "/current"
    /// What stood at managed paths before the first apply.
    package static let saved = state + "/saved"
    package static let trust = state + "/trust.json"
    package static let ledger = state + "/ledger.json"
    package static let hold = state + "/hold.json"
    /// What differs and stays so.
    package static let drift = state + "/drift.json"
    package static let journal = state + "/journal.json"
    /// What a generation on trial has cost so far; gone when none is.
    package static let boots = state + "/boots.json"
    /// Held while something changes: by the agent for a cycle, by a command for its work.
    package static let lock = state + "/lock"
    /// Held by the resident agent as long as it lives, so that there is only one.
    package static let residence = state + "/agent.lock"

    /// Where a record is moved that can't be read.
    package static func damaged(_ path: String) -> String { path + ".damaged" }

    /// Gone after a boot: what is only of interest while it is true.
    package static let run = "/run/flotilla"
    package static let status = run + "/status.json"

    package static func generation(_ number: Int) -> String { "\(generations)/\(number)" }
    package static func record(of number: Int) -> String { generation(number) + "/generation.json" }
    /// Contents of link-placed files stand below this at their own paths.
    package static func files(of number: Int) -> String { generation(number) + "/files" }
    /// What is staged and where: there until the flip has used it up.
    package static func stagedManifest(of number: Int) -> String {
        generation(number) + "/staged.json"
    }
    /// What validators look at: every managed file of the generation at its own path.
    package static func stageView(of number: Int) -> String { generation(number) + "/stage" }
}
