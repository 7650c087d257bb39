package import Documents

/// How many devices there are of each standing.
package struct StandingCounts: Equatable, Sendable {
    private var numbers = [Int](repeating: 0, count: DeviceStanding.allCases.count)

    package init() {}

    package subscript(standing: DeviceStanding) -> Int {
        get { numbers[Int(standing.rawValue)] }
        set { numbers[Int(standing.rawValue)] = newValue }
    }

    package var total: Int { numbers.reduce(0, +) }

    package func sum(_ standings: DeviceStanding...) -> Int {
        standings.reduce(0) { $0 + self[$1] }
    }

    /// Those that there are, by their words.
    package var byWord: [String: Int] {
        var words: [String: Int] = [:]
        for standing in DeviceStanding.allCases where self[standing] > 0 {
            words[standing.word] = self[standing]
        }
        return words
    }

    package var json: JSONValue { .object(byWord.mapValues { .integer(Int64($0)) }) }
}
