package dev.cloister.engine.validate;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.ValueType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The types of the operands at one point of a body (Spec A.3.1, the value stack).
///
/// Only the operands of the innermost block can be popped. After an unconditional branch its stack
/// is polymorphic: it yields operands of unknown type, written as null, for ever.
final class OperandStack {

  /// A non-null reference of which nothing else is known. It is told from its equals by identity.
  private static final int FEW_OPERANDS = 4;

  private static final RefType UNKNOWN_REFERENCE = new RefType(false, AbstractHeapType.NONE);

  private static final int INITIAL_CAPACITY = 128;
  private static final int SHOWN_TYPES = 32;

  private final CodeState state;
  private final WasmLimits limits;
  private @Nullable ValueType[] types;
  private int height;
  private int floor;
  private boolean isPolymorphic;

  OperandStack(CodeState state, WasmLimits limits) {
    this.state = state;
    this.limits = limits;
    this.types =
        new @Nullable
            ValueType[(int) Math.min(INITIAL_CAPACITY, limits.allowed(WasmLimit.OPERANDS))];
  }

  /// Removes everything.
  void clear() {
    height = 0;
    floor = 0;
    isPolymorphic = false;
  }

  int height() {
    return height;
  }

  boolean isPolymorphic() {
    return isPolymorphic;
  }

  /// Makes the operands from `floor` on those of the innermost block.
  void enter(int floor, boolean isPolymorphic) {
    this.floor = floor;
    this.isPolymorphic = isPolymorphic;
  }

  /// Drops the operands of the innermost block and makes its stack polymorphic.
  void makePolymorphic() {
    height = floor;
    isPolymorphic = true;
  }

  void push(@Nullable ValueType type) {
    if (height == types.length) {
      grow();
    }
    types[height++] = type;
  }

  private void grow() {
    limits.check(WasmLimit.OPERANDS, height + 1L, state.offset());
    long allowed = limits.allowed(WasmLimit.OPERANDS);
    types = Arrays.copyOf(types, (int) Math.min(height * 2L + 1, allowed));
  }

  /// The instruction itself counts as well, so a few operands need not.
  private void noteWork(int operandCount) {
    if (operandCount > FEW_OPERANDS) {
      state.work(operandCount);
    }
  }

  void pushAll(List<ValueType> operands) {
    noteWork(operands.size());
    for (int i = 0; i < operands.size(); i++) {
      push(operands.get(i));
    }
  }

  /// Pops any operand; the result is null if its type is unknown.
  @Nullable ValueType pop() {
    if (height > floor) {
      return types[--height];
    }
    if (isPolymorphic) {
      return null;
    }
    throw state.invalid("type mismatch: instruction requires an operand but stack has []");
  }

  /// Pops an operand of type `expected`.
  @SuppressWarnings("ReferenceEquality") // A fast way out; equal types may be two objects.
  void pop(ValueType expected) {
    if (height > floor) {
      ValueType actual = types[height - 1];
      if (actual == expected || isSubtype(actual, expected)) {
        height--;
        return;
      }
    } else if (isPolymorphic) {
      return;
    }
    throw mismatch("instruction", List.of(expected), Math.min(1, height - floor));
  }

  /// Pops operands of types `expected`, the last first.
  void popAll(List<ValueType> expected) {
    requireTop(expected);
    height = Math.max(floor, height - expected.size());
  }

  /// Requires that the top operands have types `expected`, and leaves them.
  @SuppressWarnings("ReferenceEquality") // A fast way out; equal types may be two objects.
  void requireTop(List<ValueType> expected) {
    noteWork(expected.size());
    int index = height;
    for (int i = expected.size() - 1; i >= 0; i--) {
      if (--index < floor) {
        if (isPolymorphic) {
          return;
        }
        throw mismatch("instruction", expected, height - floor);
      }
      ValueType actual = types[index];
      ValueType required = expected.get(i);
      if (actual != required && !isSubtype(actual, required)) {
        throw mismatch("instruction", expected, Math.min(expected.size(), height - floor));
      }
    }
  }

  /// Pops operands of types `expected`, which must be all that the innermost block has.
  void popBlockResults(List<ValueType> expected) {
    requireTop(expected);
    int count = height - floor;
    if (count > expected.size()) {
      throw mismatch("block", expected, count);
    }
    height = floor;
  }

  /// Pops a reference of any type.
  RefType popReference() {
    ValueType actual = pop();
    if (actual == null) {
      return UNKNOWN_REFERENCE;
    }
    if (actual instanceof RefType reference) {
      return reference;
    }
    throw state.invalid(
        "type mismatch: instruction requires a reference but stack has ["
            + state.text(actual)
            + "]");
  }

  /// Returns `type` without null.
  @SuppressWarnings("ReferenceEquality") // The unknown reference is one object.
  static RefType asNonNull(RefType type) {
    return type == UNKNOWN_REFERENCE ? type : type.asNonNull();
  }

  /// Pops a reference of type `expected` and returns what is known of it.
  RefType popReference(RefType expected) {
    ValueType actual = pop();
    if (actual == null) {
      return UNKNOWN_REFERENCE;
    }
    if (actual instanceof RefType reference && isSubtype(reference, expected)) {
      return reference;
    }
    height++;
    throw mismatch("instruction", List.of(expected), 1);
  }

  @SuppressWarnings("ReferenceEquality") // The unknown reference is one object.
  private static boolean isSubtype(@Nullable ValueType actual, ValueType expected) {
    return actual == null
        || (actual == UNKNOWN_REFERENCE
            ? expected instanceof RefType
            : Subtyping.isSubtype(actual, expected));
  }

  private InvalidModuleException mismatch(String what, List<ValueType> expected, int count) {
    StringBuilder text = new StringBuilder("type mismatch: ").append(what).append(" requires ");
    appendTypes(text, expected);
    text.append(" but stack has ");
    appendTypes(text, Arrays.asList(types).subList(height - count, height));
    return state.invalid(text.toString());
  }

  /// Appends the last of `types`; there may be a million.
  @SuppressWarnings("ReferenceEquality") // The unknown reference is one object.
  private void appendTypes(StringBuilder text, List<? extends @Nullable ValueType> types) {
    text.append('[');
    int first = Math.max(0, types.size() - SHOWN_TYPES);
    text.append(first > 0 ? "... " : "");
    for (int i = first; i < types.size(); i++) {
      ValueType type = types.get(i);
      text.append(i == first ? "" : " ");
      text.append(
          type == null ? "bot" : type == UNKNOWN_REFERENCE ? "(ref bot)" : state.text(type));
    }
    text.append(']');
  }
}
