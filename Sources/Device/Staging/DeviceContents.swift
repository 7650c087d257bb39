internal import FleetModel
internal import GitStore
internal import Resolution
internal import Transaction

/// The bytes of a desired state, in the device's own object store: so every generation can be made
/// again without a network, templates included.
struct DeviceContents {
    /// With the blob of every file.
    let state: DesiredState
    private let objects: ObjectStore

    /// Keeps what resolution rendered as blobs.
    init(keeping resolved: ResolvedDevice, in objects: ObjectStore) throws(StagingError) {
        var state = resolved.state
        for index in state.files.indices {
            let path = state.files[index].path
            switch resolved.contents[path] {
            case .blob(let id?, _):
                state.files[index].blob = id
            case .rendered(let bytes):
                state.files[index].blob = try at(.repository) { try objects.write(blob: bytes) }
            case .blob(nil, _), nil:
                throw StagingError(.internalFault, "resolution gave no content for \(path)")
            }
        }
        self.state = state
        self.objects = objects
    }

    init(of state: DesiredState, in objects: ObjectStore) {
        self.state = state
        self.objects = objects
    }

    /// The content of one of its files.
    func bytes(of file: DesiredFile) throws(TransactionError) -> [UInt8] {
        guard let blob = file.blob else {
            throw TransactionError(
                .wrongContent, path: file.path, message: "the generation names no blob for it")
        }
        do throws(GitError) {
            if let bytes = try objects.blob(blob, limit: Limits.fileBytes) { return bytes }
        } catch {
            throw TransactionError(.wrongContent, path: file.path, message: "\(error)")
        }
        throw TransactionError(
            .wrongContent, path: file.path,
            message: "the blob \(blob) is missing from the object store")
    }
}
