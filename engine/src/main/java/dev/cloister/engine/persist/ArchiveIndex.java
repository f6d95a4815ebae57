package dev.cloister.engine.persist;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is in an archive, and where. Immutable.
///
/// @param units by name, in the order of their bodies
/// @param fileBytes the size of the whole archive
record ArchiveIndex(Map<String, Unit> units, long fileBytes) {
  static final ArchiveIndex EMPTY = new ArchiveIndex(Map.of(), 0);

  /// The body of one unit.
  ///
  /// @param offset in the file
  /// @param length in bytes
  /// @param digest the SHA-256 of the body, not changed any more
  @SuppressWarnings("ArrayRecordComponent") // Compared by `isBody` only.
  record Unit(long offset, int length, byte[] digest) {
    /// {@return whether these bytes are the unit's}
    boolean isBody(byte[] bytes) {
      return bytes.length == length && MessageDigest.isEqual(digest, ArchiveFormat.digest(bytes));
    }
  }

  /// {@return where a unit is, or null}
  @Nullable Unit find(String name) {
    return units.get(name);
  }

  /// {@return whether both have the same unit of this name at the same place}
  boolean agrees(ArchiveIndex other, String name) {
    Unit mine = units.get(name);
    Unit others = other.units.get(name);
    return mine != null
        && others != null
        && mine.offset == others.offset
        && mine.length == others.length
        && Arrays.equals(mine.digest, others.digest);
  }

  /// Collects the units of an archive one after the other.
  static final class Builder {
    private final Map<String, Unit> units = new LinkedHashMap<>();
    private long offset;

    /// @param offset of the first body
    Builder(long offset) {
      this.offset = offset;
    }

    /// Adds the next unit.
    void add(String name, int length, byte[] digest) {
      units.put(name, new Unit(offset, length, digest));
      offset += length;
    }

    ArchiveIndex build() {
      return new ArchiveIndex(units, offset);
    }
  }
}
