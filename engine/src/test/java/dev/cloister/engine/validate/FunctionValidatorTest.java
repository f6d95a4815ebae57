package dev.cloister.engine.validate;

import static dev.cloister.engine.bytecode.Opcode.*;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// The rules of instructions, on bodies made for one rule each. The specification's test suite has
/// many more; these tell what is wrong without it.
final class FunctionValidatorTest {

  private static final FuncType NOTHING = FuncType.EMPTY;
  private static final FuncType TO_I32 = new FuncType(List.of(), List.of(I32));
  private static final FuncType I32_TO_I32 = new FuncType(List.of(I32), List.of(I32));
  private static final WasmLimits LIMITS = WasmLimits.defaults();

  /// The module of the next assertion, to which tests add the types that they mention.
  private ModuleBuilder module = new ModuleBuilder();

  /// Adds what instructions mention: two of most things.
  private ModuleBuilder surroundings() {
    return module
        .memory(1)
        .memory(1)
        .table(new TableType(RefType.FUNCREF, Limits.of(1)))
        .table(new TableType(RefType.EXTERNREF, Limits.of(1)))
        .tag(new FuncType(List.of(I32), List.of()))
        .global(new GlobalType(I32, true), code -> code.i32Const(0))
        .global(new GlobalType(F64, false), code -> code.f64Const(0))
        .elements(dev.cloister.engine.module.ElementSegment.Mode.DECLARATIVE, 0)
        .passiveData(new byte[1]);
  }

  private byte[] build(FuncType type, Consumer<CodeBuilder> body) {
    byte[] bytes = surroundings().function(type, body).build();
    module = new ModuleBuilder();
    return bytes;
  }

