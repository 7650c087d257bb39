/// The text without what could move a terminal's cursor, colour its lines or turn their direction:
/// messages quote files that anybody may have written.
package func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var printable = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { printable.append(isControl(scalar) ? "\u{fffd}" : scalar) }
    return String(printable)
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // C0, DEL and C1, then the marks that embed, override or isolate a direction.
    case 0...0x1f, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: true
    default: false
    }
}
