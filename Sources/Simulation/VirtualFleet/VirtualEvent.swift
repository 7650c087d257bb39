internal import AgentMachine
internal import DeviceLink
internal import FleetModel
internal import WireMessages

/// Everything that can happen in a simulated fleet.
enum VirtualEvent {
    // On a device; `life` is the agent's that asked for it.
    case deviceWakes(Int, life: Int)
    case agentAnswered(Int, life: Int, AgentEffect)
    case linkAnswered(Int, life: Int, LinkAnswer)
    case deviceHears(Int, session: Int, Downward)

    // At the broker.
    case brokerHears(Int, session: Int, LinkMessageContent, isForged: Bool)
    case brokerNotices(Int, session: Int)
    case brokerTakesOrder(SignedMessage)
    case brokerTakesAcknowledgement(Int, SignedMessage)

    // At the aggregator; `life` is its process's.
    case aggregatorHears(life: Int, Int, LinkMessageContent, isForged: Bool)
    case aggregatorCommits(life: Int)
    case aggregatorTicks(life: Int)
    case aggregatorLooksAtGit(life: Int)
    case aggregatorConnects(life: Int)
    case aggregatorStarts

    // From outside.
    case releases(Int)
    case gitIsHonest
    case disturbs
    case operatorLooks
    case deviceStarts(Int)
    case networkReturns(Int)
    case heals

    /// For the trace.
    var trace: (kind: Int64, place: Int64) {
        switch self {
        case .deviceWakes(let device, _): (1, Int64(device))
        case .agentAnswered(let device, _, _): (2, Int64(device))
        case .linkAnswered(let device, _, _): (3, Int64(device))
        case .deviceHears(let device, _, _): (4, Int64(device))
        case .brokerHears(let device, _, _, _): (5, Int64(device))
        case .brokerNotices(let device, _): (6, Int64(device))
        case .brokerTakesOrder: (7, 0)
        case .brokerTakesAcknowledgement(let device, _): (8, Int64(device))
        case .aggregatorHears(_, let device, _, _): (9, Int64(device))
        case .aggregatorCommits(let life): (10, Int64(life))
        case .aggregatorTicks(let life): (11, Int64(life))
        case .aggregatorLooksAtGit(let life): (12, Int64(life))
        case .aggregatorConnects(let life): (13, Int64(life))
        case .aggregatorStarts: (14, 0)
        case .releases(let number): (15, Int64(number))
        case .gitIsHonest: (16, 0)
        case .disturbs: (17, 0)
        case .deviceStarts(let device): (18, Int64(device))
        case .networkReturns(let device): (19, Int64(device))
        case .heals: (20, 0)
        case .operatorLooks: (21, 0)
        }
    }
}

/// What the network answers to a link.
enum LinkAnswer {
    case resolved
    case connected(will: Presence?)
    case disconnected
    case subscribed(isWhole: Bool)
    case settled
}

/// What a broker gives to a device.
enum Downward {
    case order(SignedMessage)
    case acknowledgement(SignedMessage)
    case presence(Presence)
}
