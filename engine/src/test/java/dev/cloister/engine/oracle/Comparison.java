package dev.cloister.engine.oracle;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.DebugFrame;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Runs a program on the interpreter and in compiled code, call by call, and says where they
/// differ: in what a call returned, why and where it trapped, what it logged, or the state it left.
final class Comparison {
  private static final long MAX_STEPS = 100_000;
  private static final int MAX_DEPTH = 100;
  private static final int ROUNDS = 3;

  /// More than a bulk instruction of any 64-bit length takes before it traps.
  private static final long FUEL = Long.MAX_VALUE;

  private final TestEngine engine;
  private final boolean countsFuel;
  private final boolean isWatched;

  /// The calls that were compared so far.
  int calls;

  Comparison(EngineConfig config) {
    this(config, /* isWatched= */ false);
  }

  /// @param isWatched whether a debugger looks at each position and replaces all operands by
  ///   themselves
  Comparison(EngineConfig config, boolean isWatched) {
    this.isWatched = isWatched;
    this.engine = new TestEngine(config);
    this.countsFuel = config.codeKind() == CodeKind.FUEL;
  }

  private static void replaceOperands(DebugFrame frame) {
    for (int i = 0; i < frame.operandCount(); i++) {
      Object value = frame.operand(i);
      if (frame.isOperandWritable(i)) {
        frame.setOperand(i, value);
      }
    }
  }

  void close() {
    engine.close();
  }

  /// Compares a program.
  ///
  /// @param seed chooses the arguments
  /// @return what differs, or null if nothing does
  @Nullable String difference(Program program, long seed) {
    try (ModuleHandle handle = engine.compile(program.module());
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      return new Run(program, handle, store, seed).difference();
    }
  }

  /// One program in both.
  private final class Run {
    private final Program program;
    private final ModuleHandle handle;
    private final Store store;
    private final Random random;
    private final Oracle.Steps steps = new Oracle.Steps();
    private final List<Object> expectedLog = new ArrayList<>();
    private final List<Object> foundLog = new ArrayList<>();

    Run(Program program, ModuleHandle handle, Store store, long seed) {
      this.program = program;
      this.handle = handle;
      this.store = store;
      this.random = new Random(seed);
      steps.maxDepth = MAX_DEPTH;
    }

    @Nullable String difference() {
      Guest.Host log =
          args -> {
            expectedLog.add(Objects.requireNonNull(args.getFirst()));
            return List.<@Nullable Object>of();
          };
      Oracle oracle =
          Oracle.instantiate(
              handle.module(), steps, _ -> new Guest.Function(DefinedType.of(Program.LOG), log));
      Imports imports =
          Imports.builder()
              .define(
                  "env",
                  "log",
                  HostFunction.of(
                      Program.LOG,
                      (_, args) -> {
                        foundLog.add(Objects.requireNonNull(args[0]));
                        return new Object[0];
                      }))
              .build();
      Instance instance = handle.instantiate(store, imports);
      if (isWatched) {
        instance.setDebugListener(Comparison::replaceOperands);
      }
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < program.functions().size(); i++) {
          if (program.functions().get(i).isCallable()) {
            String difference;
            try {
              difference = compareCall(oracle, instance, i + 1);
            } catch (Guest.TooLong _) {
              return null; // From here on the states differ.
            }
            if (difference != null) {
              return difference;
            }
            calls++;
          }
        }
      }
      return null;
    }

    private @Nullable String compareCall(Oracle oracle, Instance instance, int function) {
      List<Object> guestArgs = new ArrayList<>();
      List<Object> args = new ArrayList<>();
      for (ValueType type : program.functions().get(function - 1).type().params()) {
        if (type instanceof NumType number) {
          long bits = ValueMaker.bits(random, number);
          guestArgs.add(Interpreter.number(number, bits));
          args.add(box(number, bits));
        } else {
          V128 vector = new V128(random.nextLong(), random.nextLong());
          guestArgs.add(vector);
          args.add(vector);
        }
      }
      expectedLog.clear();
      foundLog.clear();
      steps.fuel = 0;
      store.setFuel(FUEL);
      String expected = interpret(oracle, function, guestArgs);
      String found = execute(instance, function, args.toArray());
      String what = "f" + function + " of " + guestArgs + ": ";
      if (!found.equals(expected)) {
        return what + "expected " + expected + ", found " + found;
      }
      if (!foundLog.equals(expectedLog)) {
        return what + "expected log " + expectedLog + ", found " + foundLog;
      }
      long used = FUEL - store.fuel();
      if (countsFuel && used != steps.fuel) {
        return what + "expected fuel " + steps.fuel + ", used " + used;
      }
      String state = compareState(oracle, instance);
      return state == null ? null : what + state;
    }

    private String interpret(Oracle oracle, int function, List<Object> args) {
      steps.left = MAX_STEPS;
      steps.depth = 0;
      try {
        return Observation.results(
            Interpreter.call(oracle.functions.get(function), new ArrayList<>(args)));
      } catch (Guest.Trap trap) {
        return Observation.trap(trap.reason, trap.offset);
      } catch (Guest.Thrown thrown) {
        return Observation.exception(thrown.values);
      }
    }

    private String execute(Instance instance, int function, Object[] args) {
      try {
        return Observation.results(
            Arrays.asList(instance.exportedFunction("f" + function).call(args)));
      } catch (TrapException trap) {
        List<WasmFrame> stack = trap.wasmStack();
        return Observation.trap(trap.reason(), stack.isEmpty() ? -1 : stack.getFirst().offset());
      } catch (UncaughtWasmException thrown) {
        return Observation.exception(thrown.values());
      }
    }

    private @Nullable String compareState(Oracle oracle, Instance instance) {
      for (int i = 0; i < oracle.memories.size(); i++) {
        byte[] expected = oracle.memories.get(i).bytes;
        Memory memory = (Memory) Objects.requireNonNull(instance.export("m" + i));
        if (memory.sizeBytes() != expected.length) {
          return "memory " + i + " has " + memory.sizeBytes() + " bytes, not " + expected.length;
        }
        byte[] found = memory.copy(0, expected.length);
        int at = Arrays.mismatch(found, expected);
        if (at >= 0) {
          return "memory %d differs at %d: expected %02x, found %02x"
              .formatted(i, at, expected[at], found[at]);
        }
      }
      for (int i = 0; i < oracle.tables.size(); i++) {
        Table table = (Table) Objects.requireNonNull(instance.export("t" + i));
        List<@Nullable Object> found = new ArrayList<>();
        for (int j = 0; j < table.size(); j++) {
          found.add(table.get(j));
        }
        String expectedText = Observation.values(oracle.tables.get(i).elements);
        String foundText = Observation.values(found);
        if (!foundText.equals(expectedText)) {
          return "table " + i + " should be " + expectedText + ", is " + foundText;
        }
      }
      for (int i = 0; i < oracle.globals.size(); i += 2) {
        Global global = (Global) Objects.requireNonNull(instance.export("g" + i));
        String expectedText = Observation.value(oracle.globals.get(i).value);
        String foundText = Observation.value(global.value());
        if (!foundText.equals(expectedText)) {
          return "global " + i + " should be " + expectedText + ", is " + foundText;
        }
      }
      return null;
    }
  }

  static Object box(NumType type, long bits) {
    return switch (type) {
      case I32 -> (int) bits;
      case I64 -> bits;
      case F32 -> Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
    };
  }
}
