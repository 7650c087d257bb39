/// The bounds of everything that comes from outside, each with its reason.
package enum Limits {
    /// One managed file. A larger one is a firmware or an image, and has its own way.
    package static let fileBytes = 64 << 20
    /// Managed files of one device: a full pass over them stays below a second.
    package static let files = 20_000
    /// Entries of one revision's tree that a reader visits: a hostile tree is cut off here.
    package static let treeEntries = 200_000
    /// Levels of a tree below its root.
    package static let treeDepth = 32
    /// One YAML document. Nobody reviews a larger one.
    package static let yamlBytes = 1 << 20
    package static let yamlDepth = 32
    /// Values in one document, so that aliases and flow lists can't blow up memory.
    package static let documentNodes = 100_000
    /// One JSON document that our own programs hand to each other or keep on disk: the desired
    /// state of `files` files fits.
    package static let recordBytes = 32 << 20
    package static let jsonDepth = 32
    /// Values in one such document: a desired state of `files` files has 180,000, and a value costs
    /// some hundred bytes of memory.
    package static let recordValues = 400_000
    /// A commit object: headers, message and signatures.
    package static let commitBytes = 1 << 20
    /// One object in a pack after it is inflated: twice a managed file, so that nothing that a
    /// device may use is refused, and what libgit2 holds in memory stays bounded.
    package static let gitObjectBytes = 2 * fileBytes
    /// Objects of one pack: each costs a hundred bytes of memory while the pack is indexed.
    package static let packObjects = 1_000_000
    /// Packs of one download; libgit2 makes one.
    package static let packs = 16
    /// A tree object: 200,000 entries with short names.
    package static let treeBytes = 16 << 20
    /// Objects that libgit2 keeps decoded: trees and commits of one resolution fit.
    package static let gitCacheBytes = 4 << 20
    /// What is mapped of a pack at once.
    package static let packWindowBytes = 1 << 20
    /// A known-hosts file, a certificate or a key.
    package static let credentialFileBytes = 1 << 20
    /// Releases that one walk of the chain may cross.
    package static let releases = 100_000
    /// Releases before the floor whose commits a device keeps, so that it can say what a tip below its
    /// floor is: a kilobyte each.
    package static let rememberedReleases = 1_000
    /// A template after substitution stays a text that fits in memory many times over.
    package static let templateBytes = 1 << 20
    /// The least that `maxDisk` may be: an empty store, a few generations and their records.
    package static let leastDisk: Int64 = 8 << 20
    /// What one fetch may bring into the object store: more than any fleet's configuration, less
    /// than what fills a small flash.
    package static let importBytes = 1 << 30
    /// What a worker may answer to the agent: a verdict with its reason.
    package static let workerOutputBytes = 64 << 10
    /// What a failing check or validator may say in a report.
    package static let reasonBytes = 4_096
    /// What a check looks at of a file or of an answer's body.
    package static let probedBytes = 64 << 10
    /// The head of an answer to an HTTP check: what common servers send at most, several times over.
    package static let probedHeadBytes = 32 << 10
    /// One path name: PATH_MAX less what a staged name adds.
    package static let pathBytes = 3_840
    /// One name in a path: NAME_MAX less what a staged name adds.
    package static let nameBytes = 200
    /// One selector. Nobody understands a longer one.
    package static let selectorBytes = 4_096
    /// All rendered templates of one device together: they are held in memory until they are
    /// stored.
    package static let renderedBytes = 32 << 20
    /// Health checks and validators of one device, each: a round of checks must come to its end.
    package static let checks = 256
    /// How often one round tries a failed check again.
    package static let checkRetries = 10
    /// Hooks of one device: each may take its time-out in every move.
    package static let hooks = 64
    /// Extended attributes of one file, and the bytes of each: ext4 has room for a few KiB of them.
    package static let attributes = 16
    package static let attributeBytes = 1_024
    /// One command: the words, and the bytes of each.
    package static let commandWords = 64
    package static let wordBytes = 4_096
    /// The longest time for one try of a check or a validator.
    package static let checkTimeout = Duration.seconds(600)
    /// Waves of one rollout: each is an opening in every order, which must stay a small message.
    package static let waves = 32
    /// The selectors of all waves together, for the same reason.
    package static let waveSelectorBytes = 16 << 10
    /// The largest number of devices that a wave or a stop rule may name.
    package static let fleetDevices = 10_000_000
    /// The longest time between two waves, and the longest that a device may be silent.
    package static let rolloutTime = Duration.seconds(30 * 86_400)
    /// The longest time over which the devices of a wave begin: an order to begin lives 15 minutes.
    package static let orderSpread = Duration.seconds(600)
    /// The longest settle time and deadline of a health gate.
    package static let gateTime = Duration.seconds(86_400)
    /// The shortest time between two rounds of checks, so that a gate can't keep a device busy.
    package static let gateInterval = Duration.milliseconds(100)
    /// The shortest time between two looks at Git or at the disk, so that a configuration can't
    /// keep a device and its server busy for ever.
    package static let shortestInterval = Duration.seconds(1)

    // What is said on the bus.

    /// One MQTT payload: the largest state of a device with its signature and certificate fits
    /// twice.
    package static let mqttPayloadBytes = 64 << 10
    package static let mqttDepth = 16
    /// No session of a device has a higher number: sessions count from the clock's milliseconds, and
    /// from a number near the end of all numbers nobody could count on.
    package static let highestEpoch: Int64 = 1 << 61
    /// What a signed message holds: a payload, whose quotes and backslashes are escaped once more,
    /// a signature and a certificate.
    package static let signedPayloadBytes = 48 << 10
    /// An SSH signature in its armor, by a large RSA key or a security key.
    package static let signatureBytes = 8 << 10
    /// A device's certificate: an Ed25519 one has 500 bytes.
    package static let certificateBytes = 4 << 10
    /// Events that a device keeps until they are acknowledged: weeks without a broker.
    package static let outboxBytes = 8 << 20
    /// Events of one message: a batch stays below `mqttPayloadBytes`, also where all details are as
    /// long as they may be and every byte of them must be escaped twice.
    package static let batchedEvents = 24
    /// What one event says to people.
    package static let eventDetailBytes = 512
    /// What a reported state says to people.
    package static let problemBytes = 1_024
    package static let reportedLabels = 64
    package static let reportedFacts = 32
    /// Paths that a report names; the count says how many there are.
    package static let reportedDriftPaths = 20
    /// A longer path is cut in reports.
    package static let reportedPathBytes = 256
    /// Waves that one order may open.
    package static let orderOpenings = 64
    /// One topic: the base, and what the fleet appends.
    package static let topicBytes = 512
    /// How far before known time a message may claim to be.
    package static let messagesAhead = Duration.seconds(86_400)
    /// How long an operator's command may be valid.
    package static let commandLifetime = Duration.seconds(900)
    /// One text in a message that has no bound of its own.
    package static let wireTextBytes = 1_024
}
