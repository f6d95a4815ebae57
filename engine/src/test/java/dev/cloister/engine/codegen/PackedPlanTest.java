package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.VecType.V128;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.runtime.intrinsic.VectorApi;
import dev.cloister.engine.types.FuncType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// In which functions vectors are objects, and what code becomes there.
final class PackedPlanTest {
  private static final FuncType LOOP = new FuncType(List.of(I32), List.of());
  private static final FuncType BINARY = new FuncType(List.of(V128, V128), List.of(V128));
  private static final FuncType CHOICE = new FuncType(List.of(V128, V128, I32), List.of(V128));

  @BeforeAll
  static void requireVectorApi() {
    assumeTrue(VectorApi.isAvailable(), "the JVM has jdk.incubator.vector");
  }

  private static EngineConfig config(VectorUse use) {
    return EngineConfig.defaults().withCodeKind(CodeKind.OPTIMIZED).withVectorUse(use);
  }

  /// `do mem[i] = mem[i] + mem[i + 16] while ((i += 16) != 4096)`, and so on.
  private static void loop(CodeBuilder code, Consumer<CodeBuilder> body) {
    code.loop().localGet(0).localGet(0).access(Opcode.V128_LOAD, 0);
    body.accept(code);
    code.access(Opcode.V128_STORE, 0);
    code.localGet(0).i32Const(16).i32Add().localTee(0).i32Const(4096).op(Opcode.I32_NE);
    code.brIf(0).end();
  }

  private static void sum(CodeBuilder code) {
    code.localGet(0).access(Opcode.V128_LOAD, 16).op(Opcode.F32X4_ADD);
  }

  private static boolean hasObjects(EngineConfig config, ModuleBuilder module) {
    try (TestEngine engine = new TestEngine(config)) {
      ModuleHandle handle = engine.compile(module);
      return handle.classFiles().anyMatch(PackedPlanTest::hasObjects);
    }
  }

  private static boolean hasObjects(byte[] classFile) {
    return new String(classFile, StandardCharsets.ISO_8859_1).contains("jdk/incubator/vector");
  }

  private static boolean hasObjects(FuncType type, Consumer<CodeBuilder> body) {
    return hasObjects(
        config(VectorUse.WORTHWHILE), new ModuleBuilder().memory(1).function(type, body));
  }

  @Test
  void objects_whereALoopComputesWithVectors() {
    assertThat(hasObjects(LOOP, code -> loop(code, PackedPlanTest::sum))).isTrue();
    // It only moves them.
    assertThat(hasObjects(LOOP, code -> loop(code, body -> {}))).isFalse();
    // It does so once.
    assertThat(hasObjects(BINARY, code -> code.localGet(0).localGet(1).op(Opcode.F32X4_ADD)))
        .isFalse();
  }

  @Test
  void objects_whereMuchIsComputedOnce() {
    assertThat(hasObjects(BINARY, code -> sums(code, 7))).isFalse();
    assertThat(hasObjects(BINARY, code -> sums(code, 8))).isTrue();
    assertThat(hasObjects(BINARY, code -> sums(code, PackedPlan.MAX_INSTRUCTIONS))).isTrue();
    assertThat(hasObjects(BINARY, code -> sums(code, PackedPlan.MAX_INSTRUCTIONS + 1))).isFalse();
  }

  private static void sums(CodeBuilder code, int count) {
    code.localGet(0);
    for (int i = 0; i < count; i++) {
      code.localGet(1).op(Opcode.I32X4_ADD);
    }
  }

  @Test
  void noObjects_inOtherKindsOfCode() {
    ModuleBuilder module =
        new ModuleBuilder().memory(1).function(LOOP, code -> loop(code, PackedPlanTest::sum));
    for (CodeKind kind : CodeKind.values()) {
      assertThat(hasObjects(EngineConfig.defaults().withCodeKind(kind), module))
          .as(kind.label())
          .isEqualTo(kind == CodeKind.OPTIMIZED);
    }
    assertThat(hasObjects(config(VectorUse.NEVER), module)).isFalse();
  }

  /// A function that is divided passes everything between its methods as numbers.
  @Test
  void noObjects_inDividedFunctions() {
    ModuleBuilder module =
        new ModuleBuilder()
            .memory(1)
            .function(
                LOOP,
                code -> {
                  for (int i = 0; i < 40; i++) {
                    loop(code, PackedPlanTest::sum);
                  }
                });
    assertThat(hasObjects(config(VectorUse.WORTHWHILE).withMethodBytes(800), module)).isFalse();
  }

