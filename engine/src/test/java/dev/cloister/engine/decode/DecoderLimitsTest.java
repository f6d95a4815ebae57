package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RecGroup;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Each limit: a module that just keeps it is valid, one more of the same is refused, with the
/// numbers.
final class DecoderLimitsTest {

  private static final int ALLOWED = 4;
  private static final FuncType NOTHING = FuncType.EMPTY;

  @TestFactory
  List<DynamicTest> limits_areKeptExactly() {
    return List.of(
        limit(WasmLimit.TYPES, count -> repeat(count, (module, i) -> module.type(params(i)))),
        limit(WasmLimit.REC_GROUP_SIZE, DecoderLimitsTest::groupOf),
        limit(WasmLimit.SUBTYPING_DEPTH, count -> chainOf(count + 1)),
        limit(
            WasmLimit.STRUCT_FIELDS,
            count ->
                repeat(
                    1,
                    (module, _) ->
                        module.type(
                            new StructType(
                                Collections.nCopies(count, new FieldType(I32, false)))))),
        limit(WasmLimit.PARAMS, count -> repeat(1, (module, _) -> module.type(params(count)))),
        limit(WasmLimit.RESULTS, count -> repeat(1, (module, _) -> module.type(results(count)))),
        limit(WasmLimit.FUNCTIONS, count -> repeat(count, (m, _) -> m.function(NOTHING, _ -> {}))),
        limit(
            WasmLimit.IMPORTS,
            count ->
                repeat(count, (m, i) -> m.importItem("m", "n" + i, new GlobalType(I32, false)))),
        limit(
            WasmLimit.EXPORTS,
            count -> repeat(count, (m, i) -> (i == 0 ? m.memory(1) : m).export("" + i, MEMORY, 0))),
        limit(WasmLimit.NAME_SIZE, count -> new ModuleBuilder().custom("x".repeat(count), NONE)),
        limit(WasmLimit.CUSTOM_SECTIONS, count -> repeat(count, (m, _) -> m.custom("", NONE))),
        limit(
            WasmLimit.GLOBALS,
            count ->
                repeat(count, (m, _) -> m.global(new GlobalType(I32, true), c -> c.i32Const(1)))),
        limit(WasmLimit.TAGS, count -> repeat(count, (m, _) -> m.tag(NOTHING))),
        limit(WasmLimit.TABLES, count -> repeat(count, (m, _) -> m.table(TABLE))),
        limit(WasmLimit.MEMORIES, count -> repeat(count, (m, _) -> m.memory(1))),
        limit(
            WasmLimit.ELEMENT_SEGMENTS,
            count -> repeat(count, (m, i) -> (i == 0 ? m.table(TABLE) : m).elements(0, 0))),
        limit(
            WasmLimit.ELEMENTS,
            count ->
                new ModuleBuilder()
                    .table(TABLE)
                    .function(NOTHING, _ -> {})
                    .elements(0, 0, new int[count])),
        limit(WasmLimit.DATA_SEGMENTS, count -> repeat(count, (m, _) -> m.passiveData(NONE))),
        limit(WasmLimit.FUNCTION_SIZE, count -> code(c -> nops(c, count - 2))),
        limit(WasmLimit.LOCALS, count -> code(c -> locals(c, count))),
        limit(WasmLimit.NESTING, count -> code(c -> blocks(c, count - 1))),
        limit(WasmLimit.OPERANDS, count -> code(c -> constants(c, count).op(Opcode.UNREACHABLE))),
        limit(
            WasmLimit.BR_TABLE_SIZE,
            count -> code(c -> c.op(Opcode.UNREACHABLE).brTable(new long[count + 1]))),
        limit(
            WasmLimit.TRY_TABLE_SIZE,
            count ->
                code(c ->
                    c.tryTable(
                            NOTHING,
                            Collections.nCopies(count, new CodeBuilder.Catch(2, 0, 0))
                                .toArray(new CodeBuilder.Catch[0]))
                        .end())),
        limit(WasmLimit.ARRAY_NEW_FIXED, DecoderLimitsTest::arrayOf));
  }

  @Test
  void everyLimit_hasATest() {
    List<String> tested =
        limits_areKeptExactly().stream().map(DynamicTest::getDisplayName).toList();
    for (WasmLimit limit : WasmLimit.values()) {
      // The size is that of the module itself.
      assertThat(tested.contains(limit.name()))
          .as(limit.name())
          .isEqualTo(limit != WasmLimit.MODULE_SIZE);
    }
  }

