package dev.cloister.sandbox.cli;

import dev.cloister.engine.runtime.HeapKind;
import dev.cloister.engine.runtime.HeapLimiter;
import java.util.EnumMap;
import java.util.Map;

/// Refuses memory above a cap, counted for each kind of it on its own, so that a cap of one page
/// lets a module with one page run. Confined to the guest's thread.
final class MemoryCap implements HeapLimiter {
  private final long capBytes;
  private final Map<HeapKind, Long> reservedBytes = new EnumMap<>(HeapKind.class);

  MemoryCap(long capBytes) {
    this.capBytes = capBytes;
  }

  @Override
  public boolean reserve(HeapKind kind, long bytes) {
    if (bytes > capBytes - reservedBytes.getOrDefault(kind, 0L)) {
      return false;
    }
    reservedBytes.merge(kind, bytes, Long::sum);
    return true;
  }

  @Override
  public void release(HeapKind kind, long bytes) {
    reservedBytes.merge(kind, -bytes, Long::sum);
  }

  @Override
  public long budget(HeapKind kind) {
    return capBytes;
  }
}
