import DeviceRecords
import FleetModel
import GitStore
import HostSystem
import NetworkStreams
import ReleaseTrust
import Staging

/// Fetches the channel's branch into the incoming folder, as the unprivileged user.
enum FetchWork {
    static func run(root: Root, _ harness: Harness) throws -> FetchReport {
        startLibraryLean()
        let configuration = try AgentConfiguration(of: root)
        // Everything that only root may read is read before the rights are given up.
        let room = try makeRoom(configuration, root)
        let borrowed = StateLayout.repository + "/objects"
        // What was tidied away here is not left out by every server.
        let isUsable = try root.exists(borrowed) && !root.exists(StateLayout.incompleteStore)
        let objects = isUsable ? root.hostPath(of: borrowed) : nil
        let request = try request(configuration, root, hasStore: objects != nil)
        let user = configuration.repository.fetchUser
        // The pack and the store's own packs are mapped into memory.
        try harness.becomeStranger(
            user, writing: room, memory: 8 * UInt64(Limits.importBytes)
        ) {
            try prepareIncoming(root, for: user)
            try lend(root, to: user)
        }
        do throws(GitError) {
            let result = try fetch(request, borrowing: objects, root)
            return FetchReport(tip: result.tip, receivedBytes: result.receivedBytes)
        } catch {
            guard error.code == .tooLarge else { throw error }
            throw WorkerTrouble(
                "\(error). The disk has room for a download of \(room) bytes: raise `maxDisk` in "
                    + "\(StateLayout.configuration), make room, or cut the branch's history with a "
                    + "release that says `Flotilla-Continues`.")
        }
    }

    /// Where a difference to something was sent that was tidied away here, everything is fetched.
    private static func fetch(
        _ request: FetchRequest, borrowing objects: String?, _ root: Root
    ) throws(GitError) -> FetchResult {
        let incoming = root.hostPath(of: StateLayout.incoming)
        do throws(GitError) {
            return try Fetcher(incoming: incoming, borrowingFrom: objects).fetch(request)
        } catch {
            guard error.code == .corrupt, objects != nil, isCollected(root), isEmptied(root) else {
                throw error
            }
            var request = request
            request.known = []
            return try Fetcher(incoming: incoming, borrowingFrom: nil).fetch(request)
        }
    }

    private static func isCollected(_ root: Root) -> Bool {
        (try? root.exists(StateLayout.collectedStore)) ?? false
    }

    /// By the fetching user, whose all of it is.
    private static func isEmptied(_ root: Root) -> Bool {
        do throws(SystemError) {
            for name in try root.listFolder(StateLayout.incoming, limit: 1_000) ?? [] {
                try root.removeTree(DevicePath.join(StateLayout.incoming, name))
            }
            return true
        } catch {
            // The first error is the one to tell.
            return false
        }
    }

    /// The largest download that the disk has room for. Where little is left, what nobody needs goes
    /// first: a server can't be asked for less.
    private static func makeRoom(_ configuration: AgentConfiguration, _ root: Root) throws -> Int {
        try root.makeStateFolders()
        let budget = DiskBudget(of: root, maxDisk: configuration.maxDisk)
        var room = try budget.room()
        if Int64(room) < configuration.maxDisk / 4,
            try Housekeeping(root: root)?.tidy(urgently: true) == true
        {
            room = try budget.room()
        }
        return min(room, Limits.importBytes)
    }

    private static func request(
        _ configuration: AgentConfiguration, _ root: Root, hasStore: Bool
    ) throws -> FetchRequest {
        let repository = configuration.repository
        var request = FetchRequest(url: repository.url, branch: configuration.channel)
        let trust = try RecordStore(root: root).read(TrustHead.self, at: StateLayout.trust)
        if let trust {
            // What a lost store does not hold any more is fetched again.
            if hasStore { request.known = [trust.release] }
            request.tls.notBefore = trust.committed
        }
        request.idleTimeout = repository.idleTimeout
        request.tls.authoritiesFile = repository.ca.map(root.hostPath(of:))
        request.tls.certificateFile = repository.certificate.map(root.hostPath(of:))
        request.tls.keyFile = repository.key.map(root.hostPath(of:))
        request.ssh.privateKeyFile = repository.sshKey.map(root.hostPath(of:))
        request.ssh.knownHostsFile = repository.knownHosts.map(root.hostPath(of:))
        if let user = repository.user, let file = repository.passwordFile {
            guard let bytes = try root.readFile(file, limit: 4_096) else {
                throw WorkerTrouble("the password file \(file) is missing")
            }
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
            request.password = HTTPPassword(
                user: user, password: String(decoding: line, as: UTF8.self))
        }
        return request
    }

    /// Empties the one place where the fetching user may write, and gives it to him. Where it is so
    /// already, nothing is written: most looks at Git find nothing new.
    private static func prepareIncoming(_ root: Root, for user: String) throws {
        guard let number = try Users.lookUpUser(user) else {
            throw WorkerTrouble(
                "the user \(user) does not exist. Make it, or name another one as "
                    + "`repository: {fetchUser: …}` in \(StateLayout.configuration).")
        }
        guard number != 0 else {
            throw WorkerTrouble(
                "fetching as root is refused: what talks to Git servers must not be root. Name "
                    + "an unprivileged user as `repository: {fetchUser: …}` in "
                    + "\(StateLayout.configuration).")
        }
        let owner = FileOwner(user: number, group: 0)
        try root.makeStateFolders()
        if isReady(root, for: owner) { return }
        try root.removeTree(StateLayout.incoming)
        try root.makeFolder(StateLayout.incoming, mode: 0o700, owner: owner)
    }

    /// Who fetches borrows from the object store. Nobody else may look into it: it holds what is placed
    /// with a mode of its own.
    private static func lend(_ root: Root, to user: String) throws {
        let status = try root.status(of: StateLayout.repository)
        guard let status, let group = try Users.primaryGroup(of: user) else { return }
        let owner = FileOwner(user: 0, group: group)
        if status.owner != owner { try root.setOwner(StateLayout.repository, owner) }
        if status.mode != 0o750 { try root.setMode(StateLayout.repository, 0o750) }
    }

    private static func isReady(_ root: Root, for owner: FileOwner) -> Bool {
        do throws(SystemError) {
            let status = try root.status(of: StateLayout.incoming)
            guard let status, status.kind == .directory, status.mode == 0o700,
                status.owner == owner
            else { return false }
            return try root.listFolder(StateLayout.incoming, limit: 8)?.isEmpty ?? false
        } catch {
            // Whatever it is, it is made anew.
            return false
        }
    }
}

struct WorkerTrouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
