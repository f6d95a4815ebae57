package dev.cloister.engine.codegen;

import static dev.cloister.engine.codegen.NumericTest.box;
import static dev.cloister.engine.codegen.NumericTest.isNan;
import static dev.cloister.engine.codegen.NumericTest.unbox;
import static dev.cloister.engine.fixture.TestEngine.global;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Random functions give in compiled code what a simple interpreter of their tree gives.
///
/// Strategy: each program has an own seed, printed if it fails. Its functions are called with
/// random arguments, state and all. Invariants: same result or same trap, same memory, same
/// globals. `-Ddifferential.seconds=N` makes it longer than the few seconds of an ordinary run.
final class DifferentialTest {
  private static final long MAX_STEPS = 200_000;
  private static final long SECONDS = Long.getLong("differential.seconds", 4);

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  @Test
  void smallFunctions_computeWhatTheInterpreterComputes() {
    Random seeds = Seed.random();
    long end = System.nanoTime() + SECONDS * 1_000_000_000L;
    int calls = 0;
    while (System.nanoTime() < end) {
      calls += compare(seeds.nextLong(), /* isLarge= */ false);
    }
    assertThat(calls).as("calls that were compared").isGreaterThan(20);
  }

  /// Functions that do not fit into one JVM method are divided.
  @Test
  void largeFunctions_computeWhatTheInterpreterComputes() {
    Random seeds = Seed.random();
    int calls = 0;
    for (int i = 0; i < SECONDS; i++) {
      calls += compare(seeds.nextLong(), /* isLarge= */ true);
    }
    assertThat(calls).as("calls that were compared").isPositive();
  }

  private int compare(long seed, boolean isLarge) {
    try {
      return compare(
          isLarge ? RandomFunctions.largeProgram(seed) : RandomFunctions.program(seed), seed);
    } catch (Throwable e) {
      throw new AssertionError((isLarge ? "large program " : "program ") + seed, e);
    }
  }

  private int compare(RandomFunctions.Program program, long seed) {
    Instance instance = engine.instantiate(program.module());
    GuestTree.Machine machine = program.machine();
    Random random = new Random(seed);
    int calls = 0;
    for (int round = 0; round < 3; round++) {
      for (GuestTree.Function function : program.functions()) {
        long[] args = new long[function.params().size()];
        Object[] boxed = new Object[args.length];
        for (int i = 0; i < args.length; i++) {
          args[i] = argument(function.params().get(i), random);
          boxed[i] = box(args[i], function.params().get(i));
        }
        machine.stepsLeft = MAX_STEPS;
        String expected;
        try {
          expected = show(machine.call(function, args), function.resultType());
        } catch (Operator.Fault fault) {
          expected = fault.reason.text();
        } catch (GuestExceptions.Thrown thrown) {
          expected = show(thrown);
        } catch (GuestTree.TooLong _) {
          return calls;
        }
        String what = "f" + function.index() + " of " + Arrays.toString(boxed);
        assertThat(run(instance, function, boxed)).as(what).isEqualTo(expected);
        compareState(instance, machine, program, what);
        calls++;
      }
    }
    return calls;
  }

  private static long argument(NumType type, Random random) {
    long bits = random.nextBoolean() ? random.nextLong() : random.nextInt(20) - 4;
    return switch (type) {
      case I32 -> (int) bits;
      case I64 -> bits;
      case F32 -> Float.floatToIntBits((float) bits);
      case F64 -> Double.doubleToLongBits((double) bits);
    };
  }

  private static String run(Instance instance, GuestTree.Function function, Object[] args) {
    try {
      @Nullable Object[] results = instance.exportedFunction("f" + function.index()).call(args);
      return show(unbox(results[0]), function.resultType());
    } catch (TrapException trap) {
      return trap.reason().text();
    } catch (UncaughtWasmException uncaught) {
      ThrownException thrown = (ThrownException) uncaught.getCause();
      List<ValueType> types = ((FuncType) thrown.tag().type().type().composite()).params();
      long[] values = uncaught.values().stream().mapToLong(NumericTest::unbox).toArray();
      return show(new GuestExceptions.Thrown(GuestExceptions.TAGS.indexOf(types), values));
    }
  }

  private static String show(GuestExceptions.Thrown thrown) {
    StringBuilder text = new StringBuilder("exception " + thrown.tag);
    for (int i = 0; i < thrown.values.length; i++) {
      text.append(' ').append(show(thrown.values[i], GuestExceptions.TAGS.get(thrown.tag).get(i)));
    }
    return text.toString();
  }

  private static String show(long bits, NumType type) {
    return type + ":" + (isFloat(type) && isNan(bits, type) ? "nan" : Long.toHexString(bits));
  }

  private static boolean isFloat(NumType type) {
    return type == NumType.F32 || type == NumType.F64;
  }

  private static void compareState(
      Instance instance, GuestTree.Machine machine, RandomFunctions.Program program, String what) {
    Memory memory = memory(instance);
    assertThat(memory.sizeBytes()).as(what).isEqualTo(machine.memory.length);
    byte[] found = memory.copy(0, machine.memory.length);
    int difference = Arrays.mismatch(found, machine.memory);
    assertThat(difference).as("%s: first byte that differs", what).isEqualTo(-1);
    for (int i = 0; i < program.globals().size(); i += 2) {
      NumType type = program.globals().get(i);
      Object value = global(instance, "g" + i).value();
      assertThat(show(unbox(value), type))
          .as("%s: global %s", what, i)
          .isEqualTo(show(machine.globals[i], type));
    }
  }
}
