package dev.cloister.isolate.heap;

import dev.cloister.engine.runtime.HeapKind;

/// What a charged byte is held for.
public enum HeapCategory {
  /// Linear memories, by capacity.
  LINEAR_MEMORY("linear-memory"),
  /// Tables, by element.
  TABLE("table"),
  /// Globals that have a cell of their own.
  GLOBAL("global"),
  /// Structs, arrays and exceptions of the guest.
  GC_OBJECT("gc-object"),
  /// Instances themselves: fields, dropped-segment sets, function references.
  INSTANCE("instance"),
  /// Images of instances that hibernate.
  IMAGE("image"),
  /// Compiled modules held by the tenant: wire bytes, metadata and generated code.
  CODE_SHARE("code-share"),
  /// Bytes on their way: uploads, waiting requests, output not yet delivered.
  BUFFER("buffer"),
  /// Lines of logs that are kept for readers.
  LOG("log"),
  /// Files and directories of virtual file systems.
  FILE("file"),
  /// Variables of plug-ins, which outlive their instances.
  VARIABLE("variable");

  private final String label;

  HeapCategory(String label) {
    this.label = label;
  }

  /// The name in reports and metrics.
  public String label() {
    return label;
  }

  /// The category that the engine's `kind` of charge belongs to.
  static HeapCategory of(HeapKind kind) {
    return switch (kind) {
      case LINEAR_MEMORY -> LINEAR_MEMORY;
      case TABLE -> TABLE;
      case GLOBAL -> GLOBAL;
      case GC_OBJECT -> GC_OBJECT;
      case INSTANCE -> INSTANCE;
    };
  }
}
