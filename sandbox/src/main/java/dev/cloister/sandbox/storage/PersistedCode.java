package dev.cloister.sandbox.storage;

import dev.cloister.engine.persist.ArchiveKey;
import dev.cloister.engine.persist.Persistence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/// Where compiled code is kept beyond the life of the process, and the key that it is authenticated
/// with: whoever can write the one but does not know the other cannot make this process run code.
public final class PersistedCode {
  private static final String FOLDER = "code";
  private static final String SERVER_KEY = "secrets.key";
  private static final String FOLDER_KEY = "code.key";
  private static final int KEY_BYTES = 32;

  private static final Set<PosixFilePermission> OF_OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private PersistedCode() {}

  /// Returns the cache of a server, in `code/` of its data folder. The key is derived from
  /// `secrets.key`, which is made if it is missing.
  ///
  /// @param maxBytes the most bytes of all files
  /// @throws IOException if the folder or the key cannot be used
  public static Persistence ofServer(
      DataFolder folder, long maxBytes, SecureRandom random, InstantSource clock)
      throws IOException {
    String secret = folder.privateFile(SERVER_KEY, () -> newSecret(random));
    Path key = folder.path().resolve(SERVER_KEY);
    return persistence(folder.path().resolve(FOLDER), key, secret, maxBytes, clock);
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
      DurableFiles.writePrivate(key, newSecret(random) + System.lineSeparator());
    }
    return persistence(folder, key, Files.readString(key).strip(), maxBytes, clock);
  }

  private static Persistence persistence(
      Path folder, Path key, String secret, long maxBytes, InstantSource clock) throws IOException {
    requirePrivate(key);
    byte[] bytes = parse(key, secret);
    return new Persistence(FileCodeStore.open(folder, maxBytes, clock), ArchiveKey.derive(bytes));
  }

  private static String newSecret(SecureRandom random) {
    byte[] bytes = new byte[KEY_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static byte[] parse(Path key, String secret) throws IOException {
    if (secret.length() != 2 * KEY_BYTES || !secret.chars().allMatch(HexFormat::isHexDigit)) {
      throw new IOException(key + " is not " + 2 * KEY_BYTES + " hexadecimal digits");
    }
    return HexFormat.of().parseHex(secret);
  }

  private static void requirePrivate(Path key) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(key);
    if (permissions.stream().anyMatch(OF_OTHERS::contains)) {
      throw new IOException(key + " is open to other users; its mode must be 0600");
    }
  }
}
