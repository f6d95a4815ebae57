package dev.cloister.engine.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A range of zeroed memory outside of the Java heap, of a fixed size, freed by [#close].
///
/// *Lazy* ranges take address space only, and pages of the machine as they are touched; where
/// [AddressSpace] is not available, ranges are *eager*: allocated as a whole. An access after
/// [#close] throws, it never reaches memory that has become someone else's.
///
/// @param sizeBytes as it was asked for; the segment may have some more bytes
record Reservation(MemorySegment segment, long sizeBytes, Arena arena) implements AutoCloseable {
  private static final long ALIGNMENT_BYTES = 16;

  /// {@return whether ranges take pages of the machine only as they are touched}
  static boolean isLazy() {
    return AddressSpace.isAvailable();
  }

  /// {@return a lazy range, or null if the machine or the process has no room for it}
  ///
  /// @throws IllegalStateException if there are no lazy ranges here
  static @Nullable Reservation lazy(long sizeBytes) {
    Arena arena = Arena.ofShared();
    MemorySegment segment = AddressSpace.map(rounded(sizeBytes), arena);
    if (segment == null) {
      arena.close();
      return null;
    }
    return new Reservation(segment, sizeBytes, arena);
  }

  /// {@return a range that is allocated as a whole, or null if the machine has no room for it}
  static @Nullable Reservation eager(long sizeBytes) {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment segment = arena.allocate(rounded(sizeBytes), ALIGNMENT_BYTES);
      return new Reservation(segment, sizeBytes, arena);
    } catch (OutOfMemoryError _) {
      arena.close();
      return null;
    }
  }

  /// Never 0, and such that the 32 bits around each byte belong to the range.
  private static long rounded(long sizeBytes) {
    return (Math.max(sizeBytes, 1) + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }

  /// Gives the memory back to the machine. Accesses throw [IllegalStateException] from now on.
  @Override
  public void close() {
    arena.close();
  }
}
