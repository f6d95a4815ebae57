package dev.cloister.engine.debug;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An isolate keeps its speed while another one that runs the same module is debugged: by processor
/// time, in rounds with and without a debugger in turn.
@Timeout(300)
final class SharerSpeedTest {
  private static final boolean IS_EXACT = Boolean.getBoolean("slow");
  private static final int ROUNDS = IS_EXACT ? 20 : 6;

  /// The aim is 1.05, which a machine that others use cannot promise.
  private static final double MOST = IS_EXACT ? 1.05 : 1.5;

  private static final int WARM_UP_CALLS = 400;
  private static final int CALLS = 40;
  private static final int STEPS = 200_000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void close() {
    engine.close();
  }

  /// Function `mix` does something its argument times.
  private static ModuleBuilder kernel() {
    return new ModuleBuilder()
        .exportFunction(
            "mix",
            new FuncType(List.of(I32), List.of(I32)),
            code -> {
              int sum = code.local(I32);
              code.loop();
              code.localGet(sum).i32Const(31).op(Opcode.I32_MUL).localGet(0).op(Opcode.I32_XOR);
              code.localSet(sum);
              code.localGet(0).i32Const(-1).i32Add().localTee(0).brIf(0).end();
              code.localGet(sum);
            });
  }

  private static long cpuOfCalls(Instance instance) {
    long start = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < CALLS; i++) {
      TestEngine.intResult(instance, "mix", STEPS);
    }
    return THREADS.getCurrentThreadCpuTime() - start;
  }

  private static double median(List<Long> values) {
    List<Long> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return (sorted.get(middle - 1) + sorted.get(middle)) / 2.0;
  }

  @Test
  void sharer_keepsItsSpeed_whileItsNeighbourIsDebugged() throws Exception {
    ModuleHandle module = engine.compile(kernel());
    EngineIsolate neighbour = engine.engine().addIsolate("neighbour");
    ModuleHandle ofNeighbour = module.shareWith(neighbour);
    Instance debugged = DebugFixture.instance(ofNeighbour);
    Instance sharer = DebugFixture.instance(module);
    for (int i = 0; i < WARM_UP_CALLS; i++) {
      TestEngine.intResult(sharer, "mix", STEPS);
    }
    List<Long> alone = new ArrayList<>();
    List<Long> beside = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      alone.add(cpuOfCalls(sharer));
      DebugFixture fixture = DebugFixture.enter(neighbour);
      fixture.debugger.modules().getFirst().setBreakpoint(0, 0, BreakCondition.NONE);
      CompletableFuture<@Nullable Object> call = DebugFixture.start(debugged, "mix", STEPS);
      PausedGuest paused = fixture.await();
      beside.add(cpuOfCalls(sharer));
      paused.resume();
      beside.add(cpuOfCalls(sharer));
      DebugFixture.get(call);
      fixture.debugger.removeListener(fixture);
      fixture.debugger.leave();
      alone.add(cpuOfCalls(sharer));
    }

    assertThat(median(beside) / median(alone)).as("beside a debugged isolate").isLessThan(MOST);
  }
}
