package dev.cloister.bench.worker;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.ValueType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// This project's engine.
final class CloisterEngine implements GuestEngine {
  private final CodeKind kind;
  private final WasmEngine engine;
  private final EngineIsolate isolate;

  private CloisterEngine(CodeKind kind) {
    this.kind = kind;
    engine = new WasmEngine(EngineConfig.defaults().withCodeKind(kind));
    isolate = engine.addIsolate("bench");
  }

  /// Serves the harness.
  ///
  /// @param args the kind of code that guests run
  public static void main(String[] args) throws InterruptedException {
    Worker.serve(new CloisterEngine(CodeKind.valueOf(args[0].toUpperCase(Locale.ROOT))));
  }

  @Override
  public String version() {
    return "Cloister, "
        + kind.name().toLowerCase(Locale.ROOT)
        + (isGraal() ? ", on the Graal compiler of Java " : ", on Java ")
        + Runtime.version();
  }

  /// Whether HotSpot's top tier is the Graal compiler.
  private static boolean isGraal() {
    // HotSpot does not start if it is not there.
    return ManagementFactory.getRuntimeMXBean()
        .getInputArguments()
        .contains("-XX:+UseJVMCICompiler");
  }

  @Override
  public Optional<String> generatedPrefix() {
    return Optional.of("dev.cloister.generated.");
  }

  @Override
  public void compileAll(byte[] wasm) {
    try (ModuleHandle module = engine.compile(isolate, wasm)) {
      module.generateAll();
    }
  }

  @Override
  public Module compile(byte[] wasm) {
    ModuleHandle module = engine.compile(isolate, wasm);
    return host -> new CloisterInstance(module, host, engine.memoryPool());
  }

  @Override
  public void validate(byte[] wasm) {
    engine.validate(wasm);
  }

  @Override
  public String special(String[] command)
      throws IOException, ExecutionException, InterruptedException {
    switch (command[0]) {
      case "stops" -> {
        try (StopTrials trials = new StopTrials(kind, Files.readAllBytes(Path.of(command[1])))) {
          int count = Integer.parseInt(command[3]);
          return switch (command[2]) {
            case "-" -> trials.noise(count);
            case "" -> trials.run(null, count);
            default -> trials.run(command[2], count);
          };
        }
      }
      case "share" -> {
        byte[] wasm = Files.readAllBytes(Path.of(command[1]));
        try (SharerTrial trial = new SharerTrial(kind, wasm, Boolean.parseBoolean(command[2]))) {
          long roundNanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(command[4]));
          return trial.run(Integer.parseInt(command[3]), roundNanos);
        }
      }
      default -> throw new IllegalArgumentException("no command " + command[0]);
    }
  }

  @Override
  public void close() {
    isolate.close();
    engine.close();
  }

  private static final class CloisterInstance implements Instance {
    private final Store store = new Store(HeapLimiter.UNLIMITED);
    private final dev.cloister.engine.runtime.Instance instance;
    private final Host host;
    private final MemoryPool pool;
    private @Nullable Memory importedMemory;

    CloisterInstance(ModuleHandle module, Host host, MemoryPool pool) {
      this.host = host;
      this.pool = pool;
      instance = module.instantiate(store, this::resolve);
    }

    private @Nullable Extern resolve(String module, String name, ExternType type) {
      return switch (type) {
        case FuncExternType function
            when function.type().composite() instanceof FuncType signature ->
            HostFunction.of(
                signature,
                (_, arguments) ->
                    boxed(
                        signature.results(),
                        host.call(module, name, bits(signature.params(), arguments))));
        case MemoryType memory -> {
          importedMemory = Memory.create(memory, HeapLimiter.UNLIMITED, pool);
          yield importedMemory;
        }
        case FuncExternType _, TagType _, GlobalType _, TableType _ -> null;
      };
    }

    @Override
    public Function function(String export) {
      FuncRef function = instance.exportedFunction(export);
      FuncType signature = function.signature();
      return arguments ->
          bits(signature.results(), function.call(boxed(signature.params(), arguments)));
    }

    @Override
    public byte[] readMemory() {
      return memory().copy(0, (int) memory().sizeBytes());
    }

    @Override
    public void writeMemory(int address, byte[] bytes) {
      memory().write(Integer.toUnsignedLong(address), bytes, 0, bytes.length);
    }

    @Override
    public void setElement(String table, int index, Object value) {
      if (!(instance.export(table) instanceof Table exported)) {
        throw new IllegalStateException("no table " + table);
      }
      exported.set(index, value);
    }

    @Override
    public void close() {
      store.close();
      Memory imported = importedMemory;
      if (imported != null) {
        imported.close();
      }
    }

    private Memory memory() {
      Memory memory = importedMemory != null ? importedMemory : instance.memory(0);
      if (memory == null) {
        throw new IllegalStateException("no memory");
      }
      return memory;
    }
  }

  private static @Nullable Object[] boxed(List<ValueType> types, long[] bits) {
    @Nullable Object[] values = new @Nullable Object[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] =
          switch (number(types.get(i))) {
            case I32 -> (int) bits[i];
            case I64 -> bits[i];
            case F32 -> Float.intBitsToFloat((int) bits[i]);
            case F64 -> Double.longBitsToDouble(bits[i]);
          };
    }
    return values;
  }

  private static long[] bits(List<ValueType> types, @Nullable Object[] values) {
    long[] bits = new long[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] =
          switch (values[i]) {
            case Integer value -> Integer.toUnsignedLong(value);
            case Long value -> value;
            case Float value -> Integer.toUnsignedLong(Float.floatToRawIntBits(value));
            case Double value -> Double.doubleToRawLongBits(value);
            case null, default ->
                throw new UnsupportedOperationException("a result of type " + types.get(i));
          };
    }
    return bits;
  }

  private static NumType number(ValueType type) {
    if (type instanceof NumType number) {
      return number;
    }
    throw new UnsupportedOperationException("an argument of type " + type);
  }
}
