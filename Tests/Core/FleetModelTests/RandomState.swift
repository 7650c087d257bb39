import Digests
import FleetModel
import TestSupport

/// A desired state of random shape; every optional part is there in some and missing in others.
func randomState(using generator: inout SeededGenerator) -> DesiredState {
    DesiredState(
        bundles: many(&generator) { generator in
            BundlePolicy(
                name: word(&generator), drift: one(of: DriftPolicy.allCases, &generator),
                mode: one(of: BundleMode.allCases, &generator), rebootOn: many(&generator, path),
                network: one(of: [nil, true, false], &generator))
        },
        files: many(&generator) { generator in
            DesiredFile(
                path: path(&generator), bundle: word(&generator),
                content: SHA256.hash(word(&generator).utf8),
                size: .random(in: 0...Limits.fileBytes, using: &generator),
                mode: .random(in: 0...0o7777, using: &generator), owner: owner(&generator),
                placement: one(of: Placement.allCases, &generator),
                create: one(of: Creation.allCases, &generator), drift: drift(&generator),
                attributes: Bool.random(using: &generator) ? [:] : ["user.\u{e9}": "\"\n"],
                blob: Bool.random(using: &generator) ? nil : objectID(&generator))
        },
        links: many(&generator) { generator in
            DesiredLink(
                path: path(&generator), bundle: word(&generator), target: word(&generator),
                drift: drift(&generator))
        },
        directories: many(&generator) { generator in
            DesiredDirectory(
                path: path(&generator), bundle: word(&generator),
                mode: .random(in: 0...0o7777, using: &generator), owner: owner(&generator),
                isOwned: .random(using: &generator), drift: drift(&generator))
        },
        units: many(&generator) { generator in
            DesiredUnit(
                name: word(&generator) + ".service", bundle: word(&generator),
                enabled: one(of: [nil, true, false], &generator),
                activity: one(of: [nil, .running, .stopped], &generator),
                restartOn: many(&generator, path), reloadOn: many(&generator, path),
                after: many(&generator, word), drift: drift(&generator))
        },
        hooks: many(&generator) { generator in
            DesiredHook(
                name: word(&generator), bundle: word(&generator),
                moment: one(of: DesiredHook.Moment.allCases, &generator),
                command: many(&generator, word), on: many(&generator, path),
                timeout: duration(&generator))
        },
        validators: many(&generator) { generator in
            DesiredValidator(
                bundle: word(&generator), command: many(&generator, word),
                timeout: duration(&generator),
                view: one(of: DesiredValidator.View.allCases, &generator))
        },
        health: HealthGate(
            settle: duration(&generator), interval: duration(&generator),
            deadline: duration(&generator),
            checks: many(&generator) { generator in
                HealthCheck(
                    name: word(&generator), bundle: word(&generator), probe: probe(&generator),
                    timeout: duration(&generator), retries: .random(in: 0...3, using: &generator))
            }, scope: one(of: HealthGate.Scope.allCases, &generator),
            wayHome: one(of: [.zero, HealthGate.usualWayHome, duration(&generator)], &generator)))
}

private func drift(_ generator: inout SeededGenerator) -> DriftPolicy? {
    one(of: [nil] + DriftPolicy.allCases, &generator)
}

private func many<Part>(
    _ generator: inout SeededGenerator, _ make: (inout SeededGenerator) -> Part
) -> [Part] {
    (0..<Int.random(in: 0...4, using: &generator)).map { _ in make(&generator) }
}

private func one<Choice>(of choices: [Choice], _ generator: inout SeededGenerator) -> Choice {
    choices[Int.random(in: choices.indices, using: &generator)]
}

private func word(_ generator: inout SeededGenerator) -> String {
    let letters = ["a", "z", "0", "\"", "\\", " ", "é", "😀", "\n", "\u{1b}", "null", "~", "/"]
    return (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        one(of: letters, &generator)
    }.joined()
}

private func path(_ generator: inout SeededGenerator) -> String {
    (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        "/" + one(of: ["etc", "a b", "ö", ".x", "...", "\"", "x\ny"], &generator)
    }.joined()
}

private func owner(_ generator: inout SeededGenerator) -> Ownership {
    let names = ["root", "0", "www-data", "4294967294"]
    return Ownership(user: one(of: names, &generator), group: one(of: names, &generator))
}

private func objectID(_ generator: inout SeededGenerator) -> ObjectID? {
    ObjectID(String(SHA256.hash(word(&generator).utf8).description.prefix(40)))
}

private func duration(_ generator: inout SeededGenerator) -> Duration {
    .milliseconds(
        Int.random(in: 1...999, using: &generator)
            * one(of: [1, 1_000, 60_000, 3_600_000], &generator))
}

private func probe(_ generator: inout SeededGenerator) -> HealthCheck.Probe {
    switch Int.random(in: 0..<7, using: &generator) {
    case 0: .file(path: path(&generator), contains: one(of: [nil, word(&generator)], &generator))
    case 1: .command(many(&generator, word))
    case 2:
        .http(
            url: word(&generator), status: .random(in: 100...599, using: &generator),
            contains: one(of: [nil, word(&generator)], &generator))
    case 3: .tcp(host: word(&generator), port: .random(in: 1...65_535, using: &generator))
    case 4: .disk(path: path(&generator), free: .random(in: 0...(.max), using: &generator))
    case 5: .memory(available: .random(in: 0...(.max), using: &generator))
    default: .unit(word(&generator))
    }
}
