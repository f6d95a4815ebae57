package dev.cloister.isolate.heap;

import dev.cloister.engine.runtime.HeapKind;

/// A number of bytes for each kind of memory of a store. Every instance has one, so these are plain
/// fields. One thread at a time.
final class KindBytes {
  private long linearMemory;
  private long table;
  private long gcObject;
  private long global;
  private long instance;

  long get(HeapKind kind) {
    return switch (kind) {
      case LINEAR_MEMORY -> linearMemory;
      case TABLE -> table;
      case GC_OBJECT -> gcObject;
      case GLOBAL -> global;
      case INSTANCE -> instance;
    };
  }

  void set(HeapKind kind, long bytes) {
    switch (kind) {
      case LINEAR_MEMORY -> linearMemory = bytes;
      case TABLE -> table = bytes;
      case GC_OBJECT -> gcObject = bytes;
      case GLOBAL -> global = bytes;
      case INSTANCE -> instance = bytes;
    }
  }
}