  private void assertValid(FuncType type, Consumer<CodeBuilder> body) {
    byte[] bytes = build(type, body);
    assertThat(ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS).functionCount()).isPositive();
  }

  private void assertInvalid(String text, FuncType type, Consumer<CodeBuilder> body) {
    byte[] bytes = build(type, body);
    assertThatThrownBy(() -> ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS))
        .isInstanceOf(InvalidModuleException.class)
        .hasMessageStartingWith(text)
        .hasMessageContaining(", in function 0 (@+0x");
  }

  @Test
  void operands_mustHaveTheTypesOfTheInstruction() {
    assertInvalid(
        "type mismatch: instruction requires [i32 i32] but stack has [i32 i64]",
        TO_I32,
        code -> code.i32Const(1).i64Const(2).i32Add());
  }

  @Test
  void operands_ofOuterBlocks_cannotBePopped() {
    assertInvalid(
        "type mismatch: instruction requires [i32 i32] but stack has []",
        TO_I32,
        code -> code.i32Const(1).i32Const(1).block().i32Add().drop().end());
  }

  @Test
  void block_mustLeaveExactlyItsResults() {
    assertInvalid(
        "type mismatch: block requires [] but stack has [i32]", NOTHING, code -> code.i32Const(1));
    assertInvalid("type mismatch: instruction requires [i32] but stack has []", TO_I32, _ -> {});
  }

  @Test
  void block_withParameters_takesThem() {
    assertValid(
        I32_TO_I32, code -> code.localGet(0).start(BLOCK, I32_TO_I32).i32Const(1).i32Add().end());
  }

  @Test
  void unreachableCode_isPolymorphicButStillChecked() {
    assertValid(TO_I32, code -> code.op(UNREACHABLE).i32Add());
    assertValid(TO_I32, code -> code.op(UNREACHABLE).op(SELECT));
    assertInvalid(
        "type mismatch: instruction requires [i32 i32] but stack has [i64]",
        TO_I32,
        code -> code.op(UNREACHABLE).i64Const(1).i32Add());
    assertInvalid(
        "type mismatch: instruction requires [i32] but stack has [(ref bot)]",
        NOTHING,
        code -> code.op(UNREACHABLE).op(REF_AS_NON_NULL).op(I32_EQZ).drop());
  }

  @Test
  void branch_mustFindItsLabelAndItsOperands() {
    assertValid(TO_I32, code -> code.block(I32).i32Const(1).br(0).end());
    assertValid(TO_I32, code -> code.i32Const(1).i32Const(0).brTable(0, 0));
    assertInvalid("unknown label 5", NOTHING, code -> code.br(5));
    assertInvalid("type mismatch", TO_I32, code -> code.block(I32).br(0).end());
    assertInvalid(
        "type mismatch",
        NOTHING,
        code ->
            code.block(I32).i32Const(1).block().i32Const(1).brTable(0, 1).end().br(0).end().drop());
  }

  @Test
  void loopLabel_takesTheParameters() {
    assertValid(
        I32_TO_I32,
        code -> code.localGet(0).start(LOOP, I32_TO_I32).op(I32_CLZ).localGet(0).brIf(0).end());
  }

  @Test
  void ifWithoutElse_mustYieldWhatItTakes() {
    assertInvalid(
        "type mismatch: if without else takes [] but yields [i32]",
        TO_I32,
        code -> code.i32Const(1).ifThen(I32).i32Const(2).end());
  }

  @Test
  void elseWithoutIf_isMalformed() {
    byte[] bytes = module.function(NOTHING, CodeBuilder::otherwise).build();
    assertThatThrownBy(() -> ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS))
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith("END opcode expected");
  }

  @Test
  void locals_mustExistAndHaveAValue() {
    assertInvalid("unknown local 0, there are 0", NOTHING, code -> code.localGet(0).drop());
    DefinedType type = module.type(NOTHING);
    assertInvalid(
        "uninitialized local 0 of type (ref 0)",
        NOTHING,
        code -> {
          code.local(RefType.of(false, type));
          code.localGet(0).drop();
        });
  }

  @Test
  void local_setInABlock_isForgottenAfterIt() {
    FuncType takesFunction =
        new FuncType(List.of(RefType.of(false, AbstractHeapType.FUNC)), List.of());
    assertValid(
        takesFunction,
        code -> {
          int local = code.local(RefType.of(false, AbstractHeapType.FUNC));
          code.localGet(0).localSet(local).block().localGet(local).drop().end();
        });
    assertThatThrownBy(() ->
            new FunctionValidatorTest()
                .assertValid(
                    takesFunction,
                    code -> {
                      int local = code.local(RefType.of(false, AbstractHeapType.FUNC));
                      code.block().localGet(0).localSet(local).end().localGet(local).drop();
                    }))
        .hasMessageStartingWith("uninitialized local 1");
  }

  @Test
  void manyLocals_keepTheirTypes() {
    assertValid(
        NOTHING,
        code -> {
          for (int i = 0; i < 300; i++) {
            code.local(i % 3 == 0 ? I32 : i % 3 == 1 ? F32 : I64);
          }
          for (int i = 0; i < 300; i += 3) {
            code.localGet(i).op(I32_EQZ).drop();
            code.localGet(i + 1).op(F32_NEG).drop();
            code.localGet(i + 2).op(I64_EQZ).drop();
          }
        });
  }

  @Test
  void globals_mustExistAndBeMutable() {
    assertInvalid("unknown global 9", NOTHING, code -> code.globalGet(9).drop());
    assertInvalid("immutable global 1", NOTHING, code -> code.f64Const(1).globalSet(1));
  }

  @Test
  void memoryAccess_mustBeAlignedAndInRange() {
    assertInvalid(
        "alignment must not be larger than natural",
        NOTHING,
        code -> code.i32Const(0).op(I32_LOAD, 3, 0).drop());
    assertInvalid(
        "unknown memory 7", NOTHING, code -> code.i32Const(0).op(I32_LOAD, 2, 0, 7).drop());
  }

  @Test
  void memoryAccess_ofAtomics_mustHaveNaturalAlignment() {
    assertInvalid(
        "atomic alignment must be natural",
        NOTHING,
        code -> code.i32Const(0).op(I32_ATOMIC_LOAD, 1, 0).drop());
  }

  @Test
  void offset_mustFitTheAddressType() {
    assertInvalid(
        "offset out of range",
        NOTHING,
        code -> code.i32Const(0).op(I32_LOAD, 2, 0x1_0000_0000L).drop());
  }

  @Test
  void lanes_mustExist() {
    assertInvalid(
        "invalid lane index 4, there are 4",
        NOTHING,
        code -> code.op(V128_CONST, 0, 0).op(I32X4_EXTRACT_LANE, 4).drop());
    assertInvalid(
        "invalid lane index 32",
        NOTHING,
        code -> code.op(V128_CONST, 0, 0).op(V128_CONST, 0, 0).op(I8X16_SHUFFLE, 32, 0).drop());
  }

  @Test
  void select_ofReferences_needsAType() {
    assertInvalid(
        "type mismatch: select of references needs a type",
        NOTHING,
        code ->
            code.heapType(REF_NULL, AbstractHeapType.FUNC)
                .heapType(REF_NULL, AbstractHeapType.FUNC)
                .i32Const(0)
                .op(SELECT)
                .drop());
    assertInvalid(
        "invalid result arity",
        NOTHING,
        code -> code.i32Const(1).i32Const(1).i32Const(1).raw(0x1C, 0).drop());
  }

  @Test
  void tailCall_mustYieldWhatTheFunctionYields() {
    assertValid(I32_TO_I32, code -> code.localGet(0).op(RETURN_CALL, 0));
    module.function(new FuncType(List.of(), List.of(I64)), code -> code.i64Const(1));
    byte[] bytes = build(TO_I32, code -> code.op(RETURN_CALL, 0));
    assertThatThrownBy(() -> ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS))
        .isInstanceOf(InvalidModuleException.class)
        .hasMessageStartingWith("type mismatch: tail call yields [i64], function yields [i32]");
  }

  @Test
  void structs_haveFieldsThatCanBeReadAndSet() {
    DefinedType struct =
        module.type(
            new StructType(List.of(new FieldType(I32, true), new FieldType(PackedType.I8, false))));
    int index = module.typeIndex(struct);
    assertValid(
        TO_I32,
        code -> code.i32Const(1).i32Const(2).op(STRUCT_NEW, index).op(STRUCT_GET_U, index, 1));
    assertThatThrownBy(() -> structBody(code -> code.op(STRUCT_GET, 0, 1).drop()))
        .hasMessageStartingWith("type mismatch: field type i8 is packed");
    assertThatThrownBy(() -> structBody(code -> code.i32Const(1).op(STRUCT_SET, 0, 1)))
        .hasMessageStartingWith("immutable field 1");
    assertThatThrownBy(() -> structBody(code -> code.op(STRUCT_GET, 0, 2).drop()))
        .hasMessageStartingWith("unknown field 2, there are 2");
  }

  private static void structBody(Consumer<CodeBuilder> body) {
    ModuleBuilder module = new ModuleBuilder();
    module.type(
        new StructType(List.of(new FieldType(I32, true), new FieldType(PackedType.I8, false))));
    byte[] bytes =
        module.function(NOTHING, code -> body.accept(code.op(STRUCT_NEW_DEFAULT, 0))).build();
    ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS);
  }

  @Test
  void array_thatIsImmutable_cannotBeSet() {
    int index = module.typeIndex(module.type(new ArrayType(new FieldType(I32, false))));
    assertInvalid(
        "immutable array",
        NOTHING,
        code ->
            code.i32Const(3)
                .op(ARRAY_NEW_DEFAULT, index)
                .i32Const(0)
                .i32Const(0)
                .op(ARRAY_SET, index));
  }

  @Test
  void castBranch_mustGoDown() {
    assertValid(
        new FuncType(List.of(RefType.ANYREF), List.of(RefType.I31REF)),
        code ->
            code.localGet(0)
                .castBranch(BR_ON_CAST, 0, RefType.ANYREF, RefType.I31REF)
                .drop()
                .heapType(REF_NULL, AbstractHeapType.I31));
    assertInvalid(
        "unknown label 3",
        new FuncType(List.of(RefType.ANYREF), List.of()),
        code -> code.localGet(0).castBranch(BR_ON_CAST, 3, RefType.ANYREF, RefType.I31REF));
  }

  @Test
  void tryTable_passesWhatItCatches() {
    FuncType toException =
        new FuncType(List.of(), List.of(I32, RefType.of(false, AbstractHeapType.EXN)));
    assertValid(
        TO_I32,
        code ->
            code.start(BLOCK, toException)
                .tryTable(NOTHING, new CodeBuilder.Catch(1, 0, 0))
                .i32Const(1)
                .op(THROW, 0)
                .end()
                .op(UNREACHABLE)
                .end()
                .op(THROW_REF));
    assertInvalid(
        "type mismatch: catch clause 0 yields [i32], its label takes []",
        NOTHING,
        code -> code.tryTable(NOTHING, new CodeBuilder.Catch(0, 0, 0)).end());
  }

  @Test
  void legacyTry_mayRethrowInItsCatch() {
    assertValid(
        TO_I32,
        code -> code.start(TRY, I32).i32Const(1).op(CATCH, 0).op(CATCH_ALL).op(RETHROW, 0).end());
    assertInvalid("invalid rethrow label", NOTHING, code -> code.start(TRY).op(RETHROW, 0).end());
  }

  @Test
  void dataInstructions_needADataCountSection() {
    byte[] bytes =
        new ModuleBuilder()
            .memory(1)
            .function(NOTHING, code -> code.op(DATA_DROP, 0))
            .data(0, new byte[1])
            .build();
    assertThatThrownBy(() -> ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS))
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith("data count section required");
  }

  @Test
  void hugeMismatch_hasAShortMessage() {
    assertThatThrownBy(() ->
            assertValid(
                NOTHING,
                code -> {
                  for (int i = 0; i < 10_000; i++) {
                    code.i32Const(i);
                  }
                }))
        .isInstanceOf(InvalidModuleException.class)
        .satisfies(fault -> assertThat(fault.getMessage()).hasSizeLessThan(300));
  }

  /// Every instruction has a rule and is guarded by its feature: after `unreachable`, with
  /// immediates of zero, it ends in a verdict.
  @Test
  void everyInstruction_hasARuleAndAFeature() {
    for (Opcode opcode : Opcode.values()) {
      byte[] bytes =
          new FunctionValidatorTest()
              .surroundings()
              .function(NOTHING, code -> writeWithZeros(code.op(UNREACHABLE), opcode))
              .build();
      try {
        ModuleDecoder.decode(bytes.clone(), WasmFeatures.ALL, LIMITS);
      } catch (ModuleException e) {
        assertThat(e.text()).as(opcode.mnemonic()).doesNotContain("illegal opcode");
      }
      if (opcode.feature() != WasmFeature.CORE && !isUsedBySurroundings(opcode.feature())) {
        WasmFeatures features = WasmFeatures.ALL.without(opcode.feature());
        assertThatThrownBy(() -> ModuleDecoder.decode(bytes, features, LIMITS))
            .as(opcode.mnemonic())
            .hasMessageContaining("illegal opcode: " + opcode.mnemonic())
            .hasMessageContaining("feature " + opcode.feature().id());
      }
    }
  }

  private static boolean isUsedBySurroundings(WasmFeature feature) {
    return switch (feature) {
      case REFERENCE_TYPES, BULK_MEMORY, EXCEPTIONS -> true;
      default -> false;
    };
  }

  private static void writeWithZeros(CodeBuilder code, Opcode opcode) {
    switch (opcode.immediates()) {
      case NONE, FENCE -> code.op(opcode);
      case BLOCK_TYPE -> code.start(opcode).end();
      case CATCH_TABLE -> code.tryTable(NOTHING).end();
      case VALUE_TYPES -> code.select(I32);
      case HEAP_TYPE -> code.heapType(opcode, AbstractHeapType.ANY);
      case CAST_BRANCH -> code.castBranch(opcode, 0, RefType.ANYREF, RefType.EQREF);
      case V128, SHUFFLE -> code.op(opcode, 0, 0);
      case MEMORY_ACCESS -> code.access(opcode, 0);
      case MEMORY_ACCESS_LANE -> code.op(opcode, 0, 0, 0);
      case TYPE_TABLE, TABLE_TABLE, ELEMENT_TABLE, DATA_MEMORY, MEMORY_MEMORY ->
          code.op(opcode, 0, 0);
      case TYPE_FIELD, TYPE_COUNT, TYPE_DATA, TYPE_ELEMENT, TYPE_TYPE -> code.op(opcode, 0, 0);
      case LABEL,
          LABEL_TABLE,
          FUNCTION,
          TYPE,
          LOCAL,
          GLOBAL,
          TABLE,
          ELEMENT,
          DATA,
          MEMORY,
          TAG,
          I32,
          I64,
          F32,
          F64,
          LANE ->
          code.op(opcode, 0);
    }
  }
}
