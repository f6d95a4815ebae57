package dev.cloister.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// Where the test corpora are. They are no part of the project; tests that need them are skipped
/// where they are missing.
public final class Corpora {
  private Corpora() {}

  /// A file or folder of the corpora.
  public static Path path(String relative) {
    Path path = Path.of(System.getProperty("corpora", "../../shared/corpora")).resolve(relative);
    Assumptions.assumeTrue(Files.exists(path), "no corpora: " + path);
    return path.normalize();
  }
}
