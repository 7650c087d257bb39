import HostSystem

// Nothing here may be a callback for C: closures in this file belong to the main actor.
Program.ignoreBrokenPipe()
WorkerCommand.run(Program.arguments)
