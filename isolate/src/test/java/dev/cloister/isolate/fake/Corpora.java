package dev.cloister.isolate.fake;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where the test corpora are; a test that needs one is skipped where it is absent.
public final class Corpora {
  private Corpora() {}

  /// The folder `name` of the corpora.
  public static Path folder(String name) {
    String root = System.getProperty("corpora", "");
    Path folder = Path.of(root, name);
    assumeTrue(!root.isEmpty() && Files.isDirectory(folder), "no corpus at " + folder);
    return folder;
  }

  /// The bytes of `file`.
  public static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The JSON object in `file`.
  public static JsonObject object(Path file) {
    return new JsonObject(text(file));
  }

  /// The JSON array in `file`.
  public static JsonArray array(Path file) {
    return new JsonArray(text(file));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
