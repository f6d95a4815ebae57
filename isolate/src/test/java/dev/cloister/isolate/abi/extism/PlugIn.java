package dev.cloister.isolate.abi.extism;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.isolate.abi.CallContext;
import dev.cloister.isolate.abi.ProgramModules;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.FakeClock;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.instance.GuestInstance;
import dev.cloister.isolate.instance.InstanceLimits;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.RandomSource;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A plug-in of a test: made of instructions, linked once, called as often as the test likes.
final class PlugIn implements AutoCloseable {
  static final FuncType RETURNS_CODE = new FuncType(List.of(), List.of(I32));
  static final long INSTANCE_BYTES = 4 << 20;

  private static final InstanceLimits LIMITS = new InstanceLimits(INSTANCE_BYTES, 100, 1 << 20);

  private final HeapLedger ledger = new HeapLedger(64 << 20);
  private final VariableStore variables = new VariableStore(ledger);
  private final ModuleHandle module;
  private final ExtismSettings settings;
  private final HostServices services;
  private final LogLevel level;
  private final Captured standardOutput = new Captured();
  private GuestInstance instance;
  private @Nullable ExtismFailure failure;
  private boolean isSpent;

  PlugIn(Guests guests, byte[] module, ExtismSettings settings, HostServices services) {
    this(guests, module, settings, services, LogLevel.INFO);
  }

  PlugIn(
      Guests guests,
      byte[] module,
      ExtismSettings settings,
      HostServices services,
      LogLevel level) {
    this.module = guests.compile(module);
    this.settings = settings;
    this.services = services;
    this.level = level;
    instance = newInstance();
  }

  /// One that may use nothing.
  static PlugIn of(Guests guests, byte[] module) {
    return new PlugIn(guests, module, ExtismSettings.DEFAULTS, HostServices.NONE);
  }

  /// A module that imports all functions of the table and exports `run`.
  static byte[] module(Consumer<Code> body) {
    return builder()
        .exportFunction("run", RETURNS_CODE, code -> body.accept(new Code(code)))
        .build();
  }

  /// A module that imports all functions of the table, in its order, and has a memory.
  static ModuleBuilder builder() {
    ModuleBuilder builder = new ModuleBuilder();
    for (ExtismFunction function : ExtismFunction.values()) {
      builder.importFunction(
          ExtismEnvironment.MODULE_NAME, function.functionName(), function.type());
    }
    return builder.memory(1);
  }

  /// Calls `run` with a text; returns the output as text, or what the plug-in says went wrong.
  String run(String input) {
    return call("run", input);
  }

  /// Calls an export with a text; returns the output as text.
  String call(String export, String input) {
    Captured output = new Captured();
    instance.begin(
        new CallContext(
            InputSource.EMPTY, standardOutput, standardOutput, BlockingRegion.NONE, services),
        LIMITS,
        /* fuel= */ 0);
    try {
      ExtismProgram program =
          instance.program(
              ExtismProgram.class,
              module,
              new ExtismLinker(ProgramModules.of(module), settings, variables, level, export),
              /* start= */ null);
      failure = program.call(export, input.getBytes(StandardCharsets.UTF_8), output);
      isSpent = program.isSpent();
      return failure == null ? output.text() : failure.message();
    } finally {
      instance.end();
    }
  }

  /// Goes on with a new instance of the same plug-in.
  void renew() {
    instance.close();
    instance = newInstance();
  }

  /// What the plug-in said of the call before, or null.
  @Nullable ExtismFailure failure() {
    return failure;
  }

  boolean isSpent() {
    return isSpent;
  }

  HeapLedger ledger() {
    return ledger;
  }

  VariableStore variables() {
    return variables;
  }

  String standardOutput() {
    return standardOutput.text();
  }

  @Override
  public void close() {
    instance.close();
    module.close();
    variables.close();
    if (ledger.chargedBytes() != 0) {
      throw new AssertionError("still charged: " + ledger.snapshot());
    }
  }

  private GuestInstance newInstance() {
    return new GuestInstance(ledger, LIMITS, new FakeClock(), RandomSource.secure());
  }

  /// Instructions that call functions of the host. Every function of the test returns a code.
  static final class Code {
    private final CodeBuilder code;

    Code(CodeBuilder code) {
      this.code = code;
    }

    CodeBuilder raw() {
      return code;
    }

    Code call(ExtismFunction function) {
      code.call(Arrays.asList(ExtismFunction.values()).indexOf(function));
      return this;
    }

    Code i64(long value) {
      code.i64Const(value);
      return this;
    }

    Code i32(int value) {
      code.i32Const(value);
      return this;
    }

    Code get(int local) {
      code.localGet(local);
      return this;
    }

    Code set(int local) {
      code.localSet(local);
      return this;
    }

    Code drop() {
      code.drop();
      return this;
    }

    int local() {
      return code.local(I64);
    }

    /// A new block with a text, whose handle is in the local that is returned.
    int block(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int handle = local();
      i64(bytes.length).call(ExtismFunction.ALLOC).set(handle);
      for (int i = 0; i < bytes.length; i++) {
        get(handle).i64(i);
        code.op(Opcode.I64_ADD);
        i32(bytes[i]).call(ExtismFunction.STORE_U8);
      }
      return handle;
    }

    /// Makes all of the block whose handle is on the stack the output.
    Code output() {
      int handle = local();
      set(handle);
      return get(handle).get(handle).call(ExtismFunction.LENGTH).call(ExtismFunction.OUTPUT_SET);
    }

    /// Makes the number on the stack, an i64 without its sign, the output: 20 decimal digits.
    Code outputNumber() {
      int value = local();
      int handle = local();
      int digit = local();
      set(value);
      i64(20).call(ExtismFunction.ALLOC).set(handle);
      i64(19).set(digit);
      code.loop();
      get(handle).get(digit);
      code.op(Opcode.I64_ADD);
      get(value).i64(10);
      code.op(Opcode.I64_REM_U).i64Const('0').op(Opcode.I64_ADD).op(Opcode.I32_WRAP_I64);
      call(ExtismFunction.STORE_U8);
      get(value).i64(10);
      code.op(Opcode.I64_DIV_U);
      set(value);
      get(digit).i64(1);
      code.op(Opcode.I64_SUB).localTee(digit).i64Const(0).op(Opcode.I64_GE_S).brIf(0).end();
      return get(handle).output();
    }

    /// Ends the function with a code.
    void done(int result) {
      code.i32Const(result);
    }
  }
}
