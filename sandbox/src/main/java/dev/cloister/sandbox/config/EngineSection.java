package dev.cloister.sandbox.config;

/// The section `engine`: compiling and running plugins.
///
/// @param guestThreads how many calls run at once; 0 is twice the number of processors
/// @param uploadThreads how many uploads are decoded at once; 0 is the number of processors
/// @param warmUp whether live versions are compiled at start, before somebody calls them
/// @param onDemandVersions how many versions that no alias names a tenant may keep compiled
/// @param gdbPort where debuggers may connect, on the loopback interface and without a key; 0 is
///   nowhere
public record EngineSection(
    int guestThreads, int uploadThreads, boolean warmUp, int onDemandVersions, int gdbPort) {
  private static final int MAX_PORT = 65_535;
  private static final int MAX_THREADS = 1_024;
  private static final int DEFAULT_ON_DEMAND = 4;

  static EngineSection from(ConfigSection section) {
    EngineSection config =
        new EngineSection(
            (int) section.number("guestThreads", 0, 0, MAX_THREADS),
            (int) section.number("uploadThreads", 0, 0, MAX_THREADS),
            section.flag("warmUp", true),
            (int) section.number("onDemandVersions", DEFAULT_ON_DEMAND, 1, MAX_THREADS),
            (int) section.number("gdbPort", 0, 0, MAX_PORT));
    section.end();
    return config;
  }

  /// Returns this section with another port for debuggers.
  public EngineSection withGdbPort(int port) {
    return new EngineSection(guestThreads, uploadThreads, warmUp, onDemandVersions, port);
  }
}
