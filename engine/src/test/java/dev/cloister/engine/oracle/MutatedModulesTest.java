package dev.cloister.engine.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.StreamingCompilation;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.decode.StreamingDecoder;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.Mutator;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.runtime.Tag;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Damaged modules are refused or run, whatever was done to them.
///
/// Strategy: damage random modules, and those of the test suite where it is there. Decode and
/// validate the result; if it is valid, compile all of it, link it to whatever it imports and call
/// its exports. Invariants: only the engine's own errors come out; the same text with every
/// chunking; no module takes long, or memory out of proportion to its size. A module that breaks
/// one is printed. `-Dmutation.seconds=N` makes the test longer.
final class MutatedModulesTest {
  private static final long SECONDS = Long.getLong("mutation.seconds", 8);
  private static final WasmLimits LIMITS = WasmLimits.defaults();

  /// What decoding may allocate: for its own buffers, and for each byte of the module.
  private static final long ALLOCATED_BYTES = 4 << 20;

  private static final long ALLOCATED_PER_BYTE = 600;

  /// Longer than any of these small modules should take on a busy machine.
  private static final long MOST_MILLIS = 60_000;

  private static final long CALL_MILLIS = 50;
  private static final long HEAP_BYTES = 32 << 20;

  private final TestEngine engine = new TestEngine(EngineConfig.defaults());
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @AfterEach
  void close() {
    timer.shutdownNow();
    engine.close();
  }

  @Test
  void generatedModules_thatAreDamaged_areRefusedOrRun() {
    List<byte[]> seeds = new ArrayList<>();
    for (long seed = 0; seed < 40; seed++) {
      seeds.add(Programs.make(seed, WasmFeatures.ALL, /* isLarge= */ false).module().build());
      seeds.add(Programs.small(seed).build());
    }
    run(seeds);
  }

  @Test
  void modulesOfTheTestSuite_thatAreDamaged_areRefusedOrRun() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Corpora.require("spec-testsuite"))) {
      List<Path> modules =
          files.filter(file -> file.toString().endsWith(".wasm")).sorted().toList();
      for (Path module : modules) {
        if (Files.size(module) < 4_000) {
          seeds.add(Files.readAllBytes(module));
        }
      }
    }
    run(seeds);
  }

  private void run(List<byte[]> seeds) {
    Random random = Seed.random();
    Mutator mutator = new Mutator(random, seeds);
    long end = System.nanoTime() + SECONDS * 1_000_000_000L / 2;
    int modules = 0;
    int valid = 0;
    while (System.nanoTime() < end) {
      byte[] module = mutator.next();
      try {
        valid += check(module, random) ? 1 : 0;
      } catch (RuntimeException | Error e) {
        throw new AssertionError(Base64.getEncoder().encodeToString(module), e);
      }
      modules++;
    }
    System.out.println(modules + " modules, " + valid + " valid");
    assertThat(valid).isBetween(1, modules - 1);
  }

  /// @return whether it is valid
  private boolean check(byte[] bytes, Random random) {
    long start = System.nanoTime();
    long allocated = threads.getCurrentThreadAllocatedBytes();
    String verdict = decode(bytes);
    allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    assertThat(allocated)
        .as("bytes allocated for %d bytes", bytes.length)
        .isLessThan(ALLOCATED_BYTES + ALLOCATED_PER_BYTE * bytes.length);
    assertThat(stream(bytes, random)).isEqualTo(verdict);
    assertThat(streamToEngine(bytes, random)).isEqualTo(giveToEngine(bytes));
    boolean isValid = verdict.equals("valid");
    if (isValid) {
      execute(bytes);
    }
    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(MOST_MILLIS);
    return isValid;
  }

  private static String decode(byte[] bytes) {
    try {
      ModuleDecoder.decode(bytes, WasmFeatures.ALL, LIMITS);
      return "valid";
    } catch (WasmException e) {
      return e.toString();
    }
  }

  private static String stream(byte[] bytes, Random random) {
    StreamingDecoder decoder = new StreamingDecoder(WasmFeatures.ALL, LIMITS);
    int most = 1 + random.nextInt(1 + bytes.length / 2);
    try {
      for (int at = 0; at < bytes.length; ) {
        int size = Math.min(1 + random.nextInt(most), bytes.length - at);
        decoder.push(bytes, at, size);
        at += size;
      }
      decoder.finish();
      return "valid";
    } catch (WasmException e) {
      return e.toString();
    }
  }

  private String giveToEngine(byte[] bytes) {
    try {
      engine.engine().validate(bytes);
      engine.engine().compile(engine.isolate(), bytes).close();
      return "valid";
    } catch (WasmException e) {
      return e.toString();
    }
  }

  private String streamToEngine(byte[] bytes, Random random) {
    StreamingCompilation compilation = engine.engine().startStreaming(engine.isolate());
    try {
      for (int at = 0; at < bytes.length; ) {
        int size = Math.min(1 + random.nextInt(100), bytes.length - at);
        compilation.push(bytes, at, size);
        at += size;
      }
      compilation.finish().close();
      return "valid";
    } catch (WasmException e) {
      compilation.abort();
      return e.toString();
    }
  }

  private void execute(byte[] bytes) {
    CountingLimiter limiter = new CountingLimiter(HEAP_BYTES);
    try (ModuleHandle handle = engine.engine().compile(engine.isolate(), bytes);
        Store store = new Store(limiter)) {
      handle.generateAll();
      Future<?> stop =
          timer.schedule(
              () -> store.requestStop(StopReason.CANCELLED), CALL_MILLIS, TimeUnit.MILLISECONDS);
      try {
        Instance instance = handle.instantiate(store, (_, _, type) -> anything(type, limiter));
        callAll(handle.module(), instance);
      } finally {
        stop.cancel(false);
      }
    } catch (WasmException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  private static void callAll(WasmModule module, Instance instance) {
    for (Export export : module.exports()) {
      if (export.kind() != ExternKind.FUNCTION) {
        continue;
      }
      FuncRef function = instance.exportedFunction(export.name());
      List<ValueType> params = function.signature().params();
      if (params.stream().allMatch(ValueType::isDefaultable)) {
        try {
          function.call(params.stream().map(MutatedModulesTest::zero).toArray());
        } catch (WasmException e) {
          assertThat(e.getMessage()).isNotEmpty();
        }
      }
    }
  }

  private static @Nullable Object zero(ValueType type) {
    return switch (type) {
      case NumType number ->
          switch (number) {
            case I32 -> 0;
            case I64 -> 0L;
            case F32 -> 0f;
            case F64 -> 0d;
          };
      case VecType _ -> new V128(0, 0);
      case RefType _ -> null;
    };
  }

  /// Makes what a module wants to import, or null where there is no such value.
  private static @Nullable Extern anything(ExternType type, CountingLimiter limiter) {
    return switch (type) {
      case FuncExternType function -> {
        FuncType signature = (FuncType) function.type().composite();
        yield signature.results().stream().allMatch(ValueType::isDefaultable)
            ? HostFunction.of(
                signature,
                (_, _) -> signature.results().stream().map(MutatedModulesTest::zero).toArray())
            : null;
      }
      case TableType table ->
          table.element().nullable() ? Table.create(table, null, limiter) : null;
      case MemoryType memory -> Memory.create(memory, limiter);
      case GlobalType global ->
          global.valueType().isDefaultable()
              ? Global.create(global, zero(global.valueType()))
              : null;
      case TagType tag -> new Tag(tag);
    };
  }
}
