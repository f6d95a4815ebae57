package dev.cloister.engine;

import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.types.NumType.I32;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.fixture.MemoryCodeStore;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.persist.ArchiveKey;
import dev.cloister.engine.persist.Persistence;
import dev.cloister.engine.persist.PersistenceFigures;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.TierPolicy;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.CompilationPhase;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.ModuleCompiled;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Code that an engine has generated is loaded by the next one, and is the same.
@Timeout(120)
final class PersistedCodeTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final ArchiveKey KEY = ArchiveKey.derive(new byte[32]);

  private final List<CodeNotPersisted> faults = new CopyOnWriteArrayList<>();
  private final List<Boolean> deserialized = new CopyOnWriteArrayList<>();

  @TempDir private Path folder;
  private MemoryCodeStore store;

  @BeforeEach
  void makeStore() {
    store = new MemoryCodeStore(folder);
  }

  private EngineConfig config(ArchiveKey key) {
    return EngineConfig.defaults().toBuilder()
        .persistence(new Persistence(store, key))
        .listener(
            new EngineListener() {
              @Override
              public void codeNotPersisted(CodeNotPersisted event) {
                faults.add(event);
              }

              @Override
              public void moduleCompiled(ModuleCompiled event) {
                deserialized.add(event.isDeserialized());
              }
            })
        .build();
  }

  /// What a run has loaded and written.
  private record Run<T>(T result, long loadedUnits, int writtenFiles) {}

  private <T> Run<T> run(EngineConfig config, byte[] bytes, Function<Instance, T> guest) {
    int before = store.written();
    WasmEngine engine = new WasmEngine(config);
    T result;
    try (EngineIsolate isolate = engine.addIsolate("a");
        ModuleHandle module = engine.compile(isolate, bytes)) {
      result = guest.apply(module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE));
    } finally {
      engine.close();
    }
    PersistenceFigures figures = Objects.requireNonNull(engine.persistenceFigures());
    return new Run<>(result, figures.loadedUnits(), store.written() - before);
  }

  /// Calls directly and indirectly, and traps.
  private static byte[] program() {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    module.table(new TableType(RefType.FUNCREF, Limits.of(1)));
    module.exportFunction(
        "load", INT, code -> code.localGet(0).access(Opcode.I32_LOAD, 0).i32Const(7).i32Add());
    module.elements(0, 0, 0);
    module.exportFunction("direct", INT, code -> code.localGet(0).call(0));
    module.exportFunction(
        "indirect", INT, code -> code.localGet(0).i32Const(0).callIndirect(INT, 0));
    return module.build();
  }

  private static int callAll(Instance instance) {
    return intResult(instance, "direct", 8) * 100 + intResult(instance, "indirect", 16);
  }

  @ParameterizedTest
  @EnumSource(names = {"BASELINE", "OPTIMIZED"})
  void secondStart_loadsEverything_andComputesTheSame(CodeKind kind) {
    EngineConfig config = config(KEY).withCodeKind(kind);
    Run<Integer> first = run(config, program(), PersistedCodeTest::callAll);
    assertThat(first).isEqualTo(new Run<>(707, 0, 1));

    Run<Integer> second = run(config, program(), PersistedCodeTest::callAll);

    assertThat(second.result()).isEqualTo(707);
    assertThat(second.loadedUnits()).isGreaterThan(3);
    assertThat(second.writtenFiles()).isZero();
    assertThat(faults).isEmpty();
    assertThat(deserialized).containsExactly(false, true);
  }

  @ParameterizedTest
  @EnumSource(names = {"DEBUG", "FUEL", "POLLED"})
  void kindsThatAreForTheMoment_areNotKept(CodeKind kind) {
    EngineConfig config = config(KEY).withCodeKind(kind);
    Function<Instance, String> guest =
        instance -> {
          instance.store().setFuel(1_000);
          return "" + callAll(instance);
        };
    run(config, program(), guest);
    run(config, program(), guest);
    assertThat(store.names())
        .map(name -> new String(store.bytes(name), ISO_8859_1))
        .noneMatch(text -> text.contains(kind.label() + "/"));
  }

  @Test
  void traps_ofLoadedCode_areAtTheSameOffsets() {
    Function<Instance, String> guest =
        instance -> {
          TrapException trap =
              catchThrowableOfType(TrapException.class, () -> intResult(instance, "indirect", -1));
          return trap.wasmStack().toString();
        };
    Run<String> first = run(config(KEY), program(), guest);
    Run<String> second = run(config(KEY), program(), guest);

    assertThat(second.result()).isEqualTo(first.result()).contains("Index=0");
    assertThat(second.loadedUnits()).isPositive();
  }

  @Test
  void codeWithVectors_isPreparedFor_andComputesTheSame() throws IOException {
    byte[] bytes = Files.readAllBytes(Corpora.require("programs/argon2-simd.wasm"));
    EngineConfig config =
        config(KEY).withCodeKind(CodeKind.OPTIMIZED).withVectorUse(VectorUse.ALWAYS);
    // More than once, if the code settles for a while before all of it is there.
    int written = 0;
    for (int start = 0; start < 2; start++) {
      WasmEngine engine = new WasmEngine(config);
      try (EngineIsolate isolate = engine.addIsolate("a");
          ModuleHandle module = engine.compile(isolate, bytes)) {
        module.generateAll();
      } finally {
        engine.close();
      }
      written = start == 0 ? store.written() : written;
    }
    assertThat(written).isPositive();
    assertThat(store.written()).isEqualTo(written);
    assertThat(faults).isEmpty();
  }

  @Test
  void otherSettings_haveArchivesOfTheirOwn() {
    List<UnaryOperator<EngineConfig>> changes =
        List.of(
            config -> config,
            config -> config.withFeatures(WasmFeatures.ALL.without(WasmFeature.GC)),
            config -> config.withLimits(WasmLimits.defaults().with(WasmLimit.FUNCTIONS, 9)),
            config -> config.withMethodBytes(5_000),
            config -> config.withVectorUse(VectorUse.NEVER));
    for (UnaryOperator<EngineConfig> change : changes) {
      Run<Integer> run = run(change.apply(config(KEY)), program(), PersistedCodeTest::callAll);
      assertThat(run.loadedUnits()).isZero();
    }
    assertThat(store.names()).hasSize(changes.size());
    for (UnaryOperator<EngineConfig> change : changes) {
      Run<Integer> run = run(change.apply(config(KEY)), program(), PersistedCodeTest::callAll);
      assertThat(run.loadedUnits()).isPositive();
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void archiveOfAnotherKey_isNotRun_butReplaced() {
    run(config(ArchiveKey.derive(new byte[16])), program(), PersistedCodeTest::callAll);

    Run<Integer> run = run(config(KEY), program(), PersistedCodeTest::callAll);

    assertThat(run).isEqualTo(new Run<>(707, 0, 1));
    assertThat(faults)
        .singleElement()
        .satisfies(event -> {
          assertThat(event.reason()).isEqualTo("it is not authentic");
        });
    assertThat(run(config(KEY), program(), PersistedCodeTest::callAll).loadedUnits()).isPositive();
    assertThat(faults).hasSize(1);
  }

  @Test
  void archiveWithAnyPartDamaged_isNoFaultOfTheGuest() {
    run(config(KEY), program(), PersistedCodeTest::callAll);
    byte[] good = store.bytes(store.names().getFirst());
    for (int part = 0; part < 40; part++) {
      int position = (int) ((good.length - 1L) * part / 39);
      store.changeAll(_ -> {
        byte[] changed = good.clone();
        changed[position] ^= 0x10;
        return changed;
      });
      Run<Integer> run = run(config(KEY), program(), PersistedCodeTest::callAll);
      assertThat(run.result()).isEqualTo(707);
    }
    assertThat(faults).hasSize(40);
  }

  @Test
  void modulesInUseByTwoIsolates_haveOneArchive() {
    WasmEngine engine = new WasmEngine(config(KEY));
    try (EngineIsolate a = engine.addIsolate("a");
        EngineIsolate b = engine.addIsolate("b");
        ModuleHandle ofA = engine.compile(a, program());
        ModuleHandle ofB = engine.compile(b, program())) {
      assertThat(callAll(ofA.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE)))
          .isEqualTo(callAll(ofB.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE)));
    } finally {
      engine.close();
    }
    assertThat(store.written()).isEqualTo(1);
  }

  @Test
  void phases_tellWhatWasDone_andBeginAnew() {
    run(config(KEY), program(), PersistedCodeTest::callAll);
    WasmEngine engine = new WasmEngine(config(KEY));
    try (EngineIsolate isolate = engine.addIsolate("a");
        ModuleHandle module = engine.compile(isolate, program())) {
      callAll(module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE));
      List<CompilationPhase> phases = engine.compilationPhasesAndReset();
      assertThat(phases)
          .extracting(phase -> phase.phase() + " " + phase.tier())
          .containsExactlyInAnyOrder(
              "decode all", "plan all", "load all", "load baseline", "define all");
      assertThat(phases)
          .allSatisfy(phase -> {
            assertThat(phase.count()).isPositive();
            assertThat(phase.bytes()).isPositive();
          });
      assertThat(engine.compilationPhases()).isEmpty();
    } finally {
      engine.close();
    }
  }

  /// A module of several chunks, of which function 40 is called.
  private static byte[] largeProgram() {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < 100; i++) {
      int number = i;
      module.exportFunction("f" + i, INT, code -> code.localGet(0).i32Const(number).i32Add());
    }
    return module.build();
  }

  /// Waits until a chunk is defined although nobody has called anything.
  private static void awaitChunk(ModuleHandle module) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (module.executionProfile().functions().isEmpty()) {
      assertThat(System.nanoTime()).as("the time").isLessThan(deadline);
      Thread.sleep(1);
    }
  }

  @Test
  void whatWasExecuted_isThereAtTheNextStart_beforeItIsCalled() throws InterruptedException {
    run(config(KEY), largeProgram(), instance -> intResult(instance, "f40", 2));
    WasmEngine engine = new WasmEngine(config(KEY));
    try (EngineIsolate isolate = engine.addIsolate("a");
        ModuleHandle module = engine.compile(isolate, largeProgram())) {
      awaitChunk(module);
      assertThat(module.executionProfile().functions())
          .extracting(ExecutionProfile.Function::index)
          .contains(40)
          .doesNotContain(0, 99);
      Instance instance = module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
      assertThat(intResult(instance, "f40", 2)).isEqualTo(42);
      assertThat(intResult(instance, "f99", 2)).isEqualTo(101);
    } finally {
      engine.close();
    }
  }

  @Test
  void profileThatIsGiven_isPrepared_withoutAnArchive() throws Exception {
    byte[] bytes = largeProgram();
    ExecutionProfile profile =
        new ExecutionProfile(
            ModuleHash.of(bytes), 100, List.of(new ExecutionProfile.Function(99, 0, true)));
    EngineConfig config =
        EngineConfig.defaults().toBuilder().profile(profile).tiers(TierPolicy.automatic()).build();
    WasmEngine engine = new WasmEngine(config);
    try (EngineIsolate isolate = engine.addIsolate("a");
        ModuleHandle module = engine.compile(isolate, bytes)) {
      awaitChunk(module);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!module.executionProfile().optimized().get(99)) {
        assertThat(System.nanoTime()).as("the time").isLessThan(deadline);
        Thread.sleep(1);
      }
      Instance instance = module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
      assertThat(intResult(instance, "f99", 2)).isEqualTo(101);
      assertThat(module.executionProfile().functions())
          .extracting(ExecutionProfile.Function::index)
          .contains(99)
          .doesNotContain(0);
    } finally {
      engine.close();
    }
  }

  @Test
  void profileOfAnotherModule_isOfNoAccount() {
    ExecutionProfile other = new ExecutionProfile(ModuleHash.of(new byte[1]), 3, List.of());
    EngineConfig config = config(KEY).toBuilder().profile(other).build();
    assertThat(run(config, program(), PersistedCodeTest::callAll).result()).isEqualTo(707);
  }
}
