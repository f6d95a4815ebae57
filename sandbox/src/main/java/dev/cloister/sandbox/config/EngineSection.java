package dev.cloister.sandbox.config;

/// The section `engine`: compiling and running plugins.
///
/// @param guestThreads how many calls run at once; 0 is twice the number of processors
/// @param uploadThreads how many uploads are decoded at once; 0 is the number of processors
/// @param warmUp whether live versions are compiled at start, before somebody calls them
/// @param onDemandVersions how many versions that no alias names a tenant may keep compiled
public record EngineSection(
    int guestThreads, int uploadThreads, boolean warmUp, int onDemandVersions) {
  private static final int MAX_THREADS = 1_024;
  private static final int DEFAULT_ON_DEMAND = 4;

  static EngineSection from(ConfigSection section) {
    EngineSection config =
        new EngineSection(
            (int) section.number("guestThreads", 0, 0, MAX_THREADS),
            (int) section.number("uploadThreads", 0, 0, MAX_THREADS),
            section.flag("warmUp", true),
            (int) section.number("onDemandVersions", DEFAULT_ON_DEMAND, 1, MAX_THREADS));
    section.end();
    return config;
  }
}
