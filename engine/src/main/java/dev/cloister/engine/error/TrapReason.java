package dev.cloister.engine.error;

/// Why execution trapped, in the wording of the specification's test suite.
public enum TrapReason {
  /// The instruction `unreachable` was executed.
  UNREACHABLE("unreachable"),
  /// An access outside of a linear memory or a data segment.
  MEMORY_OUT_OF_BOUNDS("out of bounds memory access"),
  /// An access outside of a table or an element segment.
  TABLE_OUT_OF_BOUNDS("out of bounds table access"),
  /// An access outside of an array.
  ARRAY_OUT_OF_BOUNDS("out of bounds array access"),
  /// An indirect call with an index outside of the table.
  UNDEFINED_ELEMENT("undefined element"),
  /// An indirect call of an element that is null.
  UNINITIALIZED_ELEMENT("uninitialized element"),
  /// An indirect call of a function of another type.
  INDIRECT_CALL_TYPE_MISMATCH("indirect call type mismatch"),
  /// A division or remainder by zero.
  INTEGER_DIVIDE_BY_ZERO("integer divide by zero"),
  /// A quotient, or a converted float, that the integer type cannot hold.
  INTEGER_OVERFLOW("integer overflow"),
  /// A conversion of NaN to an integer.
  INVALID_CONVERSION("invalid conversion to integer"),
  /// A null where an object is needed.
  NULL_REFERENCE("null reference"),
  /// A null where a function is needed.
  NULL_FUNCTION_REFERENCE("null function reference"),
  /// A null where a structure is needed.
  NULL_STRUCTURE_REFERENCE("null structure reference"),
  /// A null where an array is needed.
  NULL_ARRAY_REFERENCE("null array reference"),
  /// A null where an i31 is needed.
  NULL_I31_REFERENCE("null i31 reference"),
  /// A null where an exception is needed.
  NULL_EXCEPTION_REFERENCE("null exception reference"),
  /// A cast to a type that the object does not have.
  CAST_FAILURE("cast failure"),
  /// An atomic access whose address is not a multiple of its width.
  UNALIGNED_ATOMIC("unaligned atomic"),
  /// A wait on a memory that is not shared.
  EXPECTED_SHARED_MEMORY("expected shared memory"),
  /// An allocation, of an array for instance, that is larger than the engine can make.
  ALLOCATION_TOO_LARGE("allocation size too large"),
  /// More calls in progress than the stack holds.
  CALL_STACK_EXHAUSTED("call stack exhausted"),
  /// Execution cost more than the store has fuel for.
  ALL_FUEL_CONSUMED("all fuel consumed");

  private final String text;

  TrapReason(String text) {
    this.text = text;
  }

  /// Returns the specification's wording.
  public String text() {
    return text;
  }
}
