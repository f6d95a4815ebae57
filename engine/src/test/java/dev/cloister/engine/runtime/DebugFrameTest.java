package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Frames of debuggable code, as a listener sees them at each position.
final class DebugFrameTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  private final TestEngine engine =
      new TestEngine(EngineConfig.defaults().withCodeKind(CodeKind.DEBUG));
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  /// What was seen: function, instruction, locals and operands of each frame.
  private final List<String> seen = new ArrayList<>();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private Instance instantiate(ModuleBuilder module) {
    return engine.instantiate(module, Imports.NONE, store);
  }

  /// Notes a frame as `function mnemonic [locals] [operands]`.
  private void note(DebugFrame frame) {
    seen.add(describe(frame));
  }

  private static String describe(DebugFrame frame) {
    List<@Nullable Object> locals = new ArrayList<>();
    for (int i = 0; i < frame.localCount(); i++) {
      locals.add(frame.local(i));
    }
    List<@Nullable Object> operands = new ArrayList<>();
    for (int i = 0; i < frame.operandCount(); i++) {
      operands.add(frame.operand(i));
    }
    return frame.functionIndex() + " " + instruction(frame) + " " + locals + " " + operands;
  }

  private static String instruction(DebugFrame frame) {
    return frame.instance().module().disassemble(frame.functionIndex()).stream()
        .filter(instruction -> instruction.offset() == frame.offset())
        .map(instruction -> instruction.text().strip())
        .findFirst()
        .orElse("nothing");
  }

  @Test
  void position_showsLocalsAndOperands() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code -> {
                      int sum = code.local(I64);
                      code.localGet(0)
                          .op(Opcode.I64_EXTEND_I32_S)
                          .i64Const(40)
                          .op(Opcode.I64_ADD)
                          .localTee(sum)
                          .op(Opcode.I32_WRAP_I64);
                    }));
    instance.setDebugListener(this::note);

    assertThat(result(instance, "f", 2)).isEqualTo(42);

    assertThat(seen)
        .containsExactly(
            "0 local.get 0 [2, 0] []",
            "0 i64.extend_i32_s [2, 0] [2]",
            "0 i64.const 40 [2, 0] [2]",
            "0 i64.add [2, 0] [2, 40]",
            "0 local.tee 1 [2, 0] [42]",
            "0 i32.wrap_i64 [2, 42] [42]",
            "0 end [2, 42] [42]");
  }

  @Test
  void values_ofAllKinds_areShownBoxed() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    new FuncType(List.of(I32, I64, F32, F64, EXTERNREF), List.of()),
                    code -> {
                      code.local(EXTERNREF);
                      for (int i = 0; i < 5; i++) {
                        code.localGet(i);
                      }
                      code.localSet(5).drop().drop().drop().drop();
                    }));
    List<List<@Nullable Object>> operands = new ArrayList<>();
    List<@Nullable Object> locals = new ArrayList<>();
    instance.setDebugListener(frame -> {
      List<@Nullable Object> now = new ArrayList<>();
      for (int i = 0; i < frame.operandCount(); i++) {
        now.add(frame.operand(i));
      }
      operands.add(now);
      locals.add(frame.local(5));
    });

    call(instance, "f", -1, -2L, 1.5f, Double.NEGATIVE_INFINITY, "object");

    assertThat(operands.get(5)).containsExactly(-1, -2L, 1.5f, Double.NEGATIVE_INFINITY, "object");
    assertThat(locals.get(5)).isNull();
    assertThat(locals.get(6)).isEqualTo("object");
  }

  /// Operands that wait below a block, a loop with parameters, and arms of an `if`.
  @Test
  void operands_belowBlocks_areShownToo() {
    FuncType one = new FuncType(List.of(I32), List.of(I32));
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code ->
                        code.i32Const(100)
                            .localGet(0)
                            .start(Opcode.LOOP, one)
                            .i32Const(1)
                            .op(Opcode.I32_SUB)
                            .localTee(0)
                            .localGet(0)
                            .brIf(0)
                            .end()
                            .localGet(0)
                            .ifThen(I32)
                            .i32Const(1)
                            .otherwise()
                            .i32Const(2)
                            .end()
                            .i32Add()
                            .i32Add()));
    instance.setDebugListener(this::note);

    assertThat(result(instance, "f", 2)).isEqualTo(102);

    assertThat(seen)
        .contains(
            "0 i32.const 1 [2] [100, 2]",
            "0 br_if 0 [1] [100, 1, 1]",
            "0 i32.const 1 [1] [100, 1]",
            "0 br_if 0 [0] [100, 0, 0]",
            "0 i32.const 2 [0] [100, 0]",
            "0 i32.add [0] [100, 0, 2]",
            "0 i32.add [0] [100, 2]",
            "0 end [0] [102]")
        .doesNotContain("0 i32.const 1 [0] [100, 0]");
  }

  /// Callers are seen at their calls, with the arguments, across instances and the host.
  @Test
  void callers_areAChain() {
    Instance inner =
        instantiate(
            new ModuleBuilder()
                .exportFunction("inner", INT, code -> code.localGet(0).i32Const(1).i32Add()));
    Imports imports =
        Imports.builder()
            .define("m", "inner", inner.exportedFunction("inner"))
            .define("m", "host", HostFunction.of(INT, (_, args) -> call(inner, "inner", args)))
            .build();
    Instance outer =
        engine.instantiate(
            new ModuleBuilder()
                .importFunction("m", "inner", INT)
                .importFunction("m", "host", INT)
                .exportFunction("f", INT, code -> code.i32Const(9).localGet(0).call(0).i32Add())
                .exportFunction("g", INT, code -> code.localGet(0).call(4))
                .function(INT, code -> code.localGet(0).call(1)),
            imports,
            store);
    List<List<String>> stacks = new ArrayList<>();
    inner.setDebugListener(frame -> {
      List<String> stack = new ArrayList<>();
      for (DebugFrame at = frame; at != null; at = at.caller()) {
        stack.add(describe(at));
      }
      stacks.add(stack);
    });

    assertThat(result(outer, "f", 5)).isEqualTo(15);
    assertThat(stacks.getFirst()).containsExactly("0 local.get 0 [5] []", "2 call 0 [5] [9, 5]");
    stacks.clear();
    assertThat(result(outer, "g", 5)).isEqualTo(6);
    assertThat(stacks.getLast())
        .hasSize(3)
        .containsExactly("0 end [5] [6]", "4 call 1 [5] [5]", "3 call 4 [5] [5]");
  }

  /// An instance that is not debugged does not notice, though it shares all code.
  @Test
  void otherInstance_ofTheSameModule_isNotReported() {
    ModuleHandle module =
        engine.compile(new ModuleBuilder().exportFunction("f", INT, code -> code.localGet(0)));
    Instance debugged = module.instantiate(store, Imports.NONE);
    Instance other = module.instantiate(store, Imports.NONE);
    debugged.setDebugListener(this::note);

    call(other, "f", 1);
    assertThat(seen).isEmpty();
    call(debugged, "f", 1);
    assertThat(seen).hasSize(2);
    debugged.setDebugListener(null);
    call(debugged, "f", 1);
    assertThat(seen).hasSize(2);
  }

  /// A loop that runs is seen as soon as a listener is set, by a thread of its own.
  @Test
  void listener_setWhileTheGuestRuns_isTold() {
    Instance instance =
        instantiate(new ModuleBuilder().exportFunction("f", VOID, code -> code.loop().br(0).end()));
    FutureTask<Object> guest = new FutureTask<>(() -> call(instance, "f"));
    Thread.ofPlatform().start(guest);

    instance.setDebugListener(frame -> {
      throw new IllegalStateException("enough");
    });

    assertThatThrownBy(guest::get).hasRootCauseMessage("enough");
  }

  /// After a trap the chain is as it was before the call.
  @Test
  void trap_leavesNoFrameBehind() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction("f", VOID, code -> code.call(1))
                .function(VOID, code -> code.op(Opcode.UNREACHABLE))
                .exportFunction("g", VOID, code -> code.op(Opcode.NOP)));
    assertTraps(TrapReason.UNREACHABLE, () -> call(instance, "f"));
    List<@Nullable DebugFrame> callers = new ArrayList<>();
    instance.setDebugListener(frame -> callers.add(frame.caller()));

    call(instance, "g");

    assertThat(callers).hasSize(2).containsOnlyNulls();
  }

  /// A memory that the listener lets grow is seen by the guest at once.
  @Test
  void memory_grownByTheListener_isSeen() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .memory(1)
                .exportFunction(
                    "f",
                    TO_INT,
                    code ->
                        code.i32Const(0)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Const(65_536)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Add()
                            .i32Const(70_000)
                            .access(Opcode.I32_LOAD8_U, 0)
                            .i32Add()));
    Memory memory = Objects.requireNonNull(instance.memory(0));
    boolean[] isGrown = new boolean[1];
    instance.setDebugListener(_ -> {
      if (!isGrown[0]) {
        isGrown[0] = memory.grow(1) == 1;
        memory.setInt(65_536, 30);
        memory.setInt(0, 10);
        memory.setByte(70_000, (byte) 2);
      }
    });

    assertThat(result(instance, "f")).isEqualTo(42);
  }

  /// The parts of a divided function have one frame, with all locals and operands.
  @Test
  void functionThatIsDivided_hasOneFrame() {
    int blocks = 3000;
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code -> {
                      code.local(I64);
                      code.i32Const(7);
                      for (int i = 0; i < blocks; i++) {
                        code.block()
                            .localGet(0)
                            .i32Const(i)
                            .op(Opcode.I32_XOR)
                            .localTee(0)
                            .brIf(0)
                            .i32Const(1)
                            .localSet(0)
                            .end();
                      }
                      code.localGet(0).i32Add();
                    }));
    int[] positions = new int[1];
    List<String> odd = new ArrayList<>();
    int[] lastOffset = {-1};
    instance.setDebugListener(frame -> {
      positions[0]++;
      boolean isFirst = positions[0] == 1;
      if (frame.caller() != null
          || frame.localCount() != 2
          || frame.offset() <= lastOffset[0]
          || (!isFirst && frame.operandCount() == 0)) {
        odd.add(describe(frame));
      }
      if (!isFirst && frame.offset() < lastPosition(frame)) {
        Object lowest = frame.operand(0);
        if (!Integer.valueOf(7).equals(lowest)) {
          odd.add(describe(frame));
        }
      }
      lastOffset[0] = frame.offset();
    });
    int value = 12345;
    int expected = 4;
    for (int i = 0; i < blocks; i++) {
      value ^= i;
      expected += 5;
      if (value == 0) {
        value = 1;
        expected += 3;
      }
    }

    assertThat(result(instance, "f", 12345)).isEqualTo(value + 7);

    assertThat(odd).isEmpty();
    assertThat(positions[0]).isBetween(expected - 1, expected + blocks);
  }

  /// The final `end`, where the sum has taken the place of the first operand.
  private static long lastPosition(DebugFrame frame) {
    return frame.instance().module().bodyEnd(frame.functionIndex()) - 1L;
  }

  /// Frames are on the heap; their number is limited all the same.
  @Test
  void framesThatHoldTooMuch_exhaustTheStack() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code -> {
                      for (int i = 0; i < 40_000; i++) {
                        code.local(I64);
                      }
                      code.localGet(0)
                          .ifThen()
                          .localGet(0)
                          .i32Const(1)
                          .op(Opcode.I32_SUB)
                          .call(0)
                          .drop()
                          .end()
                          .localGet(0);
                    }));

    assertThat(result(instance, "f", 50)).isEqualTo(50);
    assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "f", 200));
    assertThat(result(instance, "f", 50)).isEqualTo(50);
  }

  /// Every position is reached whatever runs, and its offset is that of an instruction.
  @Test
  void positions_areInstructions() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code ->
                        code.block()
                            .block()
                            .block()
                            .localGet(0)
                            .brTable(0, 1, 2)
                            .end()
                            .op(Opcode.NOP)
                            .end()
                            .op(Opcode.NOP)
                            .end()
                            .localGet(0)));
    instance.setDebugListener(frame -> seen.add(instruction(frame)));

    call(instance, "f", 0);

    assertThat(seen)
        .isEqualTo(
            Arrays.asList(
                "local.get 0", "br_table 0 1 2", "nop", "end", "nop", "end", "local.get 0", "end"));
  }
}
