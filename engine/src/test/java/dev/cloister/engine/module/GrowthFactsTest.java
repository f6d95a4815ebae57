package dev.cloister.engine.module;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// During the calls of which functions a memory may grow.
///
/// Invariant: exactly those from which one that grows, or an unknown call, can be reached by calls.
final class GrowthFactsTest {
  private static final FuncType INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType VOID = FuncType.EMPTY;

  private static BitSet growers(ModuleBuilder builder) {
    try (TestEngine engine = new TestEngine()) {
      WasmModule module = engine.compile(builder).module();
      BitSet growers = new BitSet();
      for (int f = 0; f < module.functionCount(); f++) {
        growers.set(f, module.mayGrowMemory(f));
      }
      return growers;
    }
  }

  private static BitSet functions(int... indices) {
    BitSet functions = new BitSet();
    for (int index : indices) {
      functions.set(index);
    }
    return functions;
  }

  @Test
  void callersOfGrow_mayGrow_whateverTheirOrder() {
    ModuleBuilder module =
        new ModuleBuilder()
            .memory(1)
            .function(VOID, code -> code.call(2))
            .function(VOID, code -> code.call(3).call(3))
            .function(VOID, code -> code.call(1).call(4).drop())
            .function(VOID, code -> {})
            .function(INT, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0))
            .function(VOID, code -> code.call(4).drop().call(3).call(5));

    assertThat(growers(module)).isEqualTo(functions(0, 2, 4, 5));
  }

  @Test
  void unknownCalls_mayGrow() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("m", "f", VOID)
            .memory(1)
            .table(new TableType(RefType.FUNCREF, Limits.of(1)))
            .function(VOID, code -> code.call(0))
            .function(VOID, code -> code.i32Const(0).callIndirect(VOID, 0))
            .function(VOID, code -> code.i32Const(0).returnCallIndirect(VOID, 0))
            .function(VOID, code -> code.op(Opcode.RETURN_CALL, 1))
            .function(VOID, code -> code.op(Opcode.RETURN_CALL, 6))
            .function(VOID, code -> code.op(Opcode.MEMORY_SIZE, 0).drop());

    assertThat(growers(module)).isEqualTo(functions(0, 1, 2, 3, 4));
  }

  @Test
  void withoutGrowth_nothingMayGrow() {
    ModuleBuilder module =
        new ModuleBuilder().memory(1).function(VOID, code -> code.call(0)).function(VOID, _ -> {});

    assertThat(growers(module)).isEqualTo(functions());
  }

  @Test
  void randomCalls_areFollowed() {
    Random random = new Random(20);
    for (int round = 0; round < 100; round++) {
      int count = 1 + random.nextInt(30);
      int grower = random.nextInt(count);
      boolean[][] calls = new boolean[count][count];
      ModuleBuilder module = new ModuleBuilder().memory(1);
      for (int f = 0; f < count; f++) {
        boolean[] callees = calls[f];
        boolean grows = f == grower;
        for (int n = random.nextInt(4); n > 0; n--) {
          callees[random.nextInt(count)] = true;
        }
        module.function(
            VOID,
            code -> {
              for (int callee = 0; callee < count; callee++) {
                if (callees[callee]) {
                  code.call(callee);
                }
              }
              if (grows) {
                code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop();
              }
            });
      }
      assertThat(growers(module)).isEqualTo(reaching(grower, calls));
    }
  }

  /// {@return what reaches a function, found by widening until nothing changes}
  private static BitSet reaching(int target, boolean[][] calls) {
    BitSet found = functions(target);
    for (int size = 0; size != found.cardinality(); ) {
      size = found.cardinality();
      for (int f = 0; f < calls.length; f++) {
        for (int callee = 0; callee < calls.length; callee++) {
          if (calls[f][callee] && found.get(callee)) {
            found.set(f);
          }
        }
      }
    }
    return found;
  }
}
