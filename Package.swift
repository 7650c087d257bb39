// swift-tools-version: 6.2
import PackageDescription

// The house. A folder below Sources/ is a wing, and a wing has a rank: a module may depend on
// modules of its own wing and of lower ranks, never on higher ones. Breaking that stops the build
// right here, with a sentence that says so.

/// FLOTILLA_DEVICE_ONLY=1 leaves out everything that is not installed on a device, and with it all
/// remote packages: release device binaries, sanitizers and fuzzers build in minutes.
let deviceOnly = Context.environment["FLOTILLA_DEVICE_ONLY"] != nil

/// FLOTILLA_ONLY=WireMessages,MQTTLink leaves out all modules but these and what they use, with
/// their tests: for an hour's work on one module.
let only = Context.environment["FLOTILLA_ONLY"]?.split(separator: ",").map(String.init)

enum Wing: String {
    case c = "C"
    case core = "Core"
    case adapters = "Adapters"
    case device = "Device"
    case simulation = "Simulation"
    case aggregator = "Aggregator"
    case `operator` = "Operator"
    case devicePrograms = "DevicePrograms"
    case aggregatorPrograms = "AggregatorPrograms"
    case operatorPrograms = "OperatorPrograms"

    /// The wings that a module of this wing may depend on.
    var mayUse: Set<Wing> {
        switch self {
        case .c: []
        case .core: [.core]
        case .adapters: [.c, .core, .adapters]
        case .device: [.core, .adapters, .device]
        case .simulation: [.core, .simulation]
        case .aggregator: [.core, .adapters, .aggregator]
        case .operator: [.core, .adapters, .operator]
        case .devicePrograms: [.core, .adapters, .device]
        case .aggregatorPrograms: [.core, .adapters, .aggregator]
        case .operatorPrograms: [.core, .adapters, .operator, .simulation]
        }
    }

    /// Whether its modules are linked into what runs on a device.
    var isInstalledOnDevices: Bool {
        switch self {
        case .c, .core, .adapters, .device, .devicePrograms: true
        case .simulation, .aggregator, .operator, .aggregatorPrograms, .operatorPrograms: false
        }
    }

    var isPrograms: Bool {
        switch self {
        case .devicePrograms, .aggregatorPrograms, .operatorPrograms: true
        case .c, .core, .adapters, .device, .simulation, .aggregator, .operator: false
        }
    }

    var folder: String { isPrograms ? "Sources/Programs" : "Sources/\(rawValue)" }
}

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Makes Foundation, the concurrency runtime and string processing unimportable: together they are
/// 50 MB of a device's flash that it does not need.
let fence: [SwiftSetting] = [
    .unsafeFlags([
        "-module-alias", "Foundation=FoundationIsForbiddenOnDevices",
        "-module-alias", "FoundationEssentials=FoundationEssentialsIsForbiddenOnDevices",
        "-Xfrontend", "-disable-implicit-concurrency-module-import",
        "-Xfrontend", "-disable-implicit-string-processing-module-import",
    ])
]

/// How a program becomes small enough for a device's flash: the standard library linked in and
/// stripped of what is not used, identical functions folded, relocations packed (glibc 2.36), and no
/// tables for unwinding.
let small = [
    "-static-stdlib", "-use-ld=lld", "-Xlinker", "--icf=all", "-Xlinker", "-z", "-Xlinker",
    "pack-relative-relocs", "-Xlinker", "--no-export-dynamic", "-Xlinker", "--exclude-libs=ALL",
    "-Xlinker", "--no-eh-frame-hdr", "-Xlinker", "-T", "-Xlinker",
    "\(Context.packageDirectory)/Sources/Programs/device.ld",
]

struct Module {
    let name: String
    let wing: Wing
    var uses: [String] = []
    /// Products of remote packages; only above the device.
    var products: [Target.Dependency] = []
    /// What its tests need besides: real parts instead of stand-ins.
    var testsUse: [String] = []
    /// Only the tests of a module above it, or of whole programs, can say something about it.
    var isTestedElsewhere = false
}

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")

