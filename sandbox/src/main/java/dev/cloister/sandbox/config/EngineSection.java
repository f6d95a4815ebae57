package dev.cloister.sandbox.config;

/// The section `engine`: compiling and running plugins.
///
/// @param guestThreads how many calls run at once; 0 is twice the number of processors
/// @param uploadThreads how many uploads are decoded at once; 0 is the number of processors
/// @param warmUp whether live versions are compiled at start, before somebody calls them
/// @param onDemandVersions how many versions that no alias names a tenant may keep compiled
/// @param persistedCodeBytes the most compiled code that is kept in the data folder, so that it
///   need not be generated again after a restart; 0 keeps none
/// @param traceFile where each event of the engine becomes a line; empty for nowhere
public record EngineSection(
    int guestThreads,
    int uploadThreads,
    boolean warmUp,
    int onDemandVersions,
    long persistedCodeBytes,
    String traceFile) {
  private static final int MAX_THREADS = 1_024;
  private static final int DEFAULT_ON_DEMAND = 4;
  private static final long DEFAULT_PERSISTED_BYTES = 1L << 30;
  private static final long MAX_PERSISTED_BYTES = 1L << 50;

  static EngineSection from(ConfigSection section) {
    EngineSection config =
        new EngineSection(
            (int) section.number("guestThreads", 0, 0, MAX_THREADS),
            (int) section.number("uploadThreads", 0, 0, MAX_THREADS),
            section.flag("warmUp", true),
            (int) section.number("onDemandVersions", DEFAULT_ON_DEMAND, 1, MAX_THREADS),
            section.sizeBytes("persistedCode", DEFAULT_PERSISTED_BYTES, 0, MAX_PERSISTED_BYTES),
            section.optionalText("traceFile"));
    section.end();
    return config;
  }
}
