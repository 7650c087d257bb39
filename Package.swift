// swift-tools-version: 6.2
import PackageDescription

// The house. A folder below Sources/ is a wing, and a wing has a rank: a module may depend on
// modules of its own wing and of lower ranks, never on higher ones. Breaking that stops the build
// right here, with a sentence that says so.

/// FLOTILLA_DEVICE_ONLY=1 leaves out everything that is not installed on a device, and with it all
/// remote packages: release device binaries, sanitizers and fuzzers build in minutes.
let deviceOnly = Context.environment["FLOTILLA_DEVICE_ONLY"] != nil

enum Wing: String {
    case c = "C"
    case core = "Core"
    case adapters = "Adapters"
    case device = "Device"
    case `operator` = "Operator"
    case devicePrograms = "DevicePrograms"
    case operatorPrograms = "OperatorPrograms"

    /// The wings that a module of this wing may depend on.
    var mayUse: Set<Wing> {
        switch self {
        case .c: []
        case .core: [.core]
        case .adapters: [.c, .core, .adapters]
        case .device: [.core, .adapters, .device]
        case .operator: [.core, .adapters, .operator]
        case .devicePrograms: [.core, .adapters, .device]
        case .operatorPrograms: [.core, .adapters, .operator]
        }
    }

    /// Whether its modules are linked into what runs on a device.
    var isInstalledOnDevices: Bool {
        switch self {
        case .c, .core, .adapters, .device, .devicePrograms: true
        case .operator, .operatorPrograms: false
        }
    }

    var isPrograms: Bool { self == .devicePrograms || self == .operatorPrograms }

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
/// stripped of what is not used, identical functions folded, relocations packed (glibc 2.36).
let small = [
    "-static-stdlib", "-use-ld=lld", "-Xlinker", "--icf=all", "-Xlinker", "-z", "-Xlinker",
    "pack-relative-relocs", "-Xlinker", "--no-export-dynamic", "-Xlinker", "--exclude-libs=ALL",
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

    // Adapters: one thin wrapper for each C library and for the kernel.
    Module(name: "YAMLDocument", wing: .adapters, uses: ["CYAML", "Documents", "FleetModel"]),
    Module(name: "JSONDocument", wing: .adapters, uses: ["CJansson", "Documents", "FleetModel"]),
    Module(
        name: "Signatures", wing: .adapters,
        uses: ["COpenSSL", "Digests", "Documents", "FleetModel", "ReleaseTrust"]),
    Module(name: "HostSystem", wing: .adapters, uses: ["CLinux", "FleetModel", "Digests"]),
    Module(
        name: "GitStore", wing: .adapters,
        uses: ["CGit2", "COpenSSL", "Digests", "FleetModel", "HostSystem", "NetworkStreams"]),
    Module(
        name: "NetworkStreams", wing: .adapters, uses: ["COpenSSL", "FleetModel", "HostSystem"]),

    // Device: what the agent and its worker do.
    Module(
        name: "DeviceRecords", wing: .device,
        uses: [
            "AgentMachine", "Digests", "Documents", "FleetModel", "HostSystem", "JSONDocument",
            "ReleaseTrust", "Resolution", "YAMLDocument",
        ]),
    Module(
        name: "Transaction", wing: .device,
        uses: [
            "AgentMachine", "DeviceRecords", "Digests", "Documents", "FleetModel", "HostSystem",
            "UnitPlanning",
        ]),
    Module(
        name: "DriftWatch", wing: .device,
        uses: ["DeviceRecords", "Digests", "FleetModel", "HostSystem", "Transaction"]),
    Module(
        name: "UnitControl", wing: .device,
        uses: ["DeviceRecords", "FleetModel", "HealthProbes", "HostSystem", "UnitPlanning"]),
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
        ]),
    Module(
        name: "ResidentAgent", wing: .device,
        uses: [
            "AgentMachine", "DeviceRecords", "Digests", "Documents", "DriftWatch", "FleetModel",
            "HealthProbes", "HostSystem", "JSONDocument", "ReleaseTrust", "Transaction",
            "UnitControl", "UnitPlanning",
        ],
        testsUse: ["flotilla-agent", "flotilla-worker"]),

    // Operator: what the `flotilla` command does.
    Module(
        name: "FleetTools", wing: .operator,
        uses: [
            "Digests", "Documents", "FleetModel", "GitStore", "HostSystem", "ReleaseTrust",
            "Resolution", "Signatures", "YAMLDocument",
        ],
        products: [subprocess]),
    Module(
        name: "Demo", wing: .operator,
        uses: ["Documents", "FleetModel", "FleetTools", "HostSystem", "JSONDocument"],
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
        name: "flotilla", wing: .operatorPrograms,
        uses: ["Demo", "Documents", "FleetModel", "FleetTools", "HostSystem", "ReleaseTrust"],
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

func settings(of wing: Wing) -> [SwiftSetting] {
    var settings = common
    if wing.isInstalledOnDevices {
        settings += fence
        settings.append(.unsafeFlags(["-Osize"], .when(configuration: .release)))
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
    case .operatorPrograms:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings(of: module.wing))
    default:
        return .target(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings(of: module.wing))
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

let built = modules.filter { !deviceOnly || $0.wing.isInstalledOnDevices }

/// Runs the built programs as people do; only where all of them are built.
let endToEnd: [Target] =
    deviceOnly
    ? []
    : [
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Demo", "Documents", "FleetModel", "HostSystem", "TestSupport", "flotilla",
                "flotilla-agent", "flotilla-worker",
            ],
            path: "Tests/EndToEnd", swiftSettings: common)
    ]

let package = Package(
    name: "flotilla",
    dependencies: deviceOnly
        ? []
        : [
            .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
            .package(
                url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        ],
    targets: cLibraries + built.map(target(of:)) + built.compactMap(tests(of:)) + endToEnd + [
        .target(
            name: "TestSupport", dependencies: [], path: "Tests/TestSupport", swiftSettings: common),
        // Reads the tree's files and holds them against the rules of the house.
        .testTarget(name: "TidyTests", path: "Tests/Tidy", swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
