package dev.cloister.sandbox.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// The server and the key that client commands use.
///
/// @param url the server's address
/// @param key the key
record Credentials(String url, String key) {
  private static final String URL = "url";
  private static final String KEY = "key";

  /// Returns where `login` keeps them: `cloister/credentials` in the user's configuration folder.
  static Path file(Map<String, String> environment) {
    @Nullable String configured = environment.get("XDG_CONFIG_HOME");
    Path folder =
        configured == null || configured.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", "."), ".config")
            : Path.of(configured);
    return folder.resolve("cloister").resolve("credentials");
  }

  /// Reads what `login` kept, or returns null if it kept nothing.
  static @Nullable Credentials read(Path file) {
    if (Files.notExists(file)) {
      return null;
    }
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    } catch (IOException e) {
      throw CommandFailure.failed("cannot read " + file + ": " + e.getMessage());
    }
    @Nullable String url = properties.getProperty(URL);
    @Nullable String key = properties.getProperty(KEY);
    return url == null || key == null ? null : new Credentials(url, key);
  }

  /// Keeps these, readable by the user alone.
  void write(Path file) {
    Properties properties = new Properties();
    properties.setProperty(URL, url);
    properties.setProperty(KEY, key);
    try {
      Path folder = file.resolveSibling(".").normalize();
      Files.createDirectories(folder);
      Path temporary =
          Files.createTempFile(
              folder,
              "credentials",
              ".part",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (OutputStream out = Files.newOutputStream(temporary)) {
        properties.store(out, null);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw CommandFailure.failed("cannot write " + file + ": " + e.getMessage());
    }
  }

  /// Never shows the key.
  @Override
  public String toString() {
    return url;
  }
}
