package dev.cloister.bench.micro;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What it costs to cross the boundary between host and guest, and to make an instance.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class BoundaryBenchmark {
  /// One page of memory; function `add` of two i32; function `host` that calls the imported `e.f`
  /// of type `[i32] -> [i32]` a thousand times.
  private static final byte[] MODULE =
      HexFormat.ofDelimiter(" ")
          .parseHex(
              "00 61 73 6d 01 00 00 00"
                  + " 01 0c 02 60 01 7f 01 7f 60 02 7f 7f 01 7f"
                  + " 02 07 01 01 65 01 66 00 00"
                  + " 03 03 02 01 00"
                  + " 05 03 01 00 01"
                  + " 07 17 03 03 61 64 64 00 01 04 68 6f 73 74 00 02"
                  + " 06 6d 65 6d 6f 72 79 02 00"
                  + " 0a 1f 02 07 00 20 00 20 01 6a 0b"
                  + " 15 00 03 40 20 00 10 00 1a 20 00 41 01 6b 22 00 0d 00 0b 41 00 0b");

  private static final FuncType UNARY = new FuncType(List.of(NumType.I32), List.of(NumType.I32));

  private final WasmEngine engine = new WasmEngine(EngineConfig.defaults());
  private final EngineIsolate isolate = engine.addIsolate("micro");
  private final ModuleHandle module = engine.compile(isolate, MODULE);
  private final Imports imports = Imports.builder().define("e", "f", host()).build();
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final Instance instance = module.instantiate(store, imports);
  private final Memory memory = Objects.requireNonNull(instance.memory(0));
  private FuncRef add = instance.exportedFunction("add");
  private FuncRef host = instance.exportedFunction("host");
  private byte[] buffer = new byte[4096];

  private static HostFunction host() {
    try {
      MethodHandle target =
          MethodHandles.lookup()
              .findStatic(
                  BoundaryBenchmark.class,
                  "increment",
                  MethodType.methodType(int.class, Instance.class, int.class));
      return HostFunction.of(UNARY, target);
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError("increment cannot be found", impossible);
    }
  }

  static int increment(Instance caller, int value) {
    return value + 1;
  }

  /// Checks the module.
  @Setup
  public void check() {
    if (!Objects.equals(add.call(2, 3)[0], 5)) {
      throw new IllegalStateException("add is wrong");
    }
  }

  /// Ends the engine.
  @TearDown
  public void close() {
    store.close();
    isolate.close();
    engine.close();
  }

  /// A call of an export from Java, with boxed values.
  @Benchmark
  public @Nullable Object[] callOfAnExport() {
    return add.call(2, 3);
  }

  /// A thousand calls of a host function by a guest.
  @Benchmark
  public @Nullable Object[] thousandCallsOfTheHost() {
    return host.call(1000);
  }

  /// Four KiB from the guest's memory.
  @Benchmark
  public byte[] readOfFourKibibytes() {
    memory.read(0, buffer, 0, buffer.length);
    return buffer;
  }

  /// An instance of a compiled module, in a store of its own.
  @Benchmark
  public Instance instantiation() {
    return module.instantiate(new Store(HeapLimiter.UNLIMITED), imports);
  }
}