let modules: [Module] = [
    // Core: decisions, pure. No clock, no disk, no network, no randomness.
    Module(name: "Digests", wing: .core),
    Module(name: "Documents", wing: .core),
    Module(
        name: "FleetModel", wing: .core, uses: ["Digests", "Documents"],
        testsUse: ["YAMLDocument"]),
    Module(
        name: "Resolution", wing: .core, uses: ["Digests", "Documents", "FleetModel"],
        testsUse: ["ReleaseTrust", "YAMLDocument"]),
    Module(name: "ReleaseTrust", wing: .core, uses: ["Digests", "Documents", "FleetModel"]),
    Module(name: "UnitPlanning", wing: .core, uses: ["Digests", "Documents", "FleetModel"]),
    Module(
        name: "AgentMachine", wing: .core,
        uses: ["Digests", "Documents", "FleetModel", "UnitPlanning"]),

    // What is said on the bus, and by whom it is believed.
    Module(
        name: "WireMessages", wing: .core,
        uses: ["Digests", "Documents", "FleetModel", "ReleaseTrust"],
        testsUse: ["JSONDocument", "Signatures", "YAMLDocument"]),
    // The device's side of the bus: what to say when, and what to keep until it was heard.
    Module(
        name: "DeviceLink", wing: .core,
        uses: ["Digests", "Documents", "FleetModel", "ReleaseTrust", "WireMessages"],
        testsUse: ["JSONDocument", "Signatures"]),
    // Which devices may have a release, and when the next ones may.
    Module(
        name: "RolloutEngine", wing: .core,
        uses: ["Digests", "Documents", "FleetModel", "WireMessages"],
        testsUse: ["JSONDocument", "YAMLDocument"]),
    // The aggregator's picture of the fleet, made of what devices say.
    Module(
        name: "FleetRegister", wing: .core,
        uses: [
            "Digests", "Documents", "FleetModel", "ReleaseTrust", "RolloutEngine", "WireMessages",
        ],
        testsUse: ["JSONDocument"]),

    // Adapters: one thin wrapper for each C library and for the kernel.
    Module(name: "YAMLDocument", wing: .adapters, uses: ["CYAML", "Documents", "FleetModel"]),
    Module(name: "JSONDocument", wing: .adapters, uses: ["CJansson", "Documents", "FleetModel"]),
    Module(
        name: "Signatures", wing: .adapters,
        uses: ["COpenSSL", "Digests", "Documents", "FleetModel", "ReleaseTrust"]),
    Module(
        name: "HostSystem", wing: .adapters,
        uses: ["CLinux", "COpenSSL", "FleetModel", "Digests"]),
    Module(
        name: "GitStore", wing: .adapters,
        uses: [
            "CGit2", "COpenSSL", "CZlib", "Digests", "FleetModel", "HostSystem", "NetworkStreams",
        ]),
    Module(
        name: "NetworkStreams", wing: .adapters, uses: ["COpenSSL", "FleetModel", "HostSystem"]),
    Module(
        name: "MQTTLink", wing: .adapters,
        uses: ["CMosquitto", "COpenSSL", "FleetModel", "HostSystem", "NetworkStreams"]),
    // Certificates of the fleet's own authority: made, revoked, and judged.
    Module(
        name: "FleetCertificates", wing: .adapters,
        uses: [
            "COpenSSL", "Digests", "Documents", "FleetModel", "HostSystem", "ReleaseTrust",
            "Signatures",
        ]),

    // Device: what the agent and its worker do.
    Module(
        name: "DeviceRecords", wing: .device,
        uses: [
            "AgentMachine", "Digests", "Documents", "FleetModel", "HostSystem", "JSONDocument",
            "ReleaseTrust", "UnitPlanning", "YAMLDocument",
        ]),
    Module(
        name: "Transaction", wing: .device,
        uses: [
            "AgentMachine", "DeviceRecords", "Digests", "Documents", "FleetModel", "HostSystem",
            "UnitPlanning",
        ]),
    Module(
        name: "DriftWatch", wing: .device,
        uses: [
            "DeviceRecords", "Digests", "FleetModel", "HostSystem", "Transaction", "UnitPlanning",
        ]),
    Module(
        name: "UnitControl", wing: .device,
        uses: ["AgentMachine", "DeviceRecords", "FleetModel", "HostSystem", "UnitPlanning"]),
    Module(
        name: "HealthProbes", wing: .device,
        uses: [
            "AgentMachine", "DeviceRecords", "Digests", "Documents", "FleetModel", "HostSystem",
            "JSONDocument",
        ]),
    // Only the worker speaks with servers, so the agent links neither this nor TLS.
    Module(
        name: "NetworkProbes", wing: .device,
        uses: ["Documents", "FleetModel", "HealthProbes", "HostSystem", "NetworkStreams"]),
    Module(
        name: "Staging", wing: .device,
        uses: [
            "AgentMachine", "DeviceRecords", "Digests", "Documents", "FleetModel", "GitStore",
            "HostSystem", "JSONDocument", "ReleaseTrust", "Resolution", "Signatures", "Transaction",
            "UnitPlanning", "YAMLDocument",
        ], testsUse: ["flotilla-worker"]),
    // The device's side of the bus on a real machine: the outbox on the disk, the link to a broker.
    Module(
        name: "DeviceBus", wing: .device,
        uses: [
            "DeviceLink", "DeviceRecords", "Digests", "Documents", "FleetCertificates",
            "FleetModel", "HostSystem", "JSONDocument", "MQTTLink", "NetworkStreams",
            "ReleaseTrust", "Signatures",
            "WireMessages",
        ]),
    Module(
        name: "ResidentAgent", wing: .device,
        uses: [
            "AgentMachine", "DeviceBus", "DeviceLink", "DeviceRecords", "Digests", "Documents",
            "DriftWatch", "FleetModel", "HealthProbes", "HostSystem", "JSONDocument", "MQTTLink",
            "ReleaseTrust", "Signatures", "Transaction", "UnitControl",
            "UnitPlanning", "WireMessages",
        ],
        testsUse: ["flotilla-agent", "flotilla-worker"]),

    // Simulation: a fleet in a virtual world.
    Module(
        name: "VirtualFleet", wing: .simulation,
        uses: [
            "AgentMachine", "DeviceLink", "Digests", "Documents", "FleetModel", "FleetRegister",
            "ReleaseTrust", "RolloutEngine", "UnitPlanning", "WireMessages",
        ],
        testsUse: ["JSONDocument"]),

    // Aggregator: hears all devices, and lets releases out in waves.
    Module(
        name: "FleetStore", wing: .aggregator,
        uses: [
            "Digests", "Documents", "FleetModel", "FleetRegister", "JSONDocument", "RolloutEngine",
            "WireMessages",
        ],
        products: [grdb]),
    Module(
        name: "ChannelWatch", wing: .aggregator,
        uses: [
            "Digests", "Documents", "FleetModel", "GitStore", "HostSystem", "JSONDocument",
            "NetworkStreams", "ReleaseTrust", "Resolution", "Signatures", "YAMLDocument",
        ]),
    Module(
        name: "Ingest", wing: .aggregator,
        uses: [
            "Digests", "Documents", "FleetCertificates", "FleetModel", "FleetRegister",
            "HostSystem", "JSONDocument", "MQTTLink", "NetworkStreams", "ReleaseTrust",
            "Signatures", "WireMessages",
        ]),
    // What the API and the web page may ask and want.
    Module(
        name: "FleetAnswers", wing: .aggregator, uses: ["Documents", "FleetModel"],
        isTestedElsewhere: true),
    Module(
        name: "RolloutService", wing: .aggregator,
        uses: [
            "ChannelWatch", "Digests", "Documents", "FleetAnswers", "FleetCertificates",
            "FleetModel", "FleetRegister", "FleetStore", "GitStore", "HostSystem", "Ingest",
            "JSONDocument", "MQTTLink", "NetworkStreams", "ReleaseTrust", "Resolution",
            "RolloutEngine", "Signatures", "WireMessages", "YAMLDocument",
        ], testsUse: ["SchemaSupport"]),
    Module(
        name: "WebPages", wing: .aggregator,
        uses: ["Digests", "Documents", "FleetAnswers", "FleetModel"], products: [mustache]),
    Module(
        name: "HTTPAPI", wing: .aggregator,
        uses: [
            "Digests", "Documents", "FleetAnswers", "FleetModel", "HostSystem", "JSONDocument",
            "WebPages",
        ],
        products: [hummingbird, hummingbirdTLS], testsUse: ["SchemaSupport", "YAMLDocument"]),

    // Operator: what the `flotilla` command does.
    Module(
        name: "FleetTools", wing: .operator,
        uses: [
            "Digests", "Documents", "FleetModel", "GitStore", "HostSystem", "ReleaseTrust",
            "Resolution", "Signatures", "YAMLDocument",
        ],
        products: [subprocess]),
    Module(
        name: "FleetAuthority", wing: .operator,
        uses: [
            "Documents", "FleetCertificates", "FleetModel", "FleetTools", "HostSystem",
            "JSONDocument", "ReleaseTrust", "Signatures",
        ]),
    Module(
        name: "FleetClient", wing: .operator,
        uses: [
            "Digests", "Documents", "FleetModel", "FleetTools", "HostSystem", "JSONDocument",
            "ReleaseTrust", "WireMessages",
        ],
        products: [httpClient, subprocess]),
    Module(
        name: "Demo", wing: .operator,
        uses: [
            "Documents", "FleetClient", "FleetModel", "FleetTools", "HostSystem", "JSONDocument",
        ],
        isTestedElsewhere: true),

    // Programs: parse arguments, wire, start.
    Module(
        name: "flotilla-agent", wing: .devicePrograms,
        uses: [
            "AgentMachine", "DeviceRecords", "Documents", "FleetModel", "HostSystem",
            "ResidentAgent",
        ]),
    Module(
        name: "flotilla-worker", wing: .devicePrograms,
        uses: [
            "AgentMachine", "DeviceRecords", "Documents", "FleetModel", "GitStore", "HealthProbes",
            "HostSystem", "JSONDocument", "NetworkProbes", "NetworkStreams", "ReleaseTrust",
            "Staging",
        ]),
    Module(
        name: "flotilla-aggregator", wing: .aggregatorPrograms,
        uses: [
            "Documents", "FleetAnswers", "FleetModel", "HTTPAPI", "HostSystem", "RolloutService",
        ],
        products: [argumentParser]),
    Module(
        name: "flotilla", wing: .operatorPrograms,
        uses: [
            "Demo", "Documents", "FleetAuthority", "FleetClient", "FleetModel", "FleetTools",
            "HostSystem", "ReleaseTrust", "VirtualFleet",
        ],
        products: [argumentParser]),
]

