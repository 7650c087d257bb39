internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// How files with `placement: link` come to their paths: the path is a symbolic link that leads
/// through `current` into the generation's folder, so that one rename changes all of them.
enum LinkPlacement {
    /// Where the bytes of a file stand in a generation.
    static func backing(of file: DesiredFile, in generation: Int) -> String {
        StateLayout.files(of: generation) + file.path
    }

    /// The link's text. Relative, so that it holds inside and outside of `--root`.
    static func target(of file: DesiredFile) -> String {
        DevicePath.relative(from: file.path, to: "\(StateLayout.current)/files\(file.path)")
    }
}
