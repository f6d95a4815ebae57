package dev.cloister.admin;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// What a test needs of the machine it runs on, and a machine may not have.
final class Need {
  private static final System.Logger LOG = System.getLogger("dev.cloister.admin.skipped");

  private Need() {}

  /// Skips the test unless the need is met, and says so where whoever runs the tests sees it.
  static void that(boolean isMet, String otherwise) {
    if (!isMet) {
      LOG.log(System.Logger.Level.WARNING, "SKIPPED: " + otherwise);
    }
    assumeTrue(isMet, otherwise);
  }
}
