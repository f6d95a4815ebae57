package dev.cloister.engine.runtime;

import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.ElementSegment;
import dev.cloister.engine.module.WasmModule;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What every instance of a module begins with: the constant expressions whose values depend on
/// nothing, computed once.
///
/// Made for the first instance, immutable. It takes less memory than the module: globals beyond
/// those that have fields are left out, and offsets of segments are numbers.
public final class InstancePlan {
  private static final @Nullable Object[] NONE = new Object[0];

  private final @Nullable Object[] globals;
  private final BitSet constantGlobals = new BitSet();
  private final boolean hasOnlyConstantGlobals;
  private final Offsets dataOffsets;
  private final Offsets elementOffsets;

  /// Computes the plan of a module.
  public InstancePlan(WasmModule module, InstanceLayout layout) {
    ConstantEvaluator evaluator = new ConstantEvaluator(module);
    int imported = module.importedGlobalCount();
    int count = module.globalCount();
    int end = count > 0 && !layout.isField(count - 1) ? 0 : count;
    globals = end > imported ? new Object[end] : NONE;
    for (int i = imported; i < end; i++) {
      ConstExpr init = module.globalInit(i);
      if (evaluator.isConstant(init)) {
        globals[i] = evaluator.evaluate(init);
        constantGlobals.set(i);
      }
    }
    hasOnlyConstantGlobals = constantGlobals.cardinality() == count;
    List<DataSegment> data = module.data();
    dataOffsets = new Offsets(data.size());
    for (int i = 0; i < data.size(); i++) {
      dataOffsets.set(i, data.get(i).offset(), evaluator);
    }
    List<ElementSegment> elements = module.elements();
    elementOffsets = new Offsets(elements.size());
    for (int i = 0; i < elements.size(); i++) {
      elementOffsets.set(i, elements.get(i).offset(), evaluator);
    }
  }

  /// {@return whether the initial values of all globals are in [#constantGlobals]}
  boolean hasOnlyConstantGlobals() {
    return hasOnlyConstantGlobals;
  }

  /// {@return the initial values by global index, boxed; nobody may change the array} It is shorter
  /// than the index space where there are no constant ones.
  @Nullable Object[] constantGlobals() {
    return globals;
  }

  /// {@return whether the initial value of a global is in [#constantGlobals]}
  boolean isConstantGlobal(int index) {
    return constantGlobals.get(index);
  }

  /// {@return the address that an active data segment goes to}
  long dataOffset(int index, ConstExpr offset, ConstantEvaluator evaluator) {
    return dataOffsets.get(index, offset, evaluator);
  }

  /// {@return the index in its table that an active element segment goes to}
  long elementOffset(int index, ConstExpr offset, ConstantEvaluator evaluator) {
    return elementOffsets.get(index, offset, evaluator);
  }

  /// Where segments go, as unsigned numbers.
  private static final class Offsets {
    private final long[] values;
    private final BitSet constant = new BitSet();

    Offsets(int count) {
      values = new long[count];
    }

    void set(int index, @Nullable ConstExpr offset, ConstantEvaluator evaluator) {
      if (offset != null && evaluator.isConstant(offset)) {
        values[index] = unsigned(evaluator.evaluate(offset));
        constant.set(index);
      }
    }

    long get(int index, ConstExpr offset, ConstantEvaluator evaluator) {
      return constant.get(index) ? values[index] : unsigned(evaluator.evaluate(offset));
    }
  }

  private static long unsigned(@Nullable Object address) {
    return switch (address) {
      case Integer i -> Integer.toUnsignedLong(i);
      case Long l -> l;
      case null, default -> throw new IllegalStateException("not an address: " + address);
    };
  }
}
