package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/// The file `secrets.key`: a line of 64 hexadecimal digits for each key from which others are
/// derived, the newest first. Older ones only read what they wrote.
public final class MasterKeys {
  private static final String FILE = "secrets.key";
  private static final int KEY_BYTES = 32;

  private static final Set<PosixFilePermission> OF_OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private MasterKeys() {}

  /// Reads the keys, at least one; makes the file (mode 0600) with a new one if it is missing.
  ///
  /// @throws IOException if the file can be neither read nor written, is open to other users, or
  ///   has a line that is no key
  public static List<byte[]> load(DataFolder folder, SecureRandom random) throws IOException {
    String text = folder.privateFile(FILE, () -> create(random));
    Path file = folder.path().resolve(FILE);
    requirePrivate(file);
    List<byte[]> keys = new ArrayList<>();
    for (String line : text.strip().split("\\s+", -1)) {
      keys.add(parse(file, line));
    }
    return keys;
  }

  /// Returns a new key as it stands in a file.
  static String create(SecureRandom random) {
    byte[] bytes = new byte[KEY_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /// Returns the key that `line` of `file` is.
  ///
  /// @throws IOException if it is none
  static byte[] parse(Path file, String line) throws IOException {
    if (line.length() != 2 * KEY_BYTES || !line.chars().allMatch(HexFormat::isHexDigit)) {
      throw new IOException(file + " is not " + 2 * KEY_BYTES + " hexadecimal digits");
    }
    return HexFormat.of().parseHex(line);
  }

  /// Checks that nobody else may read or write `file`.
  ///
  /// @throws IOException if somebody may
  static void requirePrivate(Path file) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (permissions.stream().anyMatch(OF_OTHERS::contains)) {
      throw new IOException(file + " is open to other users; its mode must be 0600");
    }
  }
}
