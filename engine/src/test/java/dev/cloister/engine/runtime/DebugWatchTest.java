package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.DebugPositions;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Debuggable code tells of the positions that were chosen, and of no others.
@Timeout(60)
final class DebugWatchTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private final TestEngine engine =
      new TestEngine(EngineConfig.defaults().withCodeKind(CodeKind.DEBUG));
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final DebugSwitch debugSwitch = new DebugSwitch();

  /// The module offsets of the positions that were told, in order.
  private final List<Integer> told = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void close() {
    store.close();
    engine.close();
  }

  private Instance instantiate(ModuleBuilder module) {
    Instance instance = engine.instantiate(module, Imports.NONE, store);
    instance.useDebugSwitch(debugSwitch);
    return instance;
  }

  private void watch(Instance instance, Integer... offsets) {
    debugSwitch.set(
        frame -> told.add(frame.offset()),
        /* everywhere= */ false,
        DebugPositions.byFunction(instance.module(), Set.of(offsets)));
  }

  private static int[] positions(WasmModule module, int function) {
    return DebugPositions.between(
        module, module.bodyOffset(function), module.bodyEnd(function), Integer.MAX_VALUE);
  }

  /// Adds one and the number of the function to its argument.
  private static void add(CodeBuilder code, int number) {
    code.localGet(0).i32Const(number).i32Add().i32Const(1).i32Add();
  }

  private static ModuleBuilder adders(int functions) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < functions; i++) {
      int number = i;
      module.exportFunction("f" + i, INT, code -> add(code, number));
    }
    return module;
  }

  @Test
  void chosenPositions_areToldAndNoOthers() {
    Instance instance = instantiate(adders(3));
    int[] first = positions(instance.module(), 0);
    int[] last = positions(instance.module(), 2);
    watch(instance, first[1], last[0], last[last.length - 1]);

    for (int i = 0; i < 3; i++) {
      assertThat(result(instance, "f" + i, 10)).isEqualTo(11 + i);
    }
    assertThat(told).containsExactly(first[1], last[0], last[last.length - 1]);
  }

  /// Each position of a function is one that can be chosen alone.
  @Test
  void everyPosition_canBeChosenAlone() {
    Instance instance = instantiate(adders(1));
    for (int position : positions(instance.module(), 0)) {
      told.clear();
      watch(instance, position);
      assertThat(result(instance, "f0", 1)).isEqualTo(2);
      assertThat(told).containsExactly(position);
    }
  }

  @Test
  void functions_calledBeforeAndAfterTheChoice_tellTheSame() {
    Instance instance = instantiate(adders(200));
    result(instance, "f3", 1);
    int[] early = positions(instance.module(), 3);
    int[] late = positions(instance.module(), 190);
    watch(instance, early[2], late[2]);

    result(instance, "f3", 1);
    result(instance, "f190", 1);
    assertThat(told).containsExactly(early[2], late[2]);

    watch(instance);
    result(instance, "f3", 1);
    result(instance, "f190", 1);
    assertThat(told).hasSize(2);
  }

  @Test
  void everywhere_tellsAllPositions_untilItIsTurnedOff() {
    Instance instance = instantiate(adders(2));
    debugSwitch.set(frame -> told.add(frame.offset()), /* everywhere= */ true, Map.of());
    result(instance, "f1", 1);

    assertThat(told)
        .isEqualTo(
            Arrays.stream(positions(instance.module(), 1)).boxed().collect(Collectors.toList()));
    debugSwitch.set(null);
    result(instance, "f0", 1);
    result(instance, "f1", 1);
    assertThat(told).hasSize(positions(instance.module(), 1).length);
  }

  /// Positions so far behind the beginning that code gives their distance in two parts.
  @Test
  void farPositions_areTold() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code -> {
                      for (int i = 0; i < 20_000; i++) {
                        code.localGet(0).op(Opcode.DROP);
                      }
                      code.localGet(0);
                    }));
    int[] all = positions(instance.module(), 0);
    int near = all[100];
    int far = all[all.length - 5];
    assertThat(far - instance.module().bodyOffset(0)).isGreaterThan(Short.MAX_VALUE);
    watch(instance, near, far);

    assertThat(result(instance, "f", 7)).isEqualTo(7);
    assertThat(told).containsExactly(near, far);
  }

  /// A function that runs when a position in it is chosen sees it at its next iteration.
  @Test
  void runningFunction_seesWhatIsChosenMeanwhile() throws Exception {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "spin",
                    INT,
                    code -> {
                      code.loop();
                      code.localGet(0).brIf(0).end();
                      code.localGet(0);
                    }));
    int[] all = positions(instance.module(), 0);
    CountDownLatch reached = new CountDownLatch(1);
    FutureTask<@Nullable Object> guest = new FutureTask<>(() -> result(instance, "spin", 1));
    Thread thread = Thread.ofPlatform().daemon().start(guest);
    debugSwitch.set(
        frame -> {
          frame.setLocal(0, 0);
          reached.countDown();
        },
        /* everywhere= */ false,
        DebugPositions.byFunction(instance.module(), Set.of(all[1])));

    reached.await();
    assertThat(guest.get()).isEqualTo(0);
    thread.join();
  }
}
