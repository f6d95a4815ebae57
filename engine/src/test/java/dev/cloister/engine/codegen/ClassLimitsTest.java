package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.oracle.Programs;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.tree.ClassNode;

/// Valid modules at the limits of what JVM classes can express: they work, or a limit is named. No
/// fault of the JVM or of a library comes through.
final class ClassLimitsTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static FuncType manyParams(int slots) {
    return new FuncType(Collections.nCopies(slots / 2, I64), List.of());
  }

  private static void assertLimit(String limit, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LimitExceededException.class,
            fault -> {
              assertThat(fault.limit()).startsWith(limit);
              assertThat(fault.used()).isGreaterThan(fault.allowed());
            });
  }

  @Test
  void parameters_asManyAsTheJvmCanPass_arePassed() {
    FuncType type = manyParams(250);
    Object[] args = new Object[125];
    Arrays.fill(args, 1L);
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction("direct", type, code -> {})
                .exportFunction(
                    "indirect",
                    type,
                    code -> {
                      for (int i = 0; i < 125; i++) {
                        code.localGet(i);
                      }
                      code.i32Const(0).callIndirect(type, 0);
                    })
                .table(new TableType(RefType.FUNCREF, Limits.of(1)))
                .elements(0, 0, 0));

    assertThat(call(instance, "direct", args)).isEmpty();
    assertThat(call(instance, "indirect", args)).isEmpty();
  }

  @Test
  void callShapes_moreThanAClassCanName_areALimit() {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < 6_000; i++) {
      List<ValueType> params = new ArrayList<>();
      for (int bit = 0; bit < 13; bit++) {
        params.add((i >> bit & 1) == 0 ? I32 : I64);
      }
      module.exportFunction("f" + i, new FuncType(params, List.of()), code -> {});
    }
    assertLimit("bytecode of the instance", () -> engine.compile(module));
    assertThat(engine.engine().nativeModules()).isEmpty();
  }

  private Instance functionsInTable(int count) {
    ModuleBuilder module = new ModuleBuilder();
    int[] functions = new int[count];
    for (int i = 0; i < count; i++) {
      int number = i;
      module.function(INT, code -> code.localGet(0).i32Const(number).i32Add());
      functions[i] = i;
    }
    return engine.instantiate(
        module
            .exportFunction("f", INT, code -> code.i32Const(1).localGet(0).callIndirect(INT, 0))
            .table(new TableType(RefType.FUNCREF, Limits.of(count)))
            .elements(0, 0, functions));
  }

  /// The switch over the functions of a shape is a tree of smaller ones. Each shape has another
  /// sequence of fields of two kinds.
  @Test
  void structShapes_moreThanClassesAreMade_areALimit() {
    ModuleBuilder module = new ModuleBuilder();
    for (int shape = 0; shape <= TypePlan.MAX_STRUCT_SHAPES; shape++) {
      List<FieldType> fields = new ArrayList<>();
      for (int bits = shape + 1; bits > 0; bits >>= 1) {
        fields.add(new FieldType((bits & 1) == 0 ? I32 : I64, true));
      }
      module.type(new StructType(fields));
    }
    assertLimit("number of struct shapes", () -> engine.compile(module));
  }

  @Test
  void functionsOfOneShape_many_areAllReached() {
    for (int count : new int[] {1, 255, 256, 257, 3_000, 4_096, 4_097, 30_000}) {
      Instance instance = functionsInTable(count);
      for (int i = 0; i < count; i += Math.max(1, Math.min(count / 97 + 1, count - 1 - i))) {
        assertThat(result(instance, "f", i)).as("%s of %s", i, count).isEqualTo(i + 1);
      }
    }
  }

  @Test
  void blocks_nestedDeeply_areCompiled() {
    int depth = 20_000;
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code -> {
                      for (int i = 0; i < depth; i++) {
                        code.block();
                      }
                      for (int i = 0; i < depth; i++) {
                        code.localGet(0).brIf(0).end();
                      }
                      code.localGet(0);
                    }));

    assertThat(result(instance, "f", 5)).isEqualTo(5);
    assertThat(instance.isPoisoned()).isFalse();
  }

  @Test
  void function_thatIsLarge_isDivided() {
    List<String> methods = new ArrayList<>();
    for (int seed = 1; seed <= 5; seed++) {
      WasmModule module =
          ModuleDecoder.decode(
              Programs.large(seed).build(), WasmFeatures.ALL, WasmLimits.defaults());
      ModulePlan plan = new ModulePlan(module, new InstanceLayout(module));
      for (int i = 0; i < plan.chunkCount(); i++) {
        for (byte[] file : ChunkGenerator.chunk(CodeKind.BASELINE, plan, i).values()) {
          ClassNode chunk = new ClassNode();
          new ClassReader(file).accept(chunk, 0);
          chunk.methods.forEach(method -> methods.add(method.name));
        }
      }
    }

    assertThat(methods).anyMatch(name -> name.matches("f\\d+_\\d+"));
  }
}
