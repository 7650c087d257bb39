extension UnitPlan {
    /// Takes `beforeFlip` back when the flip never came, last action first.
    package var undoingBeforeFlip: [UnitAction] {
        beforeFlip.reversed().compactMap { action in
            switch action {
            case .stop(let unit): .start(unit)
            case .disable(let unit): .enable(unit)
            case .daemonReload, .enable, .start, .reload, .restart, .restartIfRunning: nil
            }
        }
    }
}