  /// A handler would get vectors as two longs.
  @Test
  void noObjects_whereHandlersGetVectors() {
    FuncType vector = new FuncType(List.of(V128), List.of());
    for (boolean throwsVectors : new boolean[] {false, true}) {
      ModuleBuilder module =
          new ModuleBuilder()
              .memory(1)
              .tag(throwsVectors ? vector : FuncType.EMPTY)
              .function(
                  LOOP,
                  code -> {
                    code.block().tryTable(FuncType.EMPTY, new CodeBuilder.Catch(2, 0, 0));
                    loop(code, PackedPlanTest::sum);
                    code.end().end();
                  });
      assertThat(hasObjects(config(VectorUse.WORTHWHILE), module)).isEqualTo(!throwsVectors);
    }
  }

  /// The same memory comes out, whether the JVM has the Vector API or vectors are two longs.
  @Test
  void results_areTheSameWithoutObjects() {
    ModuleBuilder module =
        new ModuleBuilder()
            .memory(1)
            .data(0, "added as floats, again and again".getBytes(StandardCharsets.US_ASCII))
            .exportFunction("f", LOOP, code -> loop(code, PackedPlanTest::sum));
    assertThat(after(VectorUse.NEVER, module)).isEqualTo(after(VectorUse.WORTHWHILE, module));
  }

  private static byte[] after(VectorUse use, ModuleBuilder module) {
    try (TestEngine engine = new TestEngine(config(use))) {
      Instance instance =
          engine.compile(module).instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
      for (int i = 0; i < 5; i++) {
        TestEngine.call(instance, "f", 0);
      }
      return memory(instance).copy(0, 8192);
    }
  }

  @Test
  void listing() {
    GoldenListing.assertMatches(
        "vector_objects",
        CodeKind.OPTIMIZED,
        new ModuleBuilder()
            .memory(1)
            // A sum of products: the sum has lanes of floats all the time.
            .function(
                new FuncType(List.of(I32), List.of(V128)),
                code -> {
                  int sum = code.local(V128);
                  code.loop().localGet(sum);
                  code.localGet(0).access(Opcode.V128_LOAD, 0);
                  code.localGet(0).access(Opcode.V128_LOAD, 4096);
                  code.op(Opcode.F32X4_MUL).op(Opcode.F32X4_ADD).localSet(sum);
                  code.localGet(0).i32Const(16).i32Add().localTee(0).i32Const(4096);
                  code.op(Opcode.I32_NE).brIf(0).end().localGet(sum);
                })
            // Constants, shifts, comparisons and choices; a label with a vector takes bytes.
            .function(
                CHOICE,
                code -> {
                  code.localGet(0).op(Opcode.V128_CONST, 0x0102L, 3).op(Opcode.I8X16_ADD);
                  code.localGet(1).i32Const(3).op(Opcode.I8X16_SHR_U);
                  code.localGet(0).localGet(1).op(Opcode.F32X4_LT).op(Opcode.V128_BITSELECT);
                  code.op(Opcode.V128_CONST, 0x0003_0003_0003_0003L, 0x0003_0003_0003_0003L);
                  code.op(Opcode.I16X8_MUL).localSet(0);
                  code.localGet(2).ifThen(V128).localGet(0).op(Opcode.F32X4_ABS);
                  code.otherwise().localGet(1).op(Opcode.I64X2_NEG).end();
                  code.localGet(1).localGet(2).op(Opcode.SELECT);
                  code.localGet(1).op(Opcode.I16X8_EXTMUL_LOW_I8X16_S);
                })
            // Half a vector.
            .function(
                BINARY,
                code -> {
                  code.localGet(0).localGet(1).op(Opcode.I16X8_NARROW_I32X4_U);
                  code.localTee(0).localGet(0).op(Opcode.I8X16_NARROW_I16X8_U);
                  for (int i = 0; i < 8; i++) {
                    code.localGet(1).op(Opcode.I8X16_ADD);
                  }
                })
            // What the Vector API has no form of works on longs.
            .function(
                BINARY,
                code -> {
                  for (int i = 0; i < 8; i++) {
                    code.localGet(0).localGet(1).op(Opcode.I16X8_RELAXED_DOT_I8X16_I7X16_S);
                    code.localSet(0);
                  }
                  code.localGet(0).op(Opcode.V128_ANY_TRUE).op(Opcode.I32X4_SPLAT);
                  code.localGet(1).op(Opcode.I32X4_MIN_S).localGet(1).call(2);
                }));
  }
}
