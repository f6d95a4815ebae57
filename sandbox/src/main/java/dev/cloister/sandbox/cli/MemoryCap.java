package dev.cloister.sandbox.cli;

import dev.cloister.engine.runtime.HeapKind;
import dev.cloister.engine.runtime.HeapLimiter;

/// Refuses memory above a cap, counted for each kind of it on its own, so that a cap of one page
/// lets a module with one page run. Confined to the guest's thread.
final class MemoryCap implements HeapLimiter {
  private final long capBytes;
  private final long[] reservedBytes = new long[HeapKind.values().length];

  MemoryCap(long capBytes) {
    this.capBytes = capBytes;
  }

  @Override
  public boolean reserve(HeapKind kind, long bytes) {
    if (bytes > capBytes - reservedBytes[kind.ordinal()]) {
      return false;
    }
    reservedBytes[kind.ordinal()] += bytes;
    return true;
  }

  @Override
  public void release(HeapKind kind, long bytes) {
    reservedBytes[kind.ordinal()] -= bytes;
  }
}
