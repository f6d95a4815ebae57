package dev.cloister.engine.codegen;

import dev.cloister.engine.runtime.CodeKind;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How the code of each function of an image is made. Immutable.
///
/// Functions of different tiers are alike for those that call them, so they may share a chunk.
public final class FunctionTiers {
  private static final Map<CodeKind, FunctionTiers> UNIFORM = new EnumMap<>(CodeKind.class);

  static {
    for (CodeKind kind : CodeKind.values()) {
      UNIFORM.put(kind, new FunctionTiers(kind, /* optimized= */ null));
    }
  }

  private final CodeKind kind;
  private final @Nullable BitSet optimized;

  private FunctionTiers(CodeKind kind, @Nullable BitSet optimized) {
    this.kind = kind;
    this.optimized = optimized;
  }

  /// {@return all functions in one kind of code}
  public static FunctionTiers of(CodeKind kind) {
    return Objects.requireNonNull(UNIFORM.get(kind));
  }

  /// {@return optimized code for some functions, baseline code for the others}
  ///
  /// @param optimized their indices
  public static FunctionTiers optimizing(BitSet optimized) {
    return optimized.isEmpty()
        ? of(CodeKind.BASELINE)
        : new FunctionTiers(CodeKind.BASELINE, (BitSet) optimized.clone());
  }

  /// {@return how the code of a function is made}
  public CodeKind of(int functionIndex) {
    return optimized != null && optimized.get(functionIndex) ? CodeKind.OPTIMIZED : kind;
  }

  /// {@return how the code is made of those functions that are not among [#optimized]}
  public CodeKind kind() {
    return kind;
  }

  /// {@return whether the code of all functions is made in the same way}
  public boolean isUniform() {
    return optimized == null;
  }

  /// {@return the functions that have optimized code although the others have not}
  public BitSet optimized() {
    return optimized == null ? new BitSet() : (BitSet) optimized.clone();
  }

  /// {@return the name of the kind if all functions are of one, else `mixed`; for people}
  public String label() {
    return isUniform() ? kind.label() : "mixed";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FunctionTiers that
        && kind == that.kind
        && Objects.equals(optimized, that.optimized);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, optimized);
  }

  @Override
  public String toString() {
    return isUniform() ? kind.label() : "baseline, but optimized " + optimized;
  }
}
