package dev.cloister.engine;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.logging.CodeCreated;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The code log of isolates: what is told, to whom, and what is left when it is switched off.
final class CodeLogTest {
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final WasmEngine engine = new WasmEngine(EngineConfig.defaults());
  private final EngineIsolate isolate = engine.addIsolate("acme");
  private final Events events = new Events();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// What was told, in the order of arrival.
  private static final class Events implements CodeLogListener {
    final LinkedBlockingQueue<CodeCreated> all = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<CodeCreated> wrappers = new LinkedBlockingQueue<>();
    final AtomicLong lost = new AtomicLong();

    @Override
    public void codeCreated(CodeCreated event) {
      (event.scriptId() == CodeCreated.NO_SCRIPT ? wrappers : all).add(event);
    }

    @Override
    public void codeLost(long functions) {
      lost.addAndGet(functions);
    }

    List<Integer> functions() {
      return all.stream().map(CodeCreated::functionIndex).distinct().sorted().toList();
    }

    void awaitFunctions(Integer... expected) {
      await(() -> functions().equals(List.of(expected)));
    }
  }

  /// Tells nobody until it is opened.
  private static final class Gate implements CodeLogListener {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch opened = new CountDownLatch(1);

    @Override
    public void codeCreated(CodeCreated event) {
      if (event.scriptId() == CodeCreated.NO_SCRIPT) {
        return; // Told where an instance is made, also on the thread of the test.
      }
      reached.countDown();
      try {
        opened.await();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  /// Functions that are each in a chunk of their own, `f` followed by the index.
  private static ModuleBuilder functions(int count) {
    ModuleBuilder module = new ModuleBuilder().name("app");
    for (int i = 0; i < count; i++) {
      int result = i;
      module.exportFunction(
          "f" + i,
          TO_INT,
          code -> {
            for (int n = 0; n < 400; n++) {
              code.i32Const(n).drop();
            }
            code.i32Const(result);
          });
      module.nameFunction(i, "name" + i);
    }
    return module;
  }

  private static Instance instance(ModuleHandle module) {
    return module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
  }

  private static void call(Instance instance, int function) {
    assertThat(instance.exportedFunction("f" + function).call()).containsExactly(function);
  }

  @Test
  void code_definedWhileOn_isTold() {
    isolate.startCodeLog(events);
    ModuleHandle module = engine.compile(isolate, functions(3).build());
    Instance instance = instance(module);
    assertThat(events.all).isEmpty();
    call(instance, 1);
    await(() -> !events.all.isEmpty());
    assertThat(events.functions()).contains(1);
    CodeCreated event =
        events.all.stream().filter(e -> e.functionIndex() == 1).findFirst().orElseThrow();
    assertThat(event.isolate()).isEqualTo("acme");
    assertThat(event.scriptId()).isEqualTo(module.script().id());
    assertThat(event.scriptUrl()).isEqualTo(module.scriptUrl());
    assertThat(event.functionName()).isEqualTo("name1");
    assertThat(event.tier()).isEqualTo(module.codeKind().label());
    assertThat(event.bytes()).isPositive();
    assertThat(event.offset()).isEqualTo(module.module().bodyOffset(1) + 1);
    assertThat(event.source()).isNull();
  }

  @Test
  void code_fromBefore_isToldWhenSwitchedOn() {
    ModuleHandle module = engine.compile(isolate, functions(3).build());
    module.generateAll();
    assertThat(isolate.isLoggingCode()).isFalse();
    isolate.startCodeLog(events);
    assertThat(isolate.isLoggingCode()).isTrue();
    assertThat(events.functions()).containsExactly(0, 1, 2);
  }

  @Test
  void code_ofSharedModule_isToldWhenLinked() {
    EngineIsolate other = engine.addIsolate("other");
    engine.compile(other, functions(2).build()).generateAll();
    isolate.startCodeLog(events);
    assertThat(events.all).isEmpty();
    ModuleHandle module = engine.compile(isolate, functions(2).build());
    assertThat(events.functions()).containsExactly(0, 1);
    assertThat(events.all.peek().scriptId()).isEqualTo(module.script().id());
  }

  @Test
  void code_withALongName_isToldWithAPartOfIt() {
    String name = "n".repeat(CodeCreated.MAX_NAME_CHARS + 1);
    isolate.startCodeLog(events);
    engine.compile(isolate, functions(1).nameFunction(0, name).build()).generateAll();
    await(() -> !events.all.isEmpty());
    assertThat(events.all.element().functionName()).isEqualTo(name.substring(1));
  }

  @Test
  void code_whileOff_isNotTold() {
    ModuleHandle module = engine.compile(isolate, functions(3).build());
    isolate.startCodeLog(events);
    isolate.stopCodeLog();
    isolate.stopCodeLog();
    module.generateAll();
    assertThat(events.all).isEmpty();
    isolate.startCodeLog(events);
    events.awaitFunctions(0, 1, 2);
  }

  @Test
  void code_ofOthers_isNotTold() {
    EngineIsolate other = engine.addIsolate("other");
    Events others = new Events();
    ModuleHandle shared = engine.compile(isolate, functions(2).build());
    engine.compile(other, functions(2).build());
    engine.compile(isolate, functions(3).build()).generateAll();
    other.startCodeLog(others);
    assertThat(engine.codeLogger().observedModuleCount()).isEqualTo(1);
    shared.generateAll();
    others.awaitFunctions(0, 1);
    assertThat(others.all).extracting(CodeCreated::isolate).containsOnly("other");
    assertThat(events.all).isEmpty();
  }

  @Test
  void modules_areObservedExactlyWhileAnyUserLogs() {
    EngineIsolate other = engine.addIsolate("other");
    ModuleHandle first = engine.compile(isolate, functions(1).build());
    ModuleHandle second = engine.compile(other, functions(1).build());
    assertObserved(first, 0);
    isolate.startCodeLog(events);
    assertObserved(first, 1);
    other.startCodeLog(new Events());
    assertObserved(first, 1, 2);
    isolate.startCodeLog(events);
    isolate.stopCodeLog();
    assertObserved(first, 2);
    ModuleHandle again = engine.compile(other, functions(1).build());
    second.close();
    assertObserved(first, 2);
    again.close();
    assertObserved(first, 0);
    ModuleHandle third = engine.compile(other, functions(1).build());
    assertThat(third.info().loggingIsolates()).containsExactly("other");
    other.close();
    assertObserved(first, 0);
    assertThat(other.startCodeLog(events)).isFalse();
    assertThat(other.isLoggingCode()).isFalse();
  }

  /// @param isolates 1 for `acme`, 2 for `other`
  private void assertObserved(ModuleHandle module, int... isolates) {
    List<String> names = new ArrayList<>();
    for (int number : isolates) {
      if (number > 0) {
        names.add(number == 1 ? "acme" : "other");
      }
    }
    assertThat(module.info().loggingIsolates()).containsExactlyElementsOf(names);
    assertThat(engine.codeLogger().observedModuleCount()).isEqualTo(names.isEmpty() ? 0 : 1);
    assertThat(engine.codeLogger().isObserved(module.nativeModule())).isEqualTo(!names.isEmpty());
  }

  @Test
  void queue_isToldOfAtTheNextCall_whereTheLogsThreadIsBusy() throws InterruptedException {
    EngineIsolate busy = engine.addIsolate("busy");
    Gate gate = new Gate();
    busy.startCodeLog(gate);
    instanceAndCall(busy, functions(2));
    gate.reached.await();

    isolate.startCodeLog(events);
    Instance instance = instance(engine.compile(isolate, functions(2).name("mine").build()));
    call(instance, 0);
    assertThat(isolate.codeLog().queuedChunks()).isPositive();
    assertThat(events.all).isEmpty();
    call(instance, 0);
    assertThat(isolate.codeLog().queuedChunks()).isZero();
    assertThat(events.functions()).contains(0);
    gate.opened.countDown();
  }

  private void instanceAndCall(EngineIsolate owner, ModuleBuilder module) {
    call(instance(engine.compile(owner, module.build())), 0);
  }

  @Test
  void queue_isDroppedWithItsIsolate() throws InterruptedException {
    EngineIsolate dying = engine.addIsolate("dying");
    Gate gate = new Gate();
    EngineIsolate busy = engine.addIsolate("busy");
    busy.startCodeLog(gate);
    instanceAndCall(busy, functions(1));
    gate.reached.await();

    dying.startCodeLog(events);
    WeakReference<Object> module = queueSomething(dying);
    assertThat(dying.codeLog().queuedChunks()).isPositive();
    dying.close();
    assertThat(dying.codeLog().queuedChunks()).isZero();
    await(() -> {
      System.gc();
      return module.refersTo(null);
    });
    gate.opened.countDown();
    assertThat(events.all).isEmpty();
  }

  private WeakReference<Object> queueSomething(EngineIsolate owner) {
    ModuleHandle module = engine.compile(owner, functions(3).name("gone").build());
    module.generateAll();
    return new WeakReference<>(module.nativeModule());
  }

  @Test
  void queue_thatIsFull_countsWhatIsLost() throws InterruptedException {
    EngineIsolate busy = engine.addIsolate("busy");
    Gate gate = new Gate();
    busy.startCodeLog(gate);
    instanceAndCall(busy, functions(1));
    gate.reached.await();

    ModuleBuilder module = functions(6_000).name("large");
    isolate.startCodeLog(events);
    ModuleHandle large = engine.compile(isolate, module.build());
    assertThat(large.info().chunks()).isGreaterThan(5_000);
    large.generateAll();
    gate.opened.countDown();
    await(() -> events.lost.get() > 0);
    assertThat(events.functions().size() + events.lost.get()).isEqualTo(6_000);
  }

  @Test
  void wrappers_areToldToAllWhoLog_alsoWithoutModules() {
    EngineIsolate idle = engine.addIsolate("idle");
    Events idleEvents = new Events();
    idle.startCodeLog(idleEvents);
    callHost(FuncType.EMPTY);
    await(() -> kinds(idleEvents).contains("import-wrapper"));
    CodeCreated wrapper =
        idleEvents.wrappers.stream()
            .filter(event -> event.tier().equals("import-wrapper"))
            .findFirst()
            .orElseThrow();
    assertThat(wrapper.scriptUrl()).isEmpty();
    assertThat(wrapper.functionIndex()).isEqualTo(-1);
    assertThat(wrapper.functionName()).isEqualTo("()");
    assertThat(wrapper.bytes()).isPositive();
    assertThat(idleEvents.all).isEmpty();

    isolate.startCodeLog(events);
    assertThat(kinds(events)).as("from before").contains("import-wrapper", "export-wrapper");
    idle.stopCodeLog();
    int told = idleEvents.wrappers.size();
    callHost(new FuncType(List.of(I32, I32, I32), List.of()));
    await(() -> kinds(events).stream().filter("import-wrapper"::equals).count() > 1);
    assertThat(idleEvents.wrappers).hasSize(told);
  }

  private static List<String> kinds(Events told) {
    return told.wrappers.stream().map(CodeCreated::tier).toList();
  }

  /// Has a new isolate call a host function.
  private void callHost(FuncType type) {
    ModuleBuilder module = new ModuleBuilder().importFunction("host", "f", type);
    module.exportFunction(
        "run",
        FuncType.EMPTY,
        code -> {
          type.params().forEach(_ -> code.i32Const(1));
          code.call(0);
        });
    HostFunction host = HostFunction.of(type, (_, _) -> new Object[0]);
    engine
        .compile(engine.addIsolate("caller"), module.build())
        .instantiate(
            new Store(HeapLimiter.UNLIMITED), Imports.builder().define("host", "f", host).build())
        .exportedFunction("run")
        .call();
  }

  @Test
  void wrappers_areCountedByTheModulesThatUseThem() {
    long misses = useWrappers();
    assertThat(engine.wrapperStatistics().references()).isZero();
    assertThat(engine.wrapperStatistics().used()).isZero();
    await(() -> {
      System.gc();
      return engine.wrapperStatistics().signatures() == 0;
    });
    assertThat(engine.wrapperStatistics().unloaded()).isEqualTo(misses);
  }

  /// @return how many shapes were not there
  private long useWrappers() {
    WrapperStatistics before = engine.wrapperStatistics();
    ModuleHandle first = engine.compile(isolate, functions(2).build());
    WrapperStatistics one = engine.wrapperStatistics();
    assertThat(one.misses()).isEqualTo(before.misses() + 1);
    assertThat(one.used()).isEqualTo(1);
    assertThat(one.references()).isEqualTo(1);
    ModuleHandle same = engine.compile(engine.addIsolate("other"), functions(2).build());
    assertThat(engine.wrapperStatistics().references()).as("the same module").isEqualTo(1);
    ModuleHandle second = engine.compile(isolate, functions(3).build());
    WrapperStatistics two = engine.wrapperStatistics();
    assertThat(two.misses()).isEqualTo(one.misses());
    assertThat(two.hits()).isEqualTo(one.hits() + 1);
    assertThat(two.references()).isEqualTo(2);
    first.close();
    assertThat(engine.wrapperStatistics().references()).isEqualTo(2);
    same.close();
    assertThat(engine.wrapperStatistics().references()).isEqualTo(1);
    second.close();
    return two.misses();
  }

  @Test
  void listener_thatThrows_harmsNobody() {
    isolate.startCodeLog(event -> {
      events.codeCreated(event);
      throw new IllegalStateException("listener");
    });
    ModuleHandle module = engine.compile(isolate, functions(2).build());
    call(instance(module), 0);
    call(instance(module), 1);
    events.awaitFunctions(0, 1);
  }

  @Test
  void code_ofModuleWithLines_saysWhere() throws IOException {
    byte[] example =
        Files.readAllBytes(
            Path.of(
                System.getProperty("project.root", ".."), "examples", "average", "average.wasm"));
    engine.compile(isolate, example).generateAll();
    isolate.startCodeLog(events);
    assertThat(events.all)
        .filteredOn(event -> "divide".equals(event.functionName()))
        .extracting(CodeCreated::source)
        .containsOnly(new SourcePosition("average.c", 8, 14));
  }

  @Test
  void code_isInFlightRecordings(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("code.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("cloister.CodeCreated");
      recording.start();
      engine.compile(isolate, functions(2).build()).generateAll();
      isolate.startCodeLog(events);
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> recorded =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getInt("scriptId") != CodeCreated.NO_SCRIPT)
            .toList();
    assertThat(recorded).hasSize(2);
    RecordedEvent first = recorded.getFirst();
    assertThat(first.getString("isolate")).isEqualTo("acme");
    assertThat(first.getString("functionName")).isEqualTo("name0");
    assertThat(first.getString("script")).startsWith("wasm://wasm/app-");
    assertThat(first.getInt("bytes")).isPositive();
  }

  @Test
  void logs_ofManyThreads_areLeftAsTheyAre() throws Exception {
    Random seeds = Seed.random();
    List<WeakReference<Object>> modules = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<WeakReference<Object>>> futures = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        Random random = new Random(seeds.nextLong());
        futures.add(threads.submit(() -> useAtRandom(random)));
      }
      for (Future<WeakReference<Object>> future : futures) {
        modules.add(future.get());
      }
    }
    assertThat(engine.codeLogger().observedModuleCount()).isZero();
    await(() -> {
      System.gc();
      return modules.stream().allMatch(module -> module.refersTo(null));
    });
  }

  private WeakReference<Object> useAtRandom(Random random) {
    WeakReference<Object> last = new WeakReference<>(null);
    for (int round = 0; round < 60; round++) {
      try (EngineIsolate used = engine.addIsolate("used")) {
        for (int step = 0; step < 12; step++) {
          switch (random.nextInt(4)) {
            case 0 -> used.startCodeLog(events);
            case 1 -> used.stopCodeLog();
            default -> {
              ModuleHandle module = engine.compile(used, functions(1 + random.nextInt(3)).build());
              call(instance(module), 0);
              last = new WeakReference<>(module.nativeModule());
              if (random.nextBoolean()) {
                module.close();
              }
            }
          }
          assertThat(used.isLoggingCode() || used.codeLog().queuedChunks() == 0).isTrue();
        }
      }
    }
    return last;
  }
}
