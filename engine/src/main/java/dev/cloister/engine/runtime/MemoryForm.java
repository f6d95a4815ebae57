package dev.cloister.engine.runtime;

import dev.cloister.engine.types.MemoryType;

/// How the bytes of a memory are kept, and how generated code checks an access.
///
/// The form is a constant of the code that accesses the memory, so it is decided by the declared
/// type alone: a module that imports a memory comes to the same form as the one that defines it,
/// unless it declares a smaller minimum than an array can hold; then it is not linked.
public enum MemoryForm {
  /// A [HeapMemory] whose array is as long as the memory: the array's bounds check is Wasm's.
  EXACT,
  /// A [HeapMemory] whose array has spare capacity: accesses are checked against the size.
  LIMIT,
  /// A [SegmentMemory]: shared, or larger than any array.
  SEGMENT;

  /// {@return whether memories of a type are segments, not arrays}
  public static boolean isSegment(MemoryType type) {
    long arrayPages = Memory.MAX_ARRAY_BYTES >>> type.pageSizeLog2();
    return type.shared() || Long.compareUnsigned(type.limits().min(), arrayPages) > 0;
  }
}
