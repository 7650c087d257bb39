package import DeviceRecords
package import HostSystem

/// A step of a transaction that could not be done.
package struct TransactionError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// The kernel said no.
        case system(SystemError)
        /// A record of the agent's can't be read or written.
        case record(RecordError)
        /// Content for a path was not handed over, or is not what the desired state says.
        case wrongContent
        /// A path is neither as it should be nor staged.
        case notStaged
        /// The path can't hold what it should hold.
        case blocked
        /// The journal does not say that this move is under way.
        case notJournaled
        /// What stood at a path before can't be put back.
        case originalLost
    }

    package var code: Code
    package var path: String
    package var message: String

    package init(_ code: Code, path: String, message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    package var description: String {
        switch code {
        case .system(let error): error.description
        case .record(let error): error.description
        default: "\(path): \(message)"
        }
    }
}

/// The border of the module: what the kernel and the records say becomes a transaction's error.
func asTransaction<Value>(_ body: () throws -> Value) throws(TransactionError) -> Value {
    do {
        return try body()
    } catch let error as TransactionError {
        throw error
    } catch let error as SystemError {
        throw TransactionError(.system(error), path: error.path, message: error.description)
    } catch let error as RecordError {
        throw TransactionError(.record(error), path: "", message: error.description)
    } catch {
        // Only who hands over contents throws anything else.
        throw TransactionError(.wrongContent, path: "", message: "\(error)")
    }
}
