package dev.cloister.engine;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cloister.engine.NativeModuleInfo.ImageInfo;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Isolates whose guests have to be stopped again and again run code whose stops nobody else
/// notices.
@Timeout(60)
final class QuarantineTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  /// Nothing is forgotten while the test runs, and armings are not what limits it.
  private static final StopPolicy POLICY =
      new StopPolicy(
          TimeUnit.MILLISECONDS.toNanos(1),
          StopPolicy.MAX_EVENTS,
          TimeUnit.MILLISECONDS.toNanos(1),
          3,
          TimeUnit.DAYS.toNanos(1));

  private final WasmEngine engine = engine(CodeKind.BASELINE);

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static WasmEngine engine(CodeKind kind) {
    return new WasmEngine(EngineConfig.defaults().withCodeKind(kind).withStops(POLICY));
  }

  /// `spin` sets the memory's first byte and never ends.
  private static byte[] module() {
    return new ModuleBuilder()
        .memory(1)
        .exportFunction(
            "spin",
            VOID,
            code -> code.loop().i32Const(0).i32Const(1).access(Opcode.I32_STORE8, 0).br(0).end())
        .exportFunction("next", INT, code -> code.localGet(0).i32Const(1).i32Add())
        .build();
  }

  /// Lets a new instance spin and stops it.
  private static void spinAndStop(ModuleHandle module) {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = module.instantiate(store, Imports.NONE);
      CompletableFuture<Throwable> end = new CompletableFuture<>();
      Thread.ofPlatform()
          .daemon()
          .start(() -> end.complete(catchThrowable(() -> call(instance, "spin"))));
      while (memory(instance).getByte(0) == 0) {
        Thread.onSpinWait();
      }
      store.requestStop(StopReason.DEADLINE);
      assertThat(end.orTimeout(30, TimeUnit.SECONDS).join()).isInstanceOf(StoppedException.class);
    }
  }

  private Stopper.Figures figures() {
    return engine.statistics().stops();
  }

  @Test
  void isolateWithManyStops_runsCodeThatPolls_alone() {
    EngineIsolate restless = engine.addIsolate("restless");
    ModuleHandle module = engine.compile(restless, module());
    ModuleHandle shared = engine.compile(engine.addIsolate("calm"), module());
    for (int i = 0; i < 3; i++) {
      assertThat(module.isQuarantined()).isFalse();
      spinAndStop(module);
    }
    // A module that is still armed for the stop before is not armed again.
    long armings = figures().armings();
    assertThat(armings).isBetween(1L, 3L);
    assertThat(figures().polledInstances()).isZero();
    assertThat(module.isQuarantined()).isTrue();
    assertThat(shared.isQuarantined()).isFalse();

    for (int i = 0; i < 20; i++) {
      spinAndStop(module);
    }

    assertThat(figures().stops()).isEqualTo(23);
    assertThat(figures().armings()).isEqualTo(armings);
    assertThat(figures().polledInstances()).isEqualTo(20);
    assertThat(module.codeKind()).isEqualTo(CodeKind.BASELINE);
    assertThat(module.info().images())
        .extracting(ImageInfo::tier)
        .containsExactly("baseline", "polled");
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance calm = shared.instantiate(store, Imports.NONE);
      assertThat(intResult(calm, "next", 41)).isEqualTo(42);
      Instance quarantined = module.instantiate(store, Imports.NONE);
      assertThat(intResult(quarantined, "next", 41)).isEqualTo(42);
    }
    assertThat(figures().polledInstances()).isEqualTo(21);
  }

  /// The history is that of an isolate and a module, however often it is uploaded.
  @Test
  void quarantine_isOfOneIsolateAndModule_andOutlivesHandles() {
    EngineIsolate restless = engine.addIsolate("restless");
    for (int i = 0; i < 3; i++) {
      try (ModuleHandle module = engine.compile(restless, module())) {
        spinAndStop(module);
      }
    }
    ModuleHandle again = engine.compile(restless, module());
    assertThat(again.isQuarantined()).isTrue();
    byte[] other = new ModuleBuilder().exportFunction("f", VOID, code -> {}).build();
    assertThat(engine.compile(restless, other).isQuarantined()).isFalse();
    EngineIsolate newcomer = engine.addIsolate("restless");
    assertThat(engine.compile(newcomer, module()).isQuarantined()).isFalse();
  }

  /// Histories of modules that an isolate does not use any more are kept only for the stops in
  /// them.
  @Test
  void isolateThatUsesManyModules_keepsItsQuarantine() {
    EngineIsolate restless = engine.addIsolate("restless");
    for (int i = 0; i < 3; i++) {
      try (ModuleHandle module = engine.compile(restless, module())) {
        spinAndStop(module);
      }
    }
    for (int i = 0; i < 100; i++) {
      int value = i;
      byte[] other =
          new ModuleBuilder().exportFunction("f", VOID, c -> c.i32Const(value).drop()).build();
      engine.compile(restless, other).close();
    }
    assertThat(engine.compile(restless, module()).isQuarantined()).isTrue();
  }

  /// Code that polls by itself anyway stays what it is, above all if it counts.
  @ParameterizedTest
  @EnumSource(
      value = CodeKind.class,
      names = {"DEBUG", "FUEL", "POLLED"})
  void codeThatPollsAnyway_isNotReplaced(CodeKind kind) {
    try (WasmEngine polling = engine(kind)) {
      ModuleHandle module = polling.compile(polling.addIsolate("restless"), module());
      for (int i = 0; i < 5; i++) {
        spinAndStop(module);
      }
      assertThat(module.isQuarantined()).isFalse();
      assertThat(polling.statistics().stops()).isEqualTo(new Stopper.Figures(5, 0, 0, 0, 0));
      assertThat(module.info().images()).hasSize(1);
    }
  }
}
