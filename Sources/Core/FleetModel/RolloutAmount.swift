/// A number of devices, or a share of them: `5` or `10%`.
package enum RolloutAmount: Equatable, Sendable, CustomStringConvertible {
    case count(Int)
    case percent(Int)

    package init(_ text: String) throws(TextFault) {
        if text.utf8.last == UInt8(ascii: "%") {
            self = .percent(try Self.percentage(text))
            return
        }
        guard let count = Self.number(text.utf8), (1...Limits.fleetDevices).contains(count) else {
            throw TextFault(
                "\(quoted(text)) is neither a number of devices from 1 to \(Limits.fleetDevices) nor a share of them",
                fix: "Write a whole number such as `5`, or a share such as `10%`.")
        }
        self = .count(count)
    }

    /// `1%` to `100%`.
    package static func percentage(_ text: String) throws(TextFault) -> Int {
        guard text.utf8.last == UInt8(ascii: "%"), let percent = number(text.utf8.dropLast()),
            (1...100).contains(percent)
        else {
            throw TextFault(
                "\(quoted(text)) is not a share from 1% to 100%",
                fix: "Write a whole number and a percent sign, such as `95%`.")
        }
        return percent
    }

    /// Digits alone: a sign, a space or a leading `+` is no number of devices.
    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...9).contains(digits.count),
            digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// How many of `total` devices are meant: a share is rounded up, so that it never means nobody.
    package func devices(of total: Int) -> Int {
        switch self {
        case .count(let count): min(count, total)
        case .percent(let percent): (total * percent + 99) / 100
        }
    }

    package var description: String {
        switch self {
        case .count(let count): String(count)
        case .percent(let percent): "\(percent)%"
        }
    }
}
