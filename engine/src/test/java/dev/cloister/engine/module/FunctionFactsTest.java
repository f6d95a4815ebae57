package dev.cloister.engine.module;

import static dev.cloister.engine.module.FunctionFacts.ACCESSES_MEMORY;
import static dev.cloister.engine.module.FunctionFacts.CALLS;
import static dev.cloister.engine.module.FunctionFacts.GROWS_MEMORY;
import static dev.cloister.engine.module.FunctionFacts.LOOPS;
import static dev.cloister.engine.module.FunctionFacts.MOVES_MANY_VALUES;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// What the validator notes about functions.
final class FunctionFactsTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType WIDE = new FuncType(List.of(), many(13));
  private static final FuncType NARROW = new FuncType(List.of(), many(12));

  private static List<ValueType> many(int count) {
    return Collections.nCopies(count, I32);
  }

  /// A module in which function 1 is the one that is looked at, and 0 does nothing.
  private static WasmModule module(FuncType type, Consumer<CodeBuilder> body) {
    byte[] bytes =
        new ModuleBuilder()
            .function(VOID, code -> {})
            .function(type, body)
            .function(WIDE, code -> code.op(Opcode.UNREACHABLE))
            .function(NARROW, code -> code.op(Opcode.UNREACHABLE))
            .table(new TableType(RefType.FUNCREF, Limits.of(1)))
            .memory(1)
            .memory(1)
            .tag(new FuncType(many(13), List.of()))
            .elements(0, 0, 0)
            .build();
    return ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
  }

  private static int facts(FuncType type, Consumer<CodeBuilder> body) {
    WasmModule module = module(type, body);
    int facts = 0;
    for (int fact = 1; fact <= MOVES_MANY_VALUES; fact <<= 1) {
      facts |= module.has(1, fact) ? fact : 0;
      assertThat(module.has(0, fact)).isFalse();
    }
    assertThat(module.growsMemory()).isEqualTo((facts & GROWS_MEMORY) != 0);
    return facts;
  }

  private static int facts(Consumer<CodeBuilder> body) {
    return facts(VOID, body);
  }

  @Test
  void nothing_isNoted_ofWhatDoesNothing() {
    assertThat(facts(code -> code.block().end().i32Const(0).drop())).isZero();
    assertThat(facts(code -> code.op(Opcode.REF_FUNC, 0).drop())).isZero();
    assertThat(facts(code -> code.op(Opcode.MEMORY_SIZE, 0).drop())).isZero();
  }

  @Test
  void access_ofMemoryZero_isNoted() {
    assertThat(facts(code -> code.i32Const(0).access(Opcode.I32_LOAD, 0).drop()))
        .isEqualTo(ACCESSES_MEMORY);
    assertThat(facts(code -> code.i32Const(0).i32Const(0).access(Opcode.I32_STORE8, 0)))
        .isEqualTo(ACCESSES_MEMORY);
  }

  @Test
  void growing_ofAnyMemory_isNoted() {
    assertThat(facts(code -> code.i32Const(0).op(Opcode.MEMORY_GROW, 0).drop()))
        .isEqualTo(GROWS_MEMORY);
    assertThat(facts(code -> code.i32Const(0).op(Opcode.MEMORY_GROW, 1).drop()))
        .isEqualTo(GROWS_MEMORY);
  }

  @Test
  void calls_areNoted_alsoWhereControlNeverComes() {
    assertThat(facts(code -> code.call(0))).isEqualTo(CALLS);
    assertThat(facts(code -> code.i32Const(0).callIndirect(VOID, 0))).isEqualTo(CALLS);
    assertThat(facts(code -> code.op(Opcode.RETURN_CALL, 0))).isEqualTo(CALLS);
    assertThat(facts(code -> code.i32Const(0).returnCallIndirect(VOID, 0))).isEqualTo(CALLS);
    assertThat(facts(code -> code.op(Opcode.REF_FUNC, 0).returnCallRef(VOID))).isEqualTo(CALLS);
    assertThat(facts(code -> code.ret().call(0))).isEqualTo(CALLS);
  }

  @Test
  void loops_areNoted() {
    assertThat(facts(code -> code.loop().end())).isEqualTo(LOOPS);
  }

  @Test
  void manyValues_areNoted() {
    assertThat(facts(WIDE, code -> code.op(Opcode.UNREACHABLE))).isEqualTo(MOVES_MANY_VALUES);
    assertThat(facts(NARROW, code -> code.op(Opcode.UNREACHABLE))).isZero();
    assertThat(facts(code -> code.call(2).ret())).isEqualTo(CALLS | MOVES_MANY_VALUES);
    assertThat(facts(code -> code.call(3).ret())).isEqualTo(CALLS);
    assertThat(facts(code -> code.start(Opcode.BLOCK, WIDE).op(Opcode.UNREACHABLE).end().ret()))
        .isEqualTo(MOVES_MANY_VALUES);
    assertThat(facts(code -> code.op(Opcode.UNREACHABLE).op(Opcode.THROW, 0)))
        .isEqualTo(MOVES_MANY_VALUES);
  }
}
