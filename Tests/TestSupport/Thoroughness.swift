import Foundation

/// How much of a sweep is done. `make full` does all of it; `make test`, which must end on a slow
/// machine too, does a part that still tells whether it works at all.
public enum Thoroughness {
    /// Set by `make full`.
    public static let isFull = ProcessInfo.processInfo.environment["FLOTILLA_FULL"] != nil

    /// `usually` in `make test`, `full` in `make full`.
    public static func rounds(_ usually: Int, full: Int) -> Int { isFull ? full : usually }
}
