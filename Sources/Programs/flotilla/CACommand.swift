internal import ArgumentParser
internal import FleetAuthority
internal import FleetTools
internal import HostSystem
internal import ReleaseTrust

struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "The fleet's certificate authority: who may come to its broker.",
        discussion: """
            Devices, aggregators, operators and brokers show who they are by certificates of one \
            authority. Its folder DIR makes them all, so it belongs on a machine that nobody reaches.
            """,
        subcommands: [Begin.self, Issue.self, Revoke.self, ConfigureBroker.self])
}

extension CACommand {
    struct Begin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Begin an authority in a folder of its own.")

        @Argument(help: "The folder to make.")
        var folder: String

        @Option(help: "The fleet's name, as in fleet.yaml.")
        var fleet: String

        @Option(help: "For how many days it vouches for anybody.")
        var days = 3_650

        @OptionGroup var presentation: Presentation

        func validate() throws { try checkDays(days) }

        func run() async throws {
            try await presentation.show { () async throws(OperatorError) in
                try AuthorityFolder.create(folder, fleet: fleet, days: days, at: Clocks.wall())
            }
        }
    }

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "issue",
            abstract: "Issue a certificate: device ID, aggregator, operator NAME, broker HOST...",
            discussion: """
                Writes NAME.pem and NAME.key (mode 0600) into the authority's folder or into --out. \
                For an aggregator it prints the line for trust/allowed_signers that makes devices \
                believe its orders.
                """)

        enum Role: String, ExpressibleByArgument {
            case device, aggregator, `operator`, broker
        }

        @Argument(help: "The authority's folder.")
        var folder: String

        @Argument(help: "device, aggregator, operator or broker.")
        var role: Role

        @Argument(help: "The device's id, the operator's name, the broker's names and addresses.")
        var names: [String] = []

        @Option(help: "The folder to write into.")
        var out: String?

        @Option(help: "For how many days it counts.")
        var days = 825

        @Option(help: "A `.pub` file of a key that was made elsewhere: no key is written.")
        var publicKey: String?

        @OptionGroup var presentation: Presentation

        func validate() throws {
            try checkDays(days)
            let count: ClosedRange<Int> =
                switch role {
                case .device, .operator: 1...1
                case .aggregator: 0...0
                case .broker: 1...64
                }
            guard count.contains(names.count) else {
                throw ValidationError(
                    "Write `device ID`, `aggregator`, `operator NAME` or `broker HOST...`.")
            }
        }

        private var holder: AuthorityFolder.Holder {
            switch role {
            case .device: .device(names[0])
            case .aggregator: .aggregator
            case .operator: .operatorNamed(names[0])
            case .broker: .broker(hosts: names)
            }
        }

        func run() async throws {
            try await presentation.show { () async throws(OperatorError) in
                var key: SSHPublicKey?
                if let publicKey { key = try SSHPublicKey(file: publicKey) }
                return try AuthorityFolder(folder).issue(
                    to: holder, days: days, publicKey: key, into: out, at: Clocks.wall())
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Revoke certificates by name or serial, and write the list anew.")

        @Argument(help: "The authority's folder.")
        var folder: String

        @Argument(help: "A device's id, an operator's name, a host, `aggregator`, or a serial.")
        var name: String

        @OptionGroup var presentation: Presentation

        func run() async throws {
            try await presentation.show { () async throws(OperatorError) in
                try AuthorityFolder(folder).revoke(name, at: Clocks.wall())
            }
        }
    }

    struct ConfigureBroker: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "broker-config",
            abstract: "Write a whole configuration of Mosquitto for the fleet.",
            discussion: """
                Fills the configuration and the rules that come with Flotilla, and puts the \
                broker's certificate and key, the authority and the list of revoked certificates \
                beside them. Say it again after operators came or certificates were revoked.
                """)

        @Argument(help: "The authority's folder.")
        var folder: String

        @Option(help: "The folder to write into.")
        var out: String

        @Option(help: "Where that folder will stand on the broker's machine; else where it is.")
        var installedAt: String?

        @Option(help: "The port to listen on.")
        var port = 8_883

        @Option(help: "Where the broker keeps its messages.")
        var state = "/var/lib/mosquitto"

        @Option(help: "The broker's certificate and key, without .pem and .key.")
        var broker: String?

        @Option(help: "The folder with the templates; else the one that came with this program.")
        var templates: String?

        @Flag(help: "Replace files that are there and differ.")
        var replace = false

        @OptionGroup var presentation: Presentation

        func validate() throws {
            guard (1...65_535).contains(port) else {
                throw ValidationError("The port is a number from 1 to 65535.")
            }
        }

        func run() async throws {
            try await presentation.show { () async throws(OperatorError) in
                var wanted = BrokerConfiguration(out: out)
                wanted.installedAt = installedAt
                wanted.port = port
                wanted.state = state
                wanted.identity = broker
                wanted.templates = templates
                wanted.replaces = replace
                return try AuthorityFolder(folder).configureBroker(wanted, at: Clocks.wall())
            }
        }
    }
}

private func checkDays(_ days: Int) throws {
    guard (1...36_500).contains(days) else {
        throw ValidationError("The days are a number from 1 to 36500.")
    }
}