  @Test
  void moduleSize_isKeptExactly_withEveryChunking() {
    byte[] module = new ModuleBuilder().memory(1).build();
    WasmLimits fitting = WasmLimits.defaults().with(WasmLimit.MODULE_SIZE, module.length);
    WasmLimits tight = WasmLimits.defaults().with(WasmLimit.MODULE_SIZE, module.length - 1);
    assertThat(Decoding.sync(module, WasmFeatures.ALL, fitting).verdict()).isEqualTo("valid");

    String refused = Decoding.sync(module, WasmFeatures.ALL, tight).verdict();

    assertThat(refused)
        .contains("module size in bytes", "" + module.length, "at most " + (module.length - 1));
    for (int size = 1; size <= module.length; size++) {
      int chunk = size;
      assertThat(Decoding.stream(module, WasmFeatures.ALL, tight, _ -> chunk).verdict())
          .isEqualTo(refused);
    }
  }

  private static final byte[] NONE = {};
  private static final ExternKind MEMORY = ExternKind.MEMORY;
  private static final TableType TABLE = new TableType(RefType.FUNCREF, Limits.of(9));

  private interface Step {
    void apply(ModuleBuilder module, int i);
  }

  private static DynamicTest limit(WasmLimit limit, IntFunction<ModuleBuilder> moduleOf) {
    return DynamicTest.dynamicTest(
        limit.name(),
        () -> {
          WasmLimits limits = WasmLimits.defaults().with(limit, ALLOWED);
          byte[] fitting = moduleOf.apply(ALLOWED).build();
          byte[] excessive = moduleOf.apply(ALLOWED + 1).build();
          assertThat(Decoding.sync(fitting, WasmFeatures.ALL, limits).verdict()).isEqualTo("valid");
          Decoding refused = Decoding.sync(excessive, WasmFeatures.ALL, limits);
          assertThat(refused.fault())
              .isInstanceOfSatisfying(
                  LimitExceededException.class,
                  fault -> {
                    assertThat(fault.limit()).isEqualTo(limit.text());
                    assertThat(fault.used()).isEqualTo(ALLOWED + 1);
                    assertThat(fault.allowed()).isEqualTo(ALLOWED);
                  });
          Decoding streamed = Decoding.stream(excessive, WasmFeatures.ALL, limits, _ -> 1);
          assertThat(streamed.verdict()).isEqualTo(refused.verdict());
        });
  }

  private static ModuleBuilder repeat(int count, Step step) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < count; i++) {
      step.apply(module, i);
    }
    return module;
  }

  private static FuncType params(int count) {
    return new FuncType(Collections.nCopies(count, (ValueType) I32), List.of());
  }

  private static FuncType results(int count) {
    return new FuncType(List.of(), Collections.nCopies(count, (ValueType) I32));
  }

  private static ModuleBuilder groupOf(int size) {
    RecGroup group = new RecGroup(size);
    for (int i = 0; i < size; i++) {
      group.define(i, true, null, NOTHING);
    }
    return new ModuleBuilder().types(group);
  }

  private static ModuleBuilder chainOf(int size) {
    RecGroup group = new RecGroup(size);
    for (int i = 0; i < size; i++) {
      group.define(i, false, i == 0 ? null : group.type(i - 1), NOTHING);
    }
    return new ModuleBuilder().types(group);
  }

  private static ModuleBuilder code(Consumer<CodeBuilder> body) {
    return new ModuleBuilder().function(NOTHING, body);
  }

  private static void nops(CodeBuilder code, int count) {
    for (int i = 0; i < count; i++) {
      code.op(Opcode.NOP);
    }
  }

  private static void locals(CodeBuilder code, int count) {
    for (int i = 0; i < count; i++) {
      code.local(I32);
    }
  }

  private static void blocks(CodeBuilder code, int count) {
    for (int i = 0; i < count; i++) {
      code.block();
    }
    for (int i = 0; i < count; i++) {
      code.end();
    }
  }

  private static CodeBuilder constants(CodeBuilder code, int count) {
    for (int i = 0; i < count; i++) {
      code.i32Const(i);
    }
    return code;
  }

  private static ModuleBuilder arrayOf(int count) {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType array = module.type(new ArrayType(new FieldType(I32, false)));
    return module.function(
        NOTHING,
        code ->
            constants(code, count)
                .op(Opcode.ARRAY_NEW_FIXED, module.typeIndex(array), count)
                .drop());
  }
}
