package dev.cloister.engine.bytecode;

/// What follows an opcode in a function body, and by which accessors of [InstructionReader] it is
/// had.
public enum ImmediateKind {
  /// Nothing.
  NONE,
  /// A block type: `blockKind`, `blockValueType`, `blockTypeIndex`.
  BLOCK_TYPE,
  /// A label, counted from the innermost: `index`.
  LABEL,
  /// Labels and a default: `tableLength`, `tableLabel`.
  LABEL_TABLE,
  /// A function: `index`.
  FUNCTION,
  /// A type: `index`.
  TYPE,
  /// A function type `index` and a table `index2`.
  TYPE_TABLE,
  /// A local: `index`.
  LOCAL,
  /// A global: `index`.
  GLOBAL,
  /// A table: `index`.
  TABLE,
  /// The table written `index` and the table read `index2`.
  TABLE_TABLE,
  /// An element segment: `index`.
  ELEMENT,
  /// An element segment `index` and a table `index2`.
  ELEMENT_TABLE,
  /// A data segment: `index`.
  DATA,
  /// A data segment `index` and a memory `index2`, which is also `memoryIndex`.
  DATA_MEMORY,
  /// A memory: `index`, which is also `memoryIndex`.
  MEMORY,
  /// The memory written `index` and the memory read `index2`.
  MEMORY_MEMORY,
  /// A memory access: `memoryIndex`, `memoryOffset`, `alignment`.
  MEMORY_ACCESS,
  /// A memory access and a lane.
  MEMORY_ACCESS_LANE,
  /// A constant: `i32Const`.
  I32,
  /// A constant: `i64Const`.
  I64,
  /// A constant: `f32Bits`.
  F32,
  /// A constant: `f64Bits`.
  F64,
  /// A constant: `v128Low`, `v128High`.
  V128,
  /// A lane: `lane`.
  LANE,
  /// Sixteen lanes, one per byte of `v128Low` and `v128High`.
  SHUFFLE,
  /// The result types of a `select`: `valueTypes`.
  VALUE_TYPES,
  /// A heap type: `heapType`.
  HEAP_TYPE,
  /// A tag: `index`.
  TAG,
  /// A block type and catch clauses: `catchCount`, `catchKind`, `catchTag`, `catchLabel`.
  CATCH_TABLE,
  /// A structure type `index` and a field `index2`.
  TYPE_FIELD,
  /// An array type `index` and a number of operands `index2`.
  TYPE_COUNT,
  /// An array type `index` and a data segment `index2`.
  TYPE_DATA,
  /// An array type `index` and an element segment `index2`.
  TYPE_ELEMENT,
  /// The array type written `index` and the array type read `index2`.
  TYPE_TYPE,
  /// A label `index`, the type before the cast `castSource` and the type after it `castTarget`.
  CAST_BRANCH,
  /// A byte that must be zero.
  FENCE
}
