package dev.cloister.sandbox.storage;

import dev.cloister.engine.persist.ArchiveKey;
import dev.cloister.engine.persist.Persistence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;

/// Where compiled code is kept beyond the life of the process, and the key that it is authenticated
/// with: whoever can write the one but does not know the other cannot make this process run code.
public final class PersistedCode {
  private static final String FOLDER = "code";
  private static final String FOLDER_KEY = "code.key";

  private PersistedCode() {}

  /// Returns the cache of a server, in `code/` of its data folder. The key is derived from
  /// `secrets.key`, which is made if it is missing.
  ///
  /// @param maxBytes the most bytes of all files
  /// @throws IOException if the folder or the key cannot be used
  public static Persistence ofServer(
      DataFolder folder, long maxBytes, SecureRandom random, InstantSource clock)
      throws IOException {
    byte[] secret = MasterKeys.load(folder, random).getFirst();
    return persistence(folder.path().resolve(FOLDER), secret, maxBytes, clock);
  }

  /// Returns a cache in a folder of its own, with a key of its own, which are made if they are
  /// missing. Several processes may use it at once.
  ///
  /// @param maxBytes the most bytes of all files
  /// @throws IOException if the folder or the key cannot be used
  public static Persistence ofFolder(
      Path folder, long maxBytes, SecureRandom random, InstantSource clock) throws IOException {
    Files.createDirectories(folder);
    Path key = folder.resolve(FOLDER_KEY);
    if (Files.notExists(key)) {
      DurableFiles.writePrivate(key, MasterKeys.create(random) + System.lineSeparator());
    }
    MasterKeys.requirePrivate(key);
    byte[] secret = MasterKeys.parse(key, Files.readString(key).strip());
    return persistence(folder, secret, maxBytes, clock);
  }

  private static Persistence persistence(
      Path folder, byte[] secret, long maxBytes, InstantSource clock) throws IOException {
    return new Persistence(FileCodeStore.open(folder, maxBytes, clock), ArchiveKey.derive(secret));
  }
}
