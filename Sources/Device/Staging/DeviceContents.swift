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
    private var rendered: [[UInt8]] = []

    /// Bytes that `keep` writes.
    var renderedBytes: Int { rendered.reduce(0) { $0 + $1.count } }

    /// Nothing is written before `keep`.
    init(of resolved: ResolvedDevice, in objects: ObjectStore) throws(StagingError) {
        var state = resolved.state
        for index in state.files.indices {
            let path = state.files[index].path
            switch resolved.contents[path] {
            case .blob(let id?, _):
                state.files[index].blob = id
            case .rendered(let bytes):
                state.files[index].blob = try at(.repository) {
                    try objects.identify(blob: bytes)
                }
                rendered.append(bytes)
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

    /// Keeps what resolution rendered as blobs.
    func keep() throws(StagingError) {
        try at(.repository) { for bytes in rendered { _ = try objects.write(blob: bytes) } }
    }

    /// Hands over the content of one of its files, part by part.
    func pour(_ file: DesiredFile, _ take: ([UInt8]) throws -> Void) throws {
        guard let blob = file.blob else {
            throw TransactionError(
                .wrongContent, path: file.path, message: "the generation names no blob for it")
        }
        do {
            if try objects.readBlob(blob, limit: Limits.fileBytes, take) { return }
        } catch let error as GitError {
            throw TransactionError(.wrongContent, path: file.path, message: "\(error)")
        }
        throw TransactionError(
            .wrongContent, path: file.path,
            message: "the blob \(blob) is missing from the object store")
    }
}
