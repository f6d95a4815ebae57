package dev.cloister.engine;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Modules that several isolates use: compiled once, shared, counted, unloaded.
@Timeout(60)
final class SharingTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private final WasmEngine engine = new WasmEngine(EngineConfig.defaults());
  private final EngineIsolate first = engine.addIsolate("first");
  private final EngineIsolate second = engine.addIsolate("second");

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static byte[] module(int answer) {
    return new ModuleBuilder()
        .exportFunction("answer", TO_INT, code -> code.i32Const(answer))
        .name("answers")
        .build();
  }

  private static int answer(ModuleHandle handle) {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      return intResult(handle.instantiate(store, Imports.NONE), "answer");
    }
  }

  // Sharing and counting.

  @Test
  void sameBytes_ofTwoIsolates_areOneNativeModule() {
    ModuleHandle ours = engine.compile(first, module(1));
    ModuleHandle theirs = engine.compile(second, module(1));
    ModuleHandle other = engine.compile(second, module(2));

    assertThat(ours.nativeModule()).isSameAs(theirs.nativeModule());
    assertThat(other.nativeModule()).isNotSameAs(ours.nativeModule());
    assertThat(answer(ours)).isEqualTo(1);
    assertThat(answer(theirs)).isEqualTo(1);
    assertThat(answer(other)).isEqualTo(2);
    NativeModuleInfo info = ours.info();
    assertThat(info.isolates()).containsExactly("first", "second");
    assertThat(info.references()).isEqualTo(2);
    assertThat(info.functions()).isEqualTo(1);
    assertThat(info.hash()).isEqualTo(ours.hash());
    assertThat(info.scriptUrl())
        .isEqualTo("wasm://wasm/answers-" + ours.hash().hex().substring(0, 8));
    assertThat(other.info().isolates()).containsExactly("second");
    assertThat(engine.nativeModules()).hasSize(2).contains(info);
    EngineStatistics statistics = engine.statistics();
    assertThat(statistics.isolates()).isEqualTo(2);
    assertThat(statistics.nativeModules()).isEqualTo(2);
    assertThat(statistics.compilations()).isEqualTo(2);
    assertThat(statistics.cacheHits()).isEqualTo(1);
    assertThat(statistics.codeBytes()).isEqualTo(ours.codeBytes() + other.codeBytes());
  }

  @Test
  void streamedModule_isTheSameAsTheCompiledOne() {
    byte[] bytes = module(1);
    ModuleHandle compiled = engine.compile(first, bytes);
    StreamingCompilation streaming = engine.startStreaming(second);
    for (int i = 0; i < bytes.length; i++) {
      streaming.push(bytes, i, 1);
    }
    ModuleHandle streamed = streaming.finish();

    assertThat(streamed.nativeModule()).isSameAs(compiled.nativeModule());
    assertThat(engine.statistics().compilations()).isEqualTo(1);
    assertThatThrownBy(streaming::finish).isInstanceOf(IllegalStateException.class);
  }

  /// The caller may reuse its array.
  @Test
  void bytes_changedAfterCompile_changeNothing() {
    byte[] bytes = module(1);
    ModuleHandle handle = engine.compile(first, bytes);
    Arrays.fill(bytes, (byte) 0);

    assertThat(answer(handle)).isEqualTo(1);
    assertThat(engine.compile(second, module(1)).nativeModule()).isSameAs(handle.nativeModule());
  }

  @Test
  void handles_areCountedForEachIsolate() {
    ModuleHandle one = engine.compile(first, module(1));
    ModuleHandle two = engine.compile(first, module(1));
    ModuleHandle three = engine.compile(second, module(1));
    assertThat(three.info().references()).isEqualTo(3);

    one.close();
    one.close();
    assertThat(three.info().isolates()).containsExactly("first", "second");
    assertThat(three.info().references()).isEqualTo(2);
    two.close();
    assertThat(three.info().isolates()).containsExactly("second");
    assertThat(answer(three)).isEqualTo(1);
    three.close();
    assertThat(engine.nativeModules()).isEmpty();

    // As long as the collector has not come, it is there all the same.
    ModuleHandle next = engine.compile(first, module(1));
    assertThat(next.nativeModule()).isSameAs(one.nativeModule());
    assertThat(next.info().references()).isEqualTo(1);
  }

  @Test
  void isolate_removedWithOpenHandles_returnsThemAll() {
    ModuleHandle shared = engine.compile(second, module(1));
    ModuleHandle handle = engine.compile(first, module(1));
    engine.compile(first, module(1));
    engine.compile(first, module(2));

    first.close();
    first.close();
    handle.close();

    assertThat(engine.statistics().isolates()).isEqualTo(1);
    assertThat(engine.nativeModules()).hasSize(1);
    assertThat(shared.info().references()).isEqualTo(1);
    assertThat(shared.info().isolates()).containsExactly("second");
    assertThatThrownBy(() -> engine.compile(first, module(1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(shared.info().references()).isEqualTo(1);
  }

  // Single flight.

  private static <T> List<Future<T>> together(
      ExecutorService executor, int count, Callable<T> task) {
    CountDownLatch ready = new CountDownLatch(count);
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      futures.add(
          executor.submit(() -> {
            ready.countDown();
            assertThat(ready.await(30, TimeUnit.SECONDS)).isTrue();
            return task.call();
          }));
    }
    return futures;
  }

  @Test
  void manyThreads_compileOnce() throws Exception {
    int count = 12;
    try (ExecutorService executor = Executors.newFixedThreadPool(count)) {
      for (int round = 0; round < 20; round++) {
        int answer = round;
        Set<NativeModule> modules = ConcurrentHashMap.newKeySet();
        List<ModuleHandle> handles = new ArrayList<>();
        for (Future<ModuleHandle> future :
            together(executor, count, () -> engine.compile(first, module(answer)))) {
          ModuleHandle handle = future.get();
          handles.add(handle);
          modules.add(handle.nativeModule());
        }
        assertThat(modules).hasSize(1);
        assertThat(handles.getFirst().info().references()).isEqualTo(count);
        assertThat(engine.statistics().compilations()).isEqualTo(round + 1);
        handles.forEach(ModuleHandle::close);
        assertThat(engine.nativeModules()).isEmpty();
      }
    }
  }

  @Test
  void invalidModule_failsTheSameEachTimeAndLeavesNothing() {
    byte[] invalid = new ModuleBuilder().exportFunction("answer", TO_INT, code -> {}).build();
    byte[] malformed = new byte[] {0, 'a', 's', 'm', 2, 0, 0, 0};
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> engine.compile(first, invalid))
          .isInstanceOf(InvalidModuleException.class);
      assertThatThrownBy(() -> engine.compile(second, malformed))
          .isInstanceOf(MalformedException.class);
    }
    assertThat(engine.nativeModules()).isEmpty();
    assertThat(engine.statistics().compilations()).isZero();
  }

  // Unloading.

  /// References to the loaders of a module and of its image, once nothing else is held.
  private List<WeakReference<ClassLoader>> useAndClose() {
    List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    ModuleBuilder builder =
        new ModuleBuilder()
            .exportFunction(
                "answer", TO_INT, code -> code.i32Const(3).i32Const(0).callIndirect(INT, 0))
            .function(
                INT,
                code -> {
                  int i = code.local(I32);
                  code.loop().localGet(i).i32Const(1).i32Add().localTee(i);
                  code.i32Const(1000).op(Opcode.I32_NE).brIf(0).end();
                  code.localGet(0).access(Opcode.I32_LOAD, 0);
                })
            .table(new TableType(RefType.FUNCREF, Limits.of(1)))
            .elements(0, 0, 1)
            .memory(1);
    ModuleHandle ours = engine.compile(first, builder.build());
    ModuleHandle theirs = engine.compile(second, builder.build());
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = ours.instantiate(store, Imports.NONE);
      for (int i = 0; i < 100; i++) {
        assertThat(result(instance, "answer")).isEqualTo(0);
      }
      loaders.add(new WeakReference<>(instance.getClass().getClassLoader()));
      loaders.add(
          new WeakReference<>(
              ours.nativeModule().currentImage().entry().getClass().getClassLoader()));
      loaders.add(
          new WeakReference<>(
              instance.exportedFunction("answer").getClass().getSuperclass().getClassLoader()));
    }
    ours.close();
    theirs.close();
    return loaders;
  }

  @Test
  void module_withoutHandlesAndInstances_isUnloaded() throws InterruptedException {
    List<WeakReference<ClassLoader>> loaders = useAndClose();

    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (loaders.stream().anyMatch(loader -> !loader.refersTo(null)) && System.nanoTime() < end) {
      System.gc();
      Thread.sleep(20);
    }

    assertThat(loaders).allMatch(loader -> loader.refersTo(null));
  }

  @Test
  void instance_outlivesTheHandle() {
    ModuleHandle handle = engine.compile(first, module(8));
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = handle.instantiate(store, Imports.NONE);
      handle.close();
      System.gc();
      assertThat(result(instance, "answer")).isEqualTo(8);
    }
  }

  // No state is carried from one instance to the next.

  @Test
  void instances_ofOneModule_startAlike() {
    byte[] module =
        new ModuleBuilder()
            .exportFunction(
                "state",
                TO_INT,
                code -> {
                  code.op(Opcode.MEMORY_SIZE, 0).i32Const(10).op(Opcode.I32_MUL);
                  code.op(Opcode.TABLE_SIZE, 0).i32Add();
                  code.i32Const(1000).op(Opcode.I32_MUL).globalGet(0).i32Add();
                  code.i32Const(0).access(Opcode.I32_LOAD, 0).i32Add();
                })
            .exportFunction(
                "change",
                VOID,
                code -> {
                  code.i32Const(2).op(Opcode.MEMORY_GROW, 0).drop();
                  code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC);
                  code.i32Const(3).op(Opcode.TABLE_GROW, 0).drop();
                  code.i32Const(77).globalSet(0);
                  code.i32Const(0).i32Const(88).access(Opcode.I32_STORE, 0);
                  code.i32Const(0).i32Const(0).i32Const(4).op(Opcode.MEMORY_INIT, 1, 0);
                  code.op(Opcode.DATA_DROP, 1);
                  code.i32Const(0).i32Const(0).i32Const(1).op(Opcode.TABLE_INIT, 0, 0);
                  code.op(Opcode.ELEM_DROP, 0);
                })
            .memory(1)
            .data(0, new byte[] {5, 0, 0, 0})
            .passiveData(new byte[] {1, 2, 3, 4})
            .table(new TableType(RefType.FUNCREF, Limits.of(2)))
            .elements(Mode.PASSIVE, 0)
            .global(new GlobalType(I32, true), code -> code.i32Const(6))
            .build();
    ModuleHandle handle = engine.compile(first, module);
    for (int i = 0; i < 3; i++) {
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        Instance instance = handle.instantiate(store, Imports.NONE);
        assertThat(result(instance, "state")).as("instance %s", i).isEqualTo(12_011);
        call(instance, "change");
        assertThat(result(instance, "state")).isEqualTo((30 + 5) * 1000 + 77 + 0x04030201);
        // The segments are dropped for this instance only.
        assertThatThrownBy(() -> call(instance, "change")).isInstanceOf(TrapException.class);
      }
    }
  }
}
