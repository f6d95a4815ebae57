package dev.cloister.bench.server;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The benchmarks of `scripts/bench` that need a server.
@Command(
    name = "bench",
    description = "Puts the server under load over HTTP.",
    mixinStandardHelpOptions = true,
    subcommands = {HttpMode.class, NeighboursMode.class})
final class ServerBench {
  private ServerBench() {}

  /// Runs one and ends the process.
  public static void main(String[] args) {
    System.exit(new CommandLine(new ServerBench()).execute(args));
  }
}
