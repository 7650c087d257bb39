@main
struct FlotillaAggregator {
    static func main() {}
}
