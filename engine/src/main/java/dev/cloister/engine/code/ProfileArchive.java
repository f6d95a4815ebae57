package dev.cloister.engine.code;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.InvalidProfileException;
import org.jspecify.annotations.Nullable;

/// What runs of a module have executed, as a unit of its archive.
final class ProfileArchive {
  static final String UNIT = "profile";

  private ProfileArchive() {}

  /// {@return the unit of a profile}
  static byte[] toBytes(ExecutionProfile profile) {
    return profile.toText().getBytes(US_ASCII);
  }

  /// {@return the profile in an archive, or null if there is none} May read a file.
  static @Nullable ExecutionProfile find(ClassFileArchive archive) {
    byte[] unit = archive.find(UNIT);
    if (unit == null) {
      return null;
    }
    try {
      return ExecutionProfile.parse(new String(unit, US_ASCII));
    } catch (InvalidProfileException e) {
      // It is authentic, so it is our own fault.
      throw new IllegalStateException("a kept profile is none", e);
    }
  }
}
