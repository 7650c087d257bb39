package import Documents

/// What came of reading one manifest.
///
/// What an agent does not know is kept apart from what is wrong: lint refuses both, a device only
/// says that it needs a newer agent, and only where it matters to it.
package struct ManifestReading<Manifest> {
    /// Nil where the manifest can't be used at all.
    package var manifest: Manifest?
    package var faults: [Diagnostic]
    /// Keys and formats that this version does not know.
    package var unknown: [Diagnostic]

    package init(_ manifest: Manifest?, faults: [Diagnostic] = [], unknown: [Diagnostic] = []) {
        self.manifest = manifest
        self.faults = faults
        self.unknown = unknown
    }

    /// All that lint has to say.
    package var diagnostics: [Diagnostic] { faults + unknown }
}

extension ManifestReading: Sendable where Manifest: Sendable {}

/// Collects the faults of the mappings of one file.
struct FaultCollector {
    let file: String
    private(set) var faults: [Diagnostic] = []
    private(set) var unknown: [Diagnostic] = []

    init(file: String) { self.file = file }

    /// Ends the reading of one mapping.
    mutating func finish(_ reader: inout MappingReader) {
        let known = reader.diagnostics.count
        reader.finish()
        faults += reader.diagnostics[..<known]
        unknown += reader.diagnostics[known...]
    }

    mutating func add(_ fault: Diagnostic) { faults.append(fault) }

    mutating func addUnknown(_ diagnostic: Diagnostic) { unknown.append(diagnostic) }

    /// `manifest` counts only where nothing is wrong.
    func reading<Manifest>(_ manifest: Manifest?) -> ManifestReading<Manifest> {
        ManifestReading(faults.isEmpty ? manifest : nil, faults: faults, unknown: unknown)
    }
}
