package dev.cloister.engine.types;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SubtypingTest {

  private static final DefinedType FUNCTION =
      DefinedType.of(new FuncType(List.of(I32), List.of(I64)));

  @Test
  void abstractHeapTypes_formFourHierarchies() {
    for (AbstractHeapType sub : AbstractHeapType.values()) {
      for (AbstractHeapType sup : AbstractHeapType.values()) {
        assertThat(Subtyping.isSubtype(sub, sup))
            .as("%s <: %s", sub, sup)
            .isEqualTo(supertypes(sub).contains(sup));
      }
    }
  }

  /// All supertypes, written out.
  private static Set<AbstractHeapType> supertypes(AbstractHeapType type) {
    return switch (type) {
      case ANY, FUNC, EXTERN, EXN -> Set.of(type);
      case EQ -> Set.of(type, AbstractHeapType.ANY);
      case I31, STRUCT, ARRAY -> Set.of(type, AbstractHeapType.EQ, AbstractHeapType.ANY);
      case NONE ->
          Set.of(
              type,
              AbstractHeapType.I31,
              AbstractHeapType.STRUCT,
              AbstractHeapType.ARRAY,
              AbstractHeapType.EQ,
              AbstractHeapType.ANY);
      case NOFUNC -> Set.of(type, AbstractHeapType.FUNC);
      case NOEXTERN -> Set.of(type, AbstractHeapType.EXTERN);
      case NOEXN -> Set.of(type, AbstractHeapType.EXN);
    };
  }

  @Test
  void definedType_isBetweenBottomAndAbstractTypeOfItsKind() {
    assertThat(Subtyping.isSubtype(FUNCTION, AbstractHeapType.FUNC)).isTrue();
    assertThat(Subtyping.isSubtype(AbstractHeapType.NOFUNC, FUNCTION)).isTrue();
    assertThat(Subtyping.isSubtype(AbstractHeapType.NONE, FUNCTION)).isFalse();
    assertThat(Subtyping.isSubtype(AbstractHeapType.FUNC, FUNCTION)).isFalse();
    assertThat(Subtyping.isSubtype(FUNCTION, AbstractHeapType.ANY)).isFalse();
  }

  @Test
  void nullableReference_isNoNonNullOne() {
    RefType nullable = RefType.of(true, FUNCTION);
    RefType nonNull = RefType.of(false, FUNCTION);
    assertThat(Subtyping.isSubtype(nonNull, nullable)).isTrue();
    assertThat(Subtyping.isSubtype(nullable, nonNull)).isFalse();
    assertThat(Subtyping.isSubtype(nonNull, RefType.FUNCREF)).isTrue();
    assertThat(Subtyping.isSubtype(I32, RefType.ANYREF)).isFalse();
  }

  @Test
  void fields_ofMutableStructs_mustBeEqual() {
    FieldType constantEq = new FieldType(RefType.EQREF, false);
    FieldType constantI31 = new FieldType(RefType.I31REF, false);
    FieldType variableEq = new FieldType(RefType.EQREF, true);
    FieldType variableI31 = new FieldType(RefType.I31REF, true);
    assertThat(Subtyping.isSubtype(constantI31, constantEq)).isTrue();
    assertThat(Subtyping.isSubtype(constantEq, constantI31)).isFalse();
    assertThat(Subtyping.isSubtype(variableI31, variableEq)).isFalse();
    assertThat(Subtyping.isSubtype(variableEq, variableEq)).isTrue();
    assertThat(Subtyping.isSubtype(variableEq, constantEq)).isFalse();
  }

  @Test
  void functions_areContravariantInParameters() {
    CompositeType eqToI31 = new FuncType(List.of(RefType.EQREF), List.of(RefType.I31REF));
    CompositeType i31ToEq = new FuncType(List.of(RefType.I31REF), List.of(RefType.EQREF));
    assertThat(Subtyping.isSubtype(eqToI31, i31ToEq)).isTrue();
    assertThat(Subtyping.isSubtype(i31ToEq, eqToI31)).isFalse();
  }

  @Test
  void struct_withMoreFields_isASubtype() {
    FieldType field = new FieldType(PackedType.I8, true);
    CompositeType small = new StructType(List.of(field));
    CompositeType large = new StructType(List.of(field, field));
    assertThat(Subtyping.isSubtype(large, small)).isTrue();
    assertThat(Subtyping.isSubtype(small, large)).isFalse();
  }

  @Test
  void imports_matchByTheirLimits() {
    MemoryType actual = MemoryType.of(Limits.of(2, 8));
    assertThat(Subtyping.matches(actual, MemoryType.of(Limits.of(1, 8)))).isTrue();
    assertThat(Subtyping.matches(actual, MemoryType.of(Limits.of(1)))).isTrue();
    assertThat(Subtyping.matches(actual, MemoryType.of(Limits.of(3)))).isFalse();
    assertThat(Subtyping.matches(actual, MemoryType.of(Limits.of(1, 7)))).isFalse();
    assertThat(Subtyping.matches(MemoryType.of(Limits.of(2)), actual)).isFalse();
    assertThat(Subtyping.matches(actual, MemoryType.of(new Limits(true, 1, false, 0)))).isFalse();
    assertThat(Subtyping.matches(actual, new MemoryType(Limits.of(1, 8), true, 16))).isFalse();
    assertThat(Subtyping.matches(actual, new GlobalType(I32, false))).isFalse();
  }

  @Test
  void mutableGlobals_matchOnlyEqualTypes() {
    GlobalType constant = new GlobalType(RefType.I31REF, false);
    GlobalType variable = new GlobalType(RefType.I31REF, true);
    assertThat(Subtyping.matches(constant, new GlobalType(RefType.EQREF, false))).isTrue();
    assertThat(Subtyping.matches(variable, new GlobalType(RefType.EQREF, true))).isFalse();
    assertThat(Subtyping.matches(variable, variable)).isTrue();
    assertThat(Subtyping.matches(variable, constant)).isFalse();
  }
}
