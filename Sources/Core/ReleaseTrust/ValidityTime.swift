internal import FleetModel

/// Reads a time of `valid-after=` and `valid-before=`: YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS,
/// with or without Z. It is UTC either way: devices stand in many time zones, and one file must mean
/// one thing on all of them.
func validityTime(_ text: some StringProtocol) -> Instant? {
    var digits = Array(text.utf8)
    if digits.last == UInt8(ascii: "Z") || digits.last == UInt8(ascii: "z") { digits.removeLast() }
    guard [8, 12, 14].contains(digits.count),
        digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }

    func number(_ start: Int, _ count: Int) -> Int64 {
        guard start < digits.count else { return 0 }
        return digits[start..<start + count].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
    let (year, month, day) = (number(0, 4), number(4, 2), number(6, 2))
    let (hour, minute, second) = (number(8, 2), number(10, 2), number(12, 2))
    guard year >= 1970, (1...12).contains(month), day >= 1, day <= days(in: month, of: year),
        hour < 24, minute < 60, second < 60
    else { return nil }
    let seconds =
        daysSince1970(year: year, month: month, day: day) * 86_400
        + hour * 3_600 + minute * 60 + second
    // An instant ends in 2262; a later date means "for ever", and so does the last instant.
    let (_, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? Instant(nanoseconds: .max) : Instant(seconds: seconds)
}

private func days(in month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Years begin on 1 March, so that the leap day is the last of its year.
private func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let shiftedMonth = month <= 2 ? month + 9 : month - 3
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
    let leapDays = shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400
    return shiftedYear * 365 + leapDays + dayOfYear - 719_468
}