/// C libraries: a module map and a header each, nothing else.
let cLibraries: [Target] = [
    .systemLibrary(
        name: "CGit2", path: "Sources/C/CGit2", pkgConfig: "libgit2",
        providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(
        name: "COpenSSL", path: "Sources/C/COpenSSL", pkgConfig: "libssl",
        providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
        name: "CYAML", path: "Sources/C/CYAML", pkgConfig: "yaml-0.1",
        providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
        name: "CJansson", path: "Sources/C/CJansson", pkgConfig: "jansson",
        providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(
        name: "CMosquitto", path: "Sources/C/CMosquitto", pkgConfig: "libmosquitto",
        providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(
        name: "CZlib", path: "Sources/C/CZlib", pkgConfig: "zlib",
        providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLinux", path: "Sources/C/CLinux"),
]

// The fence itself.
let wings = Dictionary(
    uniqueKeysWithValues: cLibraries.map { ($0.name, Wing.c) } + modules.map { ($0.name, $0.wing) })
for module in modules {
    for use in module.uses {
        guard let wing = wings[use] else {
            fatalError("\(module.name) uses \(use), which nobody declares")
        }
        if !module.wing.mayUse.contains(wing) {
            fatalError(
                "\(module.name) (\(module.wing.rawValue)) must not depend on \(use) (\(wing.rawValue))"
            )
        }
    }
}

/// Where a few kilobytes more make a device several times quicker.
let quick = ["Digests"]

func settings(of wing: Wing, _ name: String = "") -> [SwiftSetting] {
    var settings = common
    if wing.isInstalledOnDevices {
        settings += fence
        let size = quick.contains(name) ? "-O" : "-Osize"
        settings.append(
            .unsafeFlags(
                [size, "-Xfrontend", "-function-sections"], .when(configuration: .release)))
    }
    if wing == .adapters { settings.append(.strictMemorySafety()) }
    return settings
}

func target(of module: Module) -> Target {
    let dependencies = module.uses.map { Target.Dependency(stringLiteral: $0) } + module.products
    let path = "\(module.wing.folder)/\(module.name)"
    switch module.wing {
    case .devicePrograms:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings(of: module.wing),
            linkerSettings: [.unsafeFlags(small, .when(configuration: .release))])
    case .aggregatorPrograms, .operatorPrograms:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings(of: module.wing))
    default:
        return .target(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings(of: module.wing, module.name))
    }
}

/// A module's tests stand in Tests/ under the module's wing and name. They may use what the module
/// uses, and Foundation.
func tests(of module: Module) -> Target? {
    if module.isTestedElsewhere || module.wing.isPrograms { return nil }
    let libraries = (module.uses + module.testsUse).filter { wings[$0] != .c }
    return .testTarget(
        name: "\(module.name)Tests",
        dependencies: ([module.name, "TestSupport"] + libraries).map {
            Target.Dependency(stringLiteral: $0)
        },
        path: "Tests/\(module.wing.rawValue)/\(module.name)Tests", swiftSettings: common)
}

/// Which modules are built: all, or those that FLOTILLA_ONLY names with all that they use.
func isWanted(_ module: Module) -> Bool {
    if deviceOnly && !module.wing.isInstalledOnDevices { return false }
    return only == nil || neededByOnly.contains(module.name)
}
let neededByOnly: Set<String> = {
    var needed: Set<String> = []
    func need(_ name: String, testing: Bool) {
        guard let module = modules.first(where: { $0.name == name }) else { return }
        needed.insert(name)
        for use in module.uses + (testing ? module.testsUse : []) where !needed.contains(use) {
            need(use, testing: false)
        }
    }
    for name in only ?? [] { need(name, testing: true) }
    return needed
}()
let built = modules.filter(isWanted)
/// Of these the tests are built.
let tested = built.filter { module in only?.contains(module.name) ?? true }
let remotePackages = built.contains { !$0.products.isEmpty }

/// Runs the built programs as people do; only where all of them are built.
let endToEnd: [Target] =
    deviceOnly || only != nil
    ? []
    : [
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Demo", "Documents", "FleetModel", "HostSystem", "JSONDocument", "TestSupport",
                "flotilla", "flotilla-agent", "flotilla-aggregator", "flotilla-worker",
            ],
            path: "Tests/EndToEnd", swiftSettings: common)
    ]

/// Holds answers against docs/openapi.yaml, for tests.
let schemaSupport: [Target] =
    built.contains { $0.name == "YAMLDocument" }
    ? [
        .target(
            name: "SchemaSupport", dependencies: ["Documents", "YAMLDocument"],
            path: "Tests/SchemaSupport", swiftSettings: common)
    ] : []

let package = Package(
    name: "flotilla",
    dependencies: !remotePackages
        ? []
        : [
            .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
            .package(
                url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
            .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
            .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
            .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
            .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        ],
    targets: cLibraries + built.map(target(of:)) + tested.compactMap(tests(of:)) + endToEnd
        + schemaSupport + [
            .target(
                name: "TestSupport", dependencies: [], path: "Tests/TestSupport",
                swiftSettings: common),
            // Reads the tree's files and holds them against the rules of the house.
            .testTarget(name: "TidyTests", path: "Tests/Tidy", swiftSettings: common),
        ],
    swiftLanguageModes: [.v6]
)
