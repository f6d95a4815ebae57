package dev.cloister.isolate.verticle;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.InstanceSettings;
import dev.cloister.isolate.instance.StartInfo;
import dev.cloister.isolate.instance.StartState;
import dev.cloister.isolate.instance.VersionKey;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.Trapped;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Instances that begin with the image of an initialized one. Invariant: nothing is charged once
/// the desk is closed.
@Timeout(180)
final class SnapshotSettingTest {
  private static final Guests GUESTS = new Guests();
  private static final int STEPS = 1000;
  private static final int FOUND = 3 * STEPS;

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @Test
  void startFunction_runsOnce_howeverLongItTakes() {
    int steps = 100_000_000;
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.slowStart(steps));
      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(3 * steps + 1));

      // Who ran the start function would need more fuel by far.
      CallLimits little = TestLimits.withFuel(100);
      assertThat(
              TestDesk.resultOf(
                  desk.desk().invoke(desk.invocation(plugin, fresh(), "next"), little)))
          .isEqualTo(TestDesk.returned(3 * steps + 1));
      assertThat(
              TestDesk.resultOf(
                  desk.desk()
                      .invoke(desk.invocation(plugin, InstanceRequest.FRESH, "next"), little)))
          .isInstanceOf(LimitReached.class);
    }
  }

  @Test
  void freshInstances_doNotSeeEachOthersWrites() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.slowStart(STEPS));
      for (int i = 0; i < 3; i++) {
        assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(FOUND + 1));
        assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
        assertThat(desk.bytes(HeapCategory.LINEAR_MEMORY)).isZero();
        assertThat(desk.bytes(HeapCategory.IMAGE))
            .isEqualTo(info(desk, plugin).bytes())
            .isBetween(4096L, 5000L);
      }
    }
  }

  @Test
  void manyCallsAtOnce_allBeginWhereTheInitializationEnded() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.slowStart(STEPS));
      List<CompletableFuture<InvocationOutcome>> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        calls.add(desk.desk().invoke(desk.invocation(plugin, fresh(), "next"), TestLimits.LIMITS));
      }
      for (CompletableFuture<InvocationOutcome> call : calls) {
        assertThat(TestDesk.resultOf(call)).isEqualTo(TestDesk.returned(FOUND + 1));
      }
      assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = InstancePolicy.class,
      names = {"POOLED", "STATEFUL"})
  void keptInstances_beginWithIt_andKeepWhatTheyWrite(InstancePolicy policy) {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.slowStart(STEPS));
      next(desk, plugin);

      InstanceRequest kept = request(policy);
      assertThat(desk.call(plugin, kept, "next")).isEqualTo(TestDesk.returned(FOUND + 1));
      assertThat(desk.call(plugin, kept, "next")).isEqualTo(TestDesk.returned(FOUND + 2));
      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(FOUND + 1));
    }
  }

  @Test
  void extismPlugIns_beginWithIt() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.extismCounter());
      for (int i = 0; i < 3; i++) {
        assertThat(TestDesk.answer(desk.callBytes(plugin, fresh(), "count"))).isEqualTo("1");
        assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "wasi_snapshot_preview1, random_get, ii, i",
    "wasi_snapshot_preview1, clock_time_get, ili, i",
    "wasi_snapshot_preview1, environ_sizes_get, ii, i",
    "wasi_snapshot_preview1, args_sizes_get, ii, i",
    "wasi_snapshot_preview1, fd_write, iiii, i",
    "wasi_snapshot_preview1, fd_read, iiii, i",
    "wasi_snapshot_preview1, fd_close, i, i",
    "wasi_unstable, random_get, ii, i",
    "cloister, log, iii, i",
    "cloister, last_error, ii, i",
    "app, answer, '', i",
  })
  void initializationThatAsksItsHost_isRunEachTime(
      String module, String name, String params, String results) {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      desk.offer(withAnswer());
      FuncType type = type(params, results);
      PluginHandle plugin = desk.load(Modules.slowStart(STEPS, module, name, type));
      for (int i = 0; i < 2; i++) {
        assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(FOUND + 1));
        assertRefused(desk, plugin, "the initialization calls " + module + "." + name);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"log_info, l, ''", "config_get, l, l", "var_get, l, l", "get_log_level, '', i"})
  void extismInitializationThatAsksItsHost_isRunEachTime(
      String name, String params, String results) {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(extismSetup(name, type(params, results)));
      for (int i = 0; i < 2; i++) {
        assertThat(TestDesk.answer(desk.callBytes(plugin, fresh(), "run"))).isEqualTo("");
        assertRefused(desk, plugin, "the initialization calls extism:host/env." + name);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "fd_prestat_get, ii, i",
    "fd_prestat_dir_name, iii, i",
    "fd_fdstat_get, ii, i",
    "sched_yield, '', i"
  })
  void initializationThatLooksAtItsDescriptors_isNotInTheWay(
      String name, String params, String results) {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin =
          desk.load(
              Modules.slowStart(STEPS, "wasi_snapshot_preview1", name, type(params, results)));
      for (int i = 0; i < 2; i++) {
        assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(FOUND + 1));
      }
      assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
    }
  }

  @Test
  void hostThatIsAskedLater_isNotInTheWay() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.counter()); // it writes in each call
      for (int i = 0; i < 3; i++) {
        assertThat(desk.call(plugin, fresh(), "count")).isEqualTo(TestDesk.returned(1));
      }
      assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
    }
  }

  @Test
  void sharedMemory_isRefused() {
    byte[] module =
        new ModuleBuilder()
            .memory(new MemoryType(Limits.of(1, 2), /* shared= */ true, /* pageSizeLog2= */ 16))
            .exportFunction("next", type("", "i"), code -> code.i32Const(7))
            .build();
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(module);
      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(7));
      assertRefused(desk, plugin, "the instance is not alone: it has a shared memory");
      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(7));
    }
  }

  @Test
  void severalModules_areRefused() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin =
          desk.loadManifest(
              """
              {"wasm": [{"name": "library", "data": "%s"}, {"name": "main", "data": "%s"}]}
              """
                  .formatted(base64(Modules.library()), base64(Modules.usingLibrary())));
      for (int i = 0; i < 2; i++) {
        assertThat(TestDesk.answer(desk.callBytes(plugin, fresh(), "count"))).isEqualTo("");
        assertRefused(
            desk, plugin, "the instance is not alone: there are other instances beside it");
      }
    }
  }

  @Test
  void imageThatDoesNotFit_isMadeWhenThereIsRoom() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.slowStart(STEPS));
      long held = desk.ledger().chargedBytes();
      next(desk, plugin);
      long whileCalled = desk.ledger().chargedBytes() - held; // the image
      desk.desk().kept().dropStartImages();

      desk.ledger().changeCap(held + 65_536 + 1_500 + whileCalled / 2);
      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(FOUND + 1));
      assertThat(info(desk, plugin).state()).isEqualTo(StartState.PENDING);
      assertThat(info(desk, plugin).reason()).matches("the image would have more than the .*");
      assertThat(desk.bytes(HeapCategory.IMAGE)).isZero();

      desk.ledger().changeCap(TestDesk.MEMORY_BYTES);
      next(desk, plugin);
      assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
    }
  }

  @Test
  void initializationThatWasRefusedMemory_isNoImageForOthers() {
    byte[] module =
        new ModuleBuilder()
            .memory(1)
            .exportFunction(
                "_initialize",
                FuncType.EMPTY,
                code -> code.i32Const(10).op(Opcode.MEMORY_GROW, 0).drop())
            .exportFunction("next", type("", "i"), code -> code.op(Opcode.MEMORY_SIZE, 0))
            .build();
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(module);
      CallLimits tight = TestLimits.withMemory(2 * 65_536);
      assertThat(
              TestDesk.resultOf(
                  desk.desk().invoke(desk.invocation(plugin, fresh(), "next"), tight)))
          .isEqualTo(TestDesk.returned(1));
      assertThat(info(desk, plugin))
          .isEqualTo(new StartInfo(StartState.PENDING, "the initialization was refused memory", 0));

      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(11));
      assertThat(info(desk, plugin).state()).isEqualTo(StartState.USED);
      assertThat(
              TestDesk.resultOf(
                  desk.desk().invoke(desk.invocation(plugin, fresh(), "next"), tight)))
          .isInstanceOfSatisfying(
              LimitReached.class,
              limit -> assertThat(limit.limit()).isEqualTo("memoryPerInstanceBytes"));
      assertThat(next(desk, plugin)).isEqualTo(TestDesk.returned(11));
    }
  }

  @Test
  void initializationThatTraps_leavesNoImage() {
    byte[] module =
        new ModuleBuilder()
            .exportFunction("_initialize", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
            .exportFunction("next", type("", "i"), code -> code.i32Const(7))
            .build();
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(module);
      for (int i = 0; i < 2; i++) {
        assertThat(next(desk, plugin)).isInstanceOf(Trapped.class);
        assertThat(info(desk, plugin)).isEqualTo(new StartInfo(StartState.PENDING, null, 0));
      }
    }
  }

  @Test
  void imagesOfAPlugin_goWithIt_withItsVersionAndWithItsModule() {
    try (TestDesk desk = new TestDesk(GUESTS)) {
      PluginHandle plugin = desk.load(Modules.slowStart(STEPS));
      List<Runnable> drops =
          List.of(
              () -> desk.desk().dropInstances("plugin"),
              () -> desk.desk().kept().dropPooled("plugin"),
              () -> desk.desk().kept().drop(new VersionKey("plugin", plugin.hash())),
              () -> desk.desk().kept().unloaded(plugin.hash()),
              () -> desk.desk().kept().dropStartImages());
      for (Runnable drop : drops) {
        next(desk, plugin);
        assertThat(desk.bytes(HeapCategory.IMAGE)).isPositive();
        drop.run();
        assertThat(desk.bytes(HeapCategory.IMAGE)).isZero();
        assertThat(info(desk, plugin).state()).isEqualTo(StartState.PENDING);
      }
    }
  }

  private static HostServices withAnswer() {
    HostFunction answer = HostFunction.of(type("", "i"), (_, _) -> new Object[] {42});
    return HostServices.builder(Grants.BASIC)
        .functions(
            (module, name, _) -> module.equals("app") && name.equals("answer") ? answer : null)
        .build();
  }

  /// A plug-in whose `_initialize` calls a function of its host.
  private static byte[] extismSetup(String name, FuncType type) {
    return new ModuleBuilder()
        .importFunction("extism:host/env", "alloc", type("l", "l"))
        .importFunction("extism:host/env", name, type)
        .exportFunction(
            "_initialize",
            FuncType.EMPTY,
            code -> {
              if (!type.params().isEmpty()) {
                code.i64Const(1).call(0); // a text of one zero byte
              }
              code.call(1);
              type.results().forEach(_ -> code.drop());
            })
        .exportFunction("run", type("", "i"), code -> code.i32Const(0))
        .build();
  }

  private static void assertRefused(TestDesk desk, PluginHandle plugin, String reason) {
    assertThat(info(desk, plugin)).isEqualTo(new StartInfo(StartState.REFUSED, reason, 0));
    assertThat(desk.bytes(HeapCategory.IMAGE)).isZero();
  }

  private static StartInfo info(TestDesk desk, PluginHandle plugin) {
    return desk.desk().kept().startInfo(new VersionKey("plugin", plugin.hash()));
  }

  private static InvocationResult next(TestDesk desk, PluginHandle plugin) {
    return desk.call(plugin, fresh(), "next");
  }

  private static InstanceRequest fresh() {
    return request(InstancePolicy.FRESH);
  }

  private static InstanceRequest request(InstancePolicy policy) {
    return InstanceRequest.of(
        "plugin",
        new InstanceSettings(
            policy,
            /* maxUses= */ 100,
            /* maxIdle= */ 10,
            /* idleMillis= */ 1000,
            /* maxInstances= */ 10,
            /* crashesToBackOff= */ 10,
            /* isSnapshot= */ true));
  }

  private static FuncType type(String params, String results) {
    return new FuncType(types(params), types(results));
  }

  private static List<ValueType> types(String letters) {
    return letters.chars().<ValueType>mapToObj(letter -> letter == 'l' ? I64 : I32).toList();
  }

  private static String base64(byte[] module) {
    return Base64.getEncoder().encodeToString(module);
  }
}
