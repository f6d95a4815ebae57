package dev.cloister.engine.debug;

import static dev.cloister.engine.debug.DebugFixture.get;
import static dev.cloister.engine.debug.DebugFixture.imageOf;
import static dev.cloister.engine.debug.DebugFixture.instance;
import static dev.cloister.engine.debug.DebugFixture.instruction;
import static dev.cloister.engine.debug.DebugFixture.start;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Debugging of one isolate: code, breakpoints, steps and pauses.
@Timeout(120)
final class DebuggerTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private static final int INC = 0;
  private static final int TWICE = 1;

  private final WasmEngine engine =
      new WasmEngine(EngineConfig.defaults().toBuilder().maxPausedGuests(2).build());
  private final EngineIsolate isolate = engine.addIsolate("debugged");
  private final EngineIsolate other = engine.addIsolate("other");

  @AfterEach
  void closeEngine() {
    isolate.close();
    other.close();
    engine.close();
  }

  /// `inc` adds one, `twice` calls it twice, `spin` sets the memory's first byte for ever, `fail`
  /// traps.
  private static byte[] module() {
    return new ModuleBuilder()
        .memory(1)
        .exportFunction("inc", INT, code -> code.localGet(0).i32Const(1).i32Add())
        .exportFunction("twice", INT, code -> code.localGet(0).call(INC).call(INC))
        .exportFunction(
            "spin",
            VOID,
            code -> code.loop().i32Const(0).i32Const(1).access(Opcode.I32_STORE8, 0).br(0).end())
        .exportFunction("fail", VOID, code -> code.op(Opcode.UNREACHABLE))
        .build();
  }

  private static DebugModule only(DebugFixture fixture) {
    return fixture.debugger.modules().getFirst();
  }

  private static String describe(PausedGuest guest) {
    List<String> frames = new ArrayList<>();
    for (PausedFrame frame : guest.frames(0, 100)) {
      frames.add(frame.functionIndex() + " " + instruction(frame));
    }
    return String.join(", ", frames);
  }

  // What code runs.

  @Test
  void entering_movesOnlyTheInstancesOfTheIsolate_atTheirNextCall() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    ModuleHandle shared = engine.compile(other, module());
    Instance debugged = instance(module);
    Instance untouched = instance(shared);
    String normal = imageOf(untouched);

    assertThat(isolate.debugger().enter()).isTrue();
    assertThat(isolate.debugger().enter()).isFalse();
    assertThat(imageOf(debugged)).isEqualTo(normal);
    assertThat(result(debugged, "twice", 1)).isEqualTo(3);
    assertThat(result(untouched, "twice", 1)).isEqualTo(3);

    assertThat(imageOf(debugged)).isNotEqualTo(normal);
    assertThat(imageOf(untouched)).isEqualTo(normal);
    assertThat(imageOf(instance(module))).isEqualTo(imageOf(debugged));
    assertThat(imageOf(instance(shared))).isEqualTo(normal);

    assertThat(isolate.debugger().leave()).isTrue();
    assertThat(isolate.debugger().leave()).isFalse();
    assertThat(result(debugged, "twice", 1)).isEqualTo(3);
    assertThat(imageOf(debugged)).isEqualTo(normal);
    assertThat(imageOf(instance(module))).isEqualTo(normal);
  }

  /// A module that comes later, and one that another isolate compiled before, are debugged too.
  @Test
  void modulesThatAreLinkedLater_runDebuggableCode() throws Exception {
    Instance untouched = instance(engine.compile(other, module()));
    isolate.debugger().enter();
    Instance linked = instance(engine.compile(isolate, module()));

    assertThat(imageOf(linked)).isNotEqualTo(imageOf(untouched));
    assertThat(isolate.debugger().modules()).hasSize(1);
    assertThat(other.debugger().isEnabled()).isFalse();
  }

  @Test
  void framesThatRun_finishAsTheyAre() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance spinning = module.instantiate(store, Imports.NONE);
    CompletableFuture<@Nullable Object> call = start(spinning, "spin");
    while (memory(spinning).getByte(0) == 0) {
      Thread.onSpinWait();
    }
    DebugFixture fixture = DebugFixture.enter(isolate);

    assertThat(fixture.debugger.requestPause()).isTrue();
    CompletableFuture<@Nullable Object> later = start(instance(module), "inc", 1);
    PausedGuest guest = fixture.await();
    assertThat(describe(guest)).isEqualTo("0 local.get 0");
    assertThat(guest.reason()).isEqualTo(PauseReason.REQUEST);
    guest.resume();
    assertThat(get(later)).isEqualTo(2);

    store.requestStop(StopReason.CANCELLED);
    assertThatThrownBy(() -> get(call)).hasCauseInstanceOf(StoppedException.class);
    assertThat(fixture.pauses).isEmpty();
  }

  // Breakpoints.

  @Test
  void breakpoint_isReached_untilItIsRemoved() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    Breakpoint breakpoint = only(fixture).setBreakpoint(INC, 3, BreakCondition.NONE);
    Instance instance = instance(module);
    CompletableFuture<@Nullable Object> call = start(instance, "twice", 5);

    PausedGuest first = fixture.await();
    assertThat(first.reason()).isEqualTo(PauseReason.BREAKPOINT);
    assertThat(first.breakpoints()).containsExactly(breakpoint);
    assertThat(describe(first)).isEqualTo("0 i32.const 1, 1 call 0");
    assertThat(first.frame(0).operand(0)).isEqualTo(5);
    first.resume();
    PausedGuest second = fixture.await();
    assertThat(second.frame(0).local(0)).isEqualTo(6);
    assertThat(second.id()).isEqualTo(first.id());
    assertThat(fixture.debugger.remove(breakpoint)).isTrue();
    assertThat(fixture.debugger.remove(breakpoint)).isFalse();
    assertThat(fixture.debugger.paused()).containsExactly(second);
    second.resume();

    assertThat(get(call)).isEqualTo(7);
    assertThat(breakpoint.hits()).isEqualTo(2);
    assertThat(get(start(instance, "twice", 5))).isEqualTo(7);
    assertThat(fixture.pauses).isEmpty();
  }

  /// Offsets in the middle of an instruction, or of one that only delimits, mean the next one.
  @Test
  void positions_areThoseOfInstructions() {
    engine.compile(
        isolate,
        new ModuleBuilder()
            .exportFunction(
                "f", VOID, code -> code.op(Opcode.NOP).block().i32Const(1000).drop().end())
            .build());
    DebugModule module = only(DebugFixture.enter(isolate));
    int body = module.module().bodyOffset(0);
    int end = module.module().bodyEnd(0);
    int[] possible = module.possibleBreakpoints(0, end);

    // nop at 1, block at 2 and 3, i32.const at 4 to 6, drop at 7, end at 8 and 9.
    assertThat(possible).containsExactly(body + 1, body + 4, body + 7, body + 8, body + 9);
    assertThat(module.possibleBreakpoints(body + 2, body + 8)).containsExactly(body + 4, body + 7);
    assertThat(module.breakableAt(0)).isEqualTo(body + 1);
    assertThat(module.breakableAt(body + 2)).isEqualTo(body + 4);
    assertThat(module.setBreakpoint(body + 5, BreakCondition.NONE).offset()).isEqualTo(body + 7);
    assertThat(module.breakableAt(end)).isEqualTo(-1);
    assertThatThrownBy(() -> module.setBreakpoint(end, BreakCondition.NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> module.setBreakpoint(0, end - body, BreakCondition.NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> module.setBreakpoint(1, 0, BreakCondition.NONE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void condition_decidesWhetherToPause() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    Breakpoint breakpoint =
        only(fixture).setBreakpoint(INC, 0, frame -> Integer.valueOf(6).equals(frame.local(0)));
    CompletableFuture<@Nullable Object> call = start(instance(module), "twice", 5);

    PausedGuest guest = fixture.await();
    assertThat(guest.frame(0).local(0)).isEqualTo(6);
    guest.resume();
    assertThat(get(call)).isEqualTo(7);
    assertThat(breakpoint.hits()).isEqualTo(1);
  }

  /// A frame that a condition kept is of no use afterwards.
  @Test
  void frameOfACondition_endsWithIt() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    List<PausedFrame> kept = new ArrayList<>();
    only(fixture)
        .setBreakpoint(
            INC,
            0,
            frame -> {
              kept.add(frame);
              return false;
            });
    assertThat(result(instance(module), "inc", 1)).isEqualTo(2);

    assertThatThrownBy(() -> kept.getFirst().local(0)).isInstanceOf(IllegalStateException.class);
  }

  /// Two isolates set the same breakpoint; one removes its own, the other still stops.
  @Test
  void sameBreakpoint_inTwoIsolates_isIndependent() throws Exception {
    ModuleHandle mine = engine.compile(isolate, module());
    ModuleHandle theirs = engine.compile(other, module());
    DebugFixture first = DebugFixture.enter(isolate);
    DebugFixture second = DebugFixture.enter(other);
    Breakpoint breakpoint = only(first).setBreakpoint(INC, 0, BreakCondition.NONE);
    only(second).setBreakpoint(INC, 0, BreakCondition.NONE);
    assertThat(imageOf(instance(mine))).isEqualTo(imageOf(instance(theirs)));

    first.debugger.remove(breakpoint);
    assertThat(result(instance(mine), "inc", 1)).isEqualTo(2);
    CompletableFuture<@Nullable Object> call = start(instance(theirs), "inc", 1);
    second.await().resume();
    assertThat(get(call)).isEqualTo(2);

    // Leaving in one does not end debugging in the other.
    first.debugger.leave();
    call = start(instance(theirs), "inc", 1);
    second.await().resume();
    assertThat(get(call)).isEqualTo(2);
    assertThat(first.pauses).isEmpty();
  }

  @Test
  void breakpoints_areForgottenWithTheEndOfDebugging_butNotWithTheirModule() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    only(fixture).setBreakpoint(INC, 0, BreakCondition.NONE);
    module.close();
    ModuleHandle again = engine.compile(isolate, module());
    CompletableFuture<@Nullable Object> call = start(instance(again), "inc", 1);
    fixture.await().resume();
    assertThat(get(call)).isEqualTo(2);

    fixture.debugger.leave();
    fixture.debugger.enter();
    assertThat(fixture.debugger.breakpoints()).isEmpty();
    assertThat(result(instance(again), "inc", 1)).isEqualTo(2);
  }

  @Test
  void breakpoints_areLimited_andNeedDebugging() {
    engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    DebugModule module = only(fixture);
    for (int i = 0; i < Debugger.MAX_BREAKPOINTS; i++) {
      module.setBreakpoint(INC, 0, BreakCondition.NONE);
    }
    assertThatThrownBy(() -> module.setBreakpoint(INC, 0, BreakCondition.NONE))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("breakpoints");

    fixture.debugger.leave();
    assertThatThrownBy(() -> module.setBreakpoint(INC, 0, BreakCondition.NONE))
        .isInstanceOf(IllegalStateException.class);
    assertThat(fixture.debugger.requestPause()).isFalse();
  }

  // Entry.

  /// The start function's first instruction comes before anything else of an instance.
  @Test
  void entry_pausesBeforeTheStartFunction() throws Exception {
    ModuleHandle module =
        engine.compile(
            isolate,
            new ModuleBuilder()
                .exportFunction("f", VOID, code -> code.op(Opcode.NOP))
                .function(VOID, code -> code.call(0))
                .start(1)
                .build());
    DebugFixture fixture = DebugFixture.enter(isolate);
    fixture.debugger.pauseOnEntry(true);
    CompletableFuture<Instance> made = new CompletableFuture<>();
    Thread.ofPlatform().daemon().start(() -> made.complete(instance(module)));

    PausedGuest guest = fixture.await();
    assertThat(guest.reason()).isEqualTo(PauseReason.ENTRY);
    assertThat(describe(guest)).isEqualTo("1 call 0");
    guest.resume();
    result0(made.get());
    assertThat(fixture.pauses).isEmpty();
  }

  private static void result0(Instance instance) {
    instance.exportedFunction("f").call();
  }

  // Steps.

  private static String stepped(DebugFixture fixture, PausedGuest guest, StepKind kind)
      throws InterruptedException {
    guest.step(kind);
    PausedGuest next = fixture.await();
    assertThat(next.reason()).isEqualTo(PauseReason.STEP);
    return describe(next);
  }

  @Test
  void steps_goIntoOverAndOutOfCalls() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    Breakpoint breakpoint = only(fixture).setBreakpoint(TWICE, 0, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> call = start(instance(module), "twice", 5);
    PausedGuest guest = fixture.await();
    fixture.debugger.remove(breakpoint);
    List<String> seen = new ArrayList<>();
    StepKind[] kinds = {
      StepKind.OVER, StepKind.INTO, StepKind.INTO, StepKind.OUT, StepKind.OVER, StepKind.INTO
    };
    for (StepKind kind : kinds) {
      guest.step(kind);
      if (seen.size() == kinds.length - 1) {
        break;
      }
      guest = fixture.await();
      assertThat(guest.reason()).isEqualTo(PauseReason.STEP);
      seen.add(describe(guest));
    }

    assertThat(seen)
        .containsExactly(
            "1 call 0", "0 local.get 0, 1 call 0", "0 i32.const 1, 1 call 0", "1 call 0", "1 end");
    assertThat(get(call)).isEqualTo(7);
    assertThat(fixture.pauses).isEmpty();
  }

  /// A breakpoint in a call that is stepped over ends the step.
  @Test
  void stepOver_pausesAtABreakpointInside() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    only(fixture).setBreakpoint(TWICE, 3, BreakCondition.NONE);
    only(fixture).setBreakpoint(INC, 5, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> call = start(instance(module), "twice", 5);
    PausedGuest guest = fixture.await();
    assertThat(describe(guest)).isEqualTo("1 call 0");
    guest.step(StepKind.OVER);

    PausedGuest inside = fixture.await();
    assertThat(inside.reason()).isEqualTo(PauseReason.BREAKPOINT);
    assertThat(describe(inside)).isEqualTo("0 i32.add, 1 call 0");
    fixture.debugger.leave();
    assertThat(get(call)).isEqualTo(7);
  }

  @Test
  void steps_runThroughSkippedCode() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    DebugModule code = only(fixture);
    only(fixture).setBreakpoint(TWICE, 3, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> call = start(instance(module), "twice", 5);
    PausedGuest guest = fixture.await();
    CodeRange inc =
        new CodeRange(code.id(), code.module().bodyOffset(INC), code.module().bodyEnd(INC));
    guest.step(StepKind.INTO, List.of(inc));

    PausedGuest next = fixture.await();
    assertThat(describe(next)).isEqualTo("1 call 0");
    assertThat(next.frame(0).operand(0)).isEqualTo(6);
    next.resume();
    assertThat(get(call)).isEqualTo(7);
  }

  /// A step over an instruction that traps ends with the call; the next call is not stepped.
  @Test
  void stepThatTraps_endsWithTheCall() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    Breakpoint breakpoint = only(fixture).setBreakpoint(3, 0, BreakCondition.NONE);
    Instance instance = instance(module);
    CompletableFuture<@Nullable Object> call = start(instance, "fail");
    PausedGuest guest = fixture.await();
    assertThat(describe(guest)).isEqualTo("3 unreachable");
    fixture.debugger.remove(breakpoint);
    guest.step(StepKind.INTO);

    assertThatThrownBy(() -> get(call)).hasCauseInstanceOf(TrapException.class);
    assertThat(get(start(instance, "inc", 1))).isEqualTo(2);
    assertThat(fixture.pauses).isEmpty();
  }

  // Pauses.

  @Test
  void stepsThroughAllInstructions_computeTheSame() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    fixture.debugger.pauseOnEntry(true);
    CompletableFuture<@Nullable Object> call = start(instance(module), "twice", 5);
    PausedGuest guest = fixture.await();
    assertThat(guest.reason()).isEqualTo(PauseReason.ENTRY);
    String last = describe(guest);
    int steps = 0;
    while (!last.equals("1 end")) {
      last = stepped(fixture, guest, StepKind.INTO);
      guest = fixture.debugger.paused().getFirst();
      steps++;
    }
    guest.resume();

    assertThat(get(call)).isEqualTo(7);
    assertThat(steps).isEqualTo(1 + 4 + 1 + 4 + 1);
  }

  /// More guests than allowed pass their breakpoints, which is counted.
  @Test
  void pausesBeyondTheLimit_areRefused() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    only(fixture).setBreakpoint(INC, 0, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> first = start(instance(module), "inc", 1);
    fixture.await();
    CompletableFuture<@Nullable Object> second = start(instance(module), "inc", 2);
    fixture.await();

    assertThat(get(start(instance(module), "inc", 3))).isEqualTo(4);
    assertThat(fixture.debugger.skippedPauses()).isEqualTo(1);
    assertThat(fixture.debugger.paused()).hasSize(2);
    fixture.debugger.leave();
    assertThat(get(first)).isEqualTo(2);
    assertThat(get(second)).isEqualTo(3);
    assertThat(fixture.debugger.paused()).isEmpty();
  }

  @Test
  void pausedGuest_isTerminated() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    only(fixture).setBreakpoint(INC, 0, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> call = start(instance(module), "inc", 1);
    PausedGuest guest = fixture.await();
    PausedFrame frame = guest.frame(0);
    guest.terminate();

    assertThatThrownBy(() -> get(call))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(StoppedException.class);
    assertThat(guest.isPaused()).isFalse();
    assertThatThrownBy(() -> frame.local(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(guest::resume).isInstanceOf(IllegalStateException.class);
  }

  /// Whoever removes an isolate does not wait for a debugger.
  @Test
  void removedIsolate_releasesItsGuests() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    only(fixture).setBreakpoint(INC, 0, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> call = start(instance(module), "inc", 1);
    fixture.await();
    isolate.close();

    assertThat(get(call)).isEqualTo(2);
    assertThat(fixture.debugger.modules()).isEmpty();
    assertThatThrownBy(fixture.debugger::enter).isInstanceOf(IllegalStateException.class);
  }

  /// Garbage collection while a guest pauses takes nothing from it.
  @Test
  void collectionDuringAPause_isHarmless() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    only(fixture).setBreakpoint(INC, 3, BreakCondition.NONE);
    CompletableFuture<@Nullable Object> call = start(instance(module), "inc", 41);
    PausedGuest guest = fixture.await();
    System.gc();
    assertThat(guest.frame(0).operand(0)).isEqualTo(41);
    guest.resume();
    assertThat(get(call)).isEqualTo(42);
  }

  /// Debugging is turned on and off, breakpoints come and go, while guests run.
  @Test
  void races_computeTheSame_andLeaveNothingPaused() throws Exception {
    ModuleHandle module = engine.compile(isolate, module());
    DebugFixture fixture = DebugFixture.enter(isolate);
    CountDownLatch ended = new CountDownLatch(3);
    List<Throwable> failures = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      int first = t;
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try (Store store = new Store(HeapLimiter.UNLIMITED)) {
              Instance instance = module.instantiate(store, Imports.NONE);
              for (int i = 0; i < 300; i++) {
                if (!Integer.valueOf(first + i + 2).equals(result(instance, "twice", first + i))) {
                  throw new AssertionError("twice of " + (first + i));
                }
              }
            } catch (RuntimeException | AssertionError e) {
              synchronized (failures) {
                failures.add(e);
              }
            } finally {
              ended.countDown();
            }
          });
    }
    List<StepKind> kinds = List.of(StepKind.values());
    int pauses = 0;
    for (int round = 0; ended.getCount() > 0; round++) {
      fixture.debugger.enter();
      Breakpoint breakpoint = only(fixture).setBreakpoint(INC, 0, BreakCondition.NONE);
      for (PausedGuest guest : fixture.debugger.paused()) {
        pauses++;
        if (round % 3 == 0) {
          guest.step(kinds.get(pauses % 3));
        } else {
          guest.resume();
        }
      }
      fixture.debugger.remove(breakpoint);
      if (round % 5 == 4) {
        fixture.debugger.leave();
      }
      Thread.onSpinWait();
    }
    fixture.debugger.leave();

    assertThat(failures).isEmpty();
    assertThat(fixture.debugger.paused()).isEmpty();
  }
}
