internal import CLinux
internal import Glibc

/// Starts a child with `posix_spawn`: empty signal mask, default signal actions, a process group of
/// its own, and no descriptor but its three standard ones.
func spawn(_ command: ChildCommand) throws(SystemError) -> RunningChild {
    let executable = try command.locate()
    let input = try standardInput(of: command)
    let output = try Pipe(for: executable)
    let errors = try Pipe(for: executable)
    let actions = try SpawnActions(executable)
    try actions.place(input.raw, as: STDIN_FILENO)
    try actions.place(output.writer.raw, as: STDOUT_FILENO)
    try actions.place(errors.writer.raw, as: STDERR_FILENO)
    try actions.closeOthers()
    try actions.changeFolder(to: command.workingFolder ?? "/")
    let attributes = try SpawnAttributes(executable)
    try attributes.startClean()
    var pid: pid_t = 0
    let arguments = CStringList([executable] + command.arguments)
    let environment = CStringList(
        command.variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
    try numberedCall("run", executable) {
        unsafe posix_spawn(
            &pid, executable, actions.pointer, attributes.pointer, arguments.pointer,
            environment.pointer)
    }
    let child = pid
    do throws(SystemError) {
        let raw = try systemCall("watch", executable) { flotilla_pidfd_open(child) }
        let process = FileDescriptor(owning: raw, path: executable)
        return RunningChild(
            pid: child, process: process, output: output.takeReader(),
            errors: errors.takeReader(), outputLimit: command.outputLimit)
    } catch {
        _ = kill(-child, SIGKILL)
        _ = waitpid(child, nil, 0)
        throw error
    }
}

/// The child's input as a file in memory: no writer has to keep up with the child.
private func standardInput(of command: ChildCommand) throws(SystemError) -> FileDescriptor {
    guard let bytes = command.standardInput else {
        let raw = try systemCall("open", "/dev/null") {
            unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        }
        return try FileDescriptor(owning: raw, path: "/dev/null").aboveStandard()
    }
    let raw = try systemCall("make the input of", command.executable) {
        unsafe flotilla_memfd_create("flotilla-input", UInt32(MFD_CLOEXEC))
    }
    let file = try FileDescriptor(owning: raw, path: "the input of \(command.executable)")
        .aboveStandard()
    try file.write(bytes)
    try file.seek(to: 0)
    return file
}

/// A pipe whose reader does not wait.
private struct Pipe: ~Copyable {
    let reader: FileDescriptor
    let writer: FileDescriptor

    init(for executable: String) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try systemCall("make a pipe for", executable) { unsafe flotilla_pipe2(&ends, O_CLOEXEC) }
        let first = FileDescriptor(owning: ends[0], path: executable)
        let second = FileDescriptor(owning: ends[1], path: executable)
        let source = try first.aboveStandard()
        let target = try second.aboveStandard()
        let raw = source.raw
        try systemCall("make a pipe for", executable) { fcntl(raw, F_SETFL, O_NONBLOCK) }
        reader = source
        writer = target
    }

    consuming func takeReader() -> FileDescriptor { reader }
}

extension FileDescriptor {
    /// Itself, or a copy above 2 where this process was started without standard descriptors: the
    /// child's own three would overwrite it.
    fileprivate consuming func aboveStandard() throws(SystemError) -> FileDescriptor {
        if raw > STDERR_FILENO { return self }
        let (number, path) = (raw, path)
        let copy = try systemCall("copy", path) { fcntl(number, F_DUPFD_CLOEXEC, 3) }
        return FileDescriptor(owning: copy, path: path)
    }
}

/// What the child does before it becomes the program.
@safe
private struct SpawnActions: ~Copyable {
    let pointer: UnsafeMutablePointer<posix_spawn_file_actions_t>
    private let subject: String

    init(_ subject: String) throws(SystemError) {
        self.subject = subject
        let pointer = UnsafeMutablePointer<posix_spawn_file_actions_t>.allocate(capacity: 1)
        let code = unsafe posix_spawn_file_actions_init(pointer)
        if code != 0 {
            unsafe pointer.deallocate()
            throw SystemError(operation: "run", path: subject, code: code)
        }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe posix_spawn_file_actions_destroy(pointer)
        unsafe pointer.deallocate()
    }

    func place(_ descriptor: Int32, as standard: Int32) throws(SystemError) {
        let code = unsafe posix_spawn_file_actions_adddup2(pointer, descriptor, standard)
        try numberedCall("run", subject) { code }
    }

    /// Also closes what a library opened without O_CLOEXEC.
    func closeOthers() throws(SystemError) {
        let code = unsafe posix_spawn_file_actions_addclosefrom_np(pointer, STDERR_FILENO + 1)
        try numberedCall("run", subject) { code }
    }

    func changeFolder(to folder: String) throws(SystemError) {
        let code = unsafe posix_spawn_file_actions_addchdir_np(pointer, folder)
        try numberedCall("run", subject) { code }
    }
}

/// The signals and the group of the child.
@safe
private struct SpawnAttributes: ~Copyable {
    let pointer: UnsafeMutablePointer<posix_spawnattr_t>
    private let subject: String

    init(_ subject: String) throws(SystemError) {
        self.subject = subject
        let pointer = UnsafeMutablePointer<posix_spawnattr_t>.allocate(capacity: 1)
        let code = unsafe posix_spawnattr_init(pointer)
        if code != 0 {
            unsafe pointer.deallocate()
            throw SystemError(operation: "run", path: subject, code: code)
        }
        unsafe self.pointer = unsafe pointer
    }

    func startClean() throws(SystemError) {
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        // Each of these fails with EINVAL alone, so that their results can be joined.
        let code =
            unsafe posix_spawnattr_setsigmask(pointer, &none)
            | posix_spawnattr_setsigdefault(pointer, &all)
            | posix_spawnattr_setpgroup(pointer, 0)
            | posix_spawnattr_setflags(pointer, Int16(flags))
        try numberedCall("run", subject) { code }
    }

    deinit {
        unsafe posix_spawnattr_destroy(pointer)
        unsafe pointer.deallocate()
    }
}

/// A C array of C strings that ends with NULL.
@safe
struct CStringList: ~Copyable {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        unsafe pointer = .allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() {
            unsafe (pointer + index).initialize(to: strdup(text))
        }
        unsafe (pointer + texts.count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { unsafe free(pointer[index]) }
        unsafe pointer.deallocate()
    }
}
