internal import FleetModel

extension TrustRefusal {
    static func missing(_ release: Revision) -> TrustRefusal {
        TrustRefusal(
            .missingObject, release, "the object store lacks it or a part of it",
            fix: "Fetch again; if that does not help, check the repository with `git fsck`.")
    }

    static func unreadable(_ release: Revision) -> TrustRefusal {
        TrustRefusal(
            .malformedCommit, release, "it is not a commit that Flotilla can read",
            fix: "Publish it again from the last good release.")
    }

    static func tooMany(_ tip: Revision, _ floor: Revision) -> TrustRefusal {
        TrustRefusal(
            .tooManyReleases, tip,
            "more than \(Limits.releases) releases lie between it and \(floor.short)",
            fix: "Install a newer anchor: `flotilla anchor` prints it.")
    }

    static func notOnChain(_ tip: Revision, floor: Revision) -> TrustRefusal {
        TrustRefusal(
            .notOnChain, tip,
            "it does not come after release \(floor.text), the last one that was accepted",
            fix:
                "If the channel was reset by mistake, push \(floor.text) back to it and publish on "
                + "top of it; going back is a new release. If nobody did that, the server is not "
                + "to be trusted.")
    }
}
