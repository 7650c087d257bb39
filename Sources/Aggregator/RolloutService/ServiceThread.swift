internal import HostSystem
internal import Synchronization

/// The one thread on which the service does everything: it writes to the disk in the middle of a
/// decision, and the threads that all tasks share must not wait for disks. It ends with its last
/// reference.
final class ServiceThread: SerialExecutor {
    private final class Desk: Sendable {
        let jobs = Mutex<(waiting: [UnownedJob], isEnded: Bool)>(([], false))
        let bell: WakeUp

        init() throws(SystemError) { bell = try WakeUp() }

        func take() -> (jobs: [UnownedJob], isEnded: Bool) {
            jobs.withLock { jobs in
                defer { jobs.waiting = [] }
                return (jobs.waiting, jobs.isEnded)
            }
        }
    }

    private let desk: Desk

    init() throws(SystemError) {
        let desk = try Desk()
        self.desk = desk
        let executor = asUnownedSerialExecutor()
        try OwnThread.start("service") {
            while true {
                let (jobs, isEnded) = desk.take()
                if isEnded { return }
                // Whoever has a job here holds the executor.
                for job in jobs { job.runSynchronously(on: executor) }
                // A wait that fails returns at once; then it looks again.
                if jobs.isEmpty { try? desk.bell.wait(.seconds(3_600)) }
            }
        }
    }

    deinit {
        desk.jobs.withLock { $0.isEnded = true }
        desk.bell.ring()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        desk.jobs.withLock { $0.waiting.append(job) }
        desk.bell.ring()
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}
