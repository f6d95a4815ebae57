package dev.cloister.engine.runtime;

/// What a charge on a tenant's heap pays for.
public enum HeapKind {
  /// Bytes of linear memories, by capacity.
  LINEAR_MEMORY,
  /// Elements of tables, at [Table#ELEMENT_BYTES] each.
  TABLE,
  /// Globals that live outside of their instance.
  GLOBAL,
  /// Structs, arrays and exceptions of the Wasm GC heap.
  GC_OBJECT,
  /// The fixed part of an instance.
  INSTANCE
}
