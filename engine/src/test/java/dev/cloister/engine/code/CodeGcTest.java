package dev.cloister.engine.code;

import static dev.cloister.engine.fixture.TestEngine.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.CodeUser;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.TierPolicy;
import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.EngineEvents;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Collections of code: when they begin, what they free, and who may die meanwhile.
final class CodeGcTest {
  private static final List<CodeFilter> FILTERS = List.of(CodeFilter.values());

  private static final Tiering TIERING = new Tiering(TierPolicy.onRequest());

  private final RecordingListener listener = new RecordingListener();
  private final CodeEvents events =
      new CodeEvents(new EngineEvents(List.of(listener)), Runnable::run);
  private final TestModules modules = new TestModules();

  /// Reports of isolates that were asked for and not made.
  private final Deque<Runnable> reports = new ArrayDeque<>();

  private final List<Store> stores = new ArrayList<>();

  @AfterEach
  void close() {
    stores.forEach(Store::close);
    modules.close();
  }

  private CodeManager manager(boolean isStressed) {
    return new CodeManager(Long.MAX_VALUE, isStressed, 1, () -> 0, reports::add, TIERING, events);
  }

  private void reportAll() {
    while (!reports.isEmpty()) {
      reports.poll().run();
    }
  }

  private Instance instantiate(NativeModule module, CodeUser user) {
    Store store = new Store(HeapLimiter.UNLIMITED);
    stores.add(store);
    Instance instance = module.instantiate(store, Imports.NONE, user);
    assertThat(result(instance, "f0", 1)).isEqualTo(1);
    return instance;
  }

  /// Lets a new image take the place of the current one.
  private static CodeImage replace(NativeModule module) {
    CodeImage last = module.currentImage();
    module.useImage(module.addImage(CodeKind.BASELINE));
    return last;
  }

  private static CodeAccount.State state(CodeImage image) {
    return image.account().state();
  }

  @Test
  void replacedCode_belowTheLimit_waits() {
    CodeManager manager = manager(/* isStressed= */ false);
    NativeModule module = modules.compile(TestModules.adders(1), manager);

    CodeImage first = replace(module);

    assertThat(manager.figures().collections()).isZero();
    assertThat(manager.figures().potentiallyDeadBytes()).isEqualTo(first.codeBytes()).isPositive();
    manager.collect();
    assertThat(manager.figures().finishedCollections()).isEqualTo(1);
    assertThat(manager.figures().potentiallyDeadBytes()).isZero();
    assertThat(manager.figures().freedBytes()).isEqualTo(first.codeBytes());
    assertThat(state(first)).isEqualTo(CodeAccount.State.FREED);
    assertThat(listener.told(CodeCollected.class))
        .singleElement()
        .satisfies(e -> {
          assertThat(e.number()).isEqualTo(1);
          assertThat(e.isRequested()).isTrue();
          assertThat(e.isFollowUp()).isFalse();
          assertThat(e.isolates()).isZero();
          assertThat(e.candidates()).isEqualTo(1);
          assertThat(e.freed()).isEqualTo(1);
          assertThat(e.freedBytes()).isEqualTo(first.codeBytes());
        });
  }

  /// V8's limit: 64 KiB and a tenth of all code.
  @Test
  void replacedCode_aboveTheLimit_isCollected() {
    CodeManager manager = manager(/* isStressed= */ false);
    NativeModule module = modules.compile(TestModules.adders(1_000), manager);
    long replaced = 0;
    for (int i = 0; i < 50 && manager.figures().collections() == 0; i++) {
      module.generateAll();
      long dead = manager.figures().potentiallyDeadBytes();
      long all = manager.figures().committedBytes();
      CodeImage last = replace(module);
      replaced = dead + last.codeBytes();
      boolean isAbove = replaced > (64 << 10) + (all + module.currentImage().codeBytes()) / 10;
      assertThat(manager.figures().collections()).isEqualTo(isAbove ? 1 : 0);
    }

    assertThat(manager.figures().collections()).isEqualTo(1);
    assertThat(manager.figures().freedBytes()).isEqualTo(replaced);
    assertThat(listener.told(CodeCollected.class))
        .extracting(CodeCollected::isRequested, CodeCollected::freedBytes)
        .containsExactly(tuple(false, replaced));
  }

  @Test
  void isolate_thatRunsOldCode_keepsItUntilItsNextCall() {
    CodeManager manager = manager(/* isStressed= */ true);
    manager.addIsolate("a");
    manager.addIsolate("b");
    NativeModule module = modules.compile(TestModules.adders(1), manager);
    Instance ofA = instantiate(module, module.open("a", null));

    CodeImage first = replace(module);
    assertThat(manager.figures().collections()).isEqualTo(1);
    assertThat(manager.figures().outstandingIsolates()).isEqualTo(2);
    assertThat(manager.isCollecting()).isTrue();
    reportAll();

    assertThat(manager.isCollecting()).isFalse();
    assertThat(state(first)).isEqualTo(CodeAccount.State.POTENTIALLY_DEAD);
    assertThat(manager.figures().potentiallyDeadBytes()).isEqualTo(first.codeBytes());
    result(ofA, "f0", 1);
    manager.collect();
    reportAll();
    assertThat(state(first)).isEqualTo(CodeAccount.State.FREED);
  }

  @Test
  void collection_whileOneRuns_isOneFollowUpForAllWhoAsk() {
    CodeManager manager = manager(/* isStressed= */ true);
    manager.addIsolate("a");
    NativeModule module = modules.compile(TestModules.adders(1), manager);
    CodeImage first = replace(module);
    CodeImage second = replace(module);
    CodeImage third = replace(module);
    assertThat(manager.figures().collections()).isEqualTo(1);

    reports.poll().run();
    // Only what was dead when it began; the follow-up has begun.
    assertThat(state(first)).isEqualTo(CodeAccount.State.FREED);
    assertThat(state(second)).isEqualTo(CodeAccount.State.POTENTIALLY_DEAD);
    assertThat(manager.figures().finishedCollections()).isEqualTo(1);
    assertThat(manager.figures().collections()).isEqualTo(2);

    reports.poll().run();
    assertThat(state(second)).isEqualTo(CodeAccount.State.FREED);
    assertThat(state(third)).isEqualTo(CodeAccount.State.FREED);
    assertThat(manager.isCollecting()).isFalse();
    assertThat(manager.figures().collections()).isEqualTo(2);
    assertThat(reports).isEmpty();
    assertThat(listener.told(CodeCollected.class))
        .extracting(CodeCollected::isFollowUp, CodeCollected::isolates, CodeCollected::freed)
        .containsExactly(tuple(false, 1, 1), tuple(true, 1, 2));
  }

  @Test
  void isolate_diesDuringACollection_doesNotBlockIt() {
    CodeManager manager = manager(/* isStressed= */ true);
    manager.addIsolate("a");
    manager.addIsolate("b");
    NativeModule module = modules.compile(TestModules.adders(1), manager);
    CodeImage first = replace(module);
    Runnable ofA = Objects.requireNonNull(reports.poll());
    Runnable ofB = Objects.requireNonNull(reports.poll());

    manager.removeIsolate("a");
    manager.removeIsolate("a");
    assertThat(manager.isCollecting()).isTrue();
    assertThat(manager.figures().outstandingIsolates()).isEqualTo(1);
    ofB.run();

    assertThat(manager.isCollecting()).isFalse();
    assertThat(state(first)).isEqualTo(CodeAccount.State.FREED);
    // Late and repeated reports are of no account, also for the next collection.
    CodeImage second = replace(module);
    ofA.run();
    ofB.run();
    assertThat(manager.isCollecting()).isTrue();
    assertThat(state(second)).isEqualTo(CodeAccount.State.POTENTIALLY_DEAD);
    manager.removeIsolate("b");
    assertThat(manager.isCollecting()).isFalse();
    assertThat(state(second)).isEqualTo(CodeAccount.State.FREED);
  }

  @Test
  void isolate_addedDuringACollection_isNotWaitedFor() {
    CodeManager manager = manager(/* isStressed= */ true);
    manager.addIsolate("a");
    NativeModule module = modules.compile(TestModules.adders(1), manager);
    replace(module);

    manager.addIsolate("b");
    reportAll();

    assertThat(manager.isCollecting()).isFalse();
  }

  @Test
  void module_diesDuringACollection_leavesIt() {
    CodeManager manager = manager(/* isStressed= */ true);
    manager.addIsolate("a");
    replaceAndForget(manager);
    long dead = manager.figures().potentiallyDeadBytes();
    assertThat(dead).isPositive();
    assertThat(manager.isCollecting()).isTrue();

    TestModules.awaitCollected(
        "its code is gone", () -> manager.figures().potentiallyDeadBytes() == 0);
    assertThat(manager.isCollecting()).isTrue();
    reportAll();

    assertThat(manager.isCollecting()).isFalse();
    CodeManager.Figures figures = manager.figures();
    assertThat(figures.committedBytes()).isZero();
    assertThat(figures.freedBytes()).isEqualTo(figures.definedBytes());
    assertThat(figures.unloadedBytes()).isEqualTo(figures.definedBytes());
  }

  private void replaceAndForget(CodeManager manager) {
    NativeModule module = modules.compile(TestModules.adders(1), manager);
    module.generateAll();
    replace(module);
  }

  @Test
  void module_withoutUsersAndInstances_isFreedWhole() {
    CodeManager manager = manager(/* isStressed= */ true);
    NativeModule module = modules.compile(TestModules.adders(3), manager);
    CodeUser first = module.open("a", null);
    CodeUser second = module.open("b", null);
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      result(module.instantiate(store, Imports.NONE, first), "f1", 1);
      module.close(first);
      module.close(first);
      assertThat(manager.figures().freedBytes()).isZero();
      module.close(second);
      manager.collect();
      // Its instance runs on.
      assertThat(manager.figures().freedBytes()).isZero();
    }
    manager.collect();

    assertThat(manager.figures().committedBytes()).isZero();
    assertThat(manager.figures().freedBytes())
        .isEqualTo(manager.figures().definedBytes())
        .isEqualTo(module.codeBytes());

    // Whoever uses it again lets it count again.
    CodeUser third = module.open("a", null);
    assertThat(manager.figures().committedBytes()).isEqualTo(module.codeBytes());
    assertThat(manager.figures().freedBytes()).isZero();
    module.close(third);
    assertThat(manager.figures().committedBytes()).isZero();
  }

  /// Calls, tier-ups, isolates and stores that come and go, everything collected at once.
  @Test
  void stress_tierUpRacingWithCalls_keepsTheAccounts() throws Exception {
    Random random = Seed.random();
    AtomicBoolean isDone = new AtomicBoolean();
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(3);
    CodeManager manager;
    NativeModule module;
    try (ExecutorService reporter = Executors.newSingleThreadExecutor();
        ExecutorService guests = Executors.newCachedThreadPool()) {
      manager =
          new CodeManager(
              Long.MAX_VALUE,
              /* isStressed= */ true,
              1,
              () -> 0,
              reporter,
              TIERING,
              CodeEvents.silent());
      module = modules.compile(TestModules.adders(30), manager);
      List<Future<?>> futures = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        String isolate = "isolate" + i;
        Random own = new Random(random.nextLong());
        futures.add(
            guests.submit(() -> {
              manager.addIsolate(isolate);
              CodeUser user = module.open(isolate, null);
              begun.countDown();
              while (!isDone.get()) {
                try (Store store = new Store(HeapLimiter.UNLIMITED)) {
                  Instance instance = module.instantiate(store, Imports.NONE, user);
                  for (int call = own.nextInt(20); call >= 0; call--) {
                    int function = own.nextInt(30);
                    assertThat(result(instance, "f" + function, call)).isEqualTo(function + call);
                    calls.incrementAndGet();
                  }
                }
                if (own.nextInt(4) == 0) {
                  manager.removeIsolate(isolate);
                  module.close(user);
                  user = module.open(isolate, null);
                  manager.addIsolate(isolate);
                }
              }
              manager.removeIsolate(isolate);
              module.close(user);
              return null;
            }));
      }
      begun.await();
      for (int i = 0; i < 60; i++) {
        BitSet hot = new BitSet();
        hot.set(random.nextInt(30));
        module.useImage(module.addImage(FunctionTiers.optimizing(hot)));
        if (i % 10 == 9) {
          module.remove(FILTERS.get(random.nextInt(FILTERS.size())));
        }
      }
      isDone.set(true);
      for (Future<?> future : futures) {
        get(future);
      }
    }
    assertThat(calls).hasPositiveValue();
    TestModules.await("collections have ended", () -> !manager.isCollecting());
    manager.collect();

    CodeManager.Figures figures = manager.figures();
    assertThat(figures.collections()).isEqualTo(figures.finishedCollections()).isPositive();
    assertThat(figures.potentiallyDeadBytes()).isZero();
    assertThat(figures.committedBytes()).isZero();
    assertThat(figures.freedBytes()).isEqualTo(figures.definedBytes());
    assertThat(module.images()).allMatch(image -> image.instanceCount() == 0);
    TestModules.awaitCollected(
        "old images are gone", () -> module.images().stream().noneMatch(i -> i.ordinal() < 50));
  }

  private static void get(Future<?> future) throws InterruptedException {
    try {
      future.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  // The budget.

  @Test
  void manyModules_underASmallBudget_succeedWhenEachIsGivenUp() {
    CodeManager manager =
        new CodeManager(
            1 << 20,
            /* isStressed= */ false,
            1,
            () -> 0,
            Runnable::run,
            TIERING,
            CodeEvents.silent());
    long defined = 0;
    for (int i = 0; i < 480; i++) {
      NativeModule module = modules.compile(TestModules.adders(20 + i % 7), manager);
      CodeUser user = module.open("a", null);
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        assertThat(result(module.instantiate(store, Imports.NONE, user), "f3", i)).isEqualTo(i + 3);
      }
      defined += module.codeBytes();
      module.close(user);
      assertThat(manager.figures().committedBytes()).isLessThanOrEqualTo(1 << 20);
    }

    assertThat(defined).isGreaterThan(2 << 20);
    assertThat(manager.figures().refusals()).isZero();
    assertThat(manager.figures().freedBytes()).isPositive();
  }

  /// Modules that are all still in use: code that nobody runs is flushed, then there is an error.
  @Test
  void budget_exhausted_flushesIdleCodeAndThenRefuses() {
    NativeModule measured =
        modules.compile(TestModules.adders(40), manager(/* isStressed= */ false));
    measured.generateAll();
    long budget = measured.codeBytes() * 5;
    CodeManager manager =
        new CodeManager(
            budget,
            /* isStressed= */ false,
            1,
            () -> 0,
            Runnable::run,
            TIERING,
            CodeEvents.silent());
    List<NativeModule> kept = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      NativeModule module = modules.compile(TestModules.adders(40), manager);
      module.open("a", null);
      module.generateAll();
      kept.add(module);
    }
    // Images without instances went; they are made again when they are needed.
    assertThat(manager.figures().flushes()).isPositive();
    assertThat(manager.figures().flushedBytes()).isPositive();
    assertThat(manager.figures().committedBytes()).isLessThanOrEqualTo(budget);
    Instance old = instantiate(kept.getFirst(), kept.getFirst().open("a", null));

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1_000; i++) {
                NativeModule module = modules.compile(TestModules.adders(40), manager);
                kept.add(module);
                instantiate(module, module.open("a", null));
              }
            })
        .isInstanceOfSatisfying(
            LimitExceededException.class,
            e -> {
              assertThat(e.limit()).isEqualTo("codeBytes");
              assertThat(e.allowed()).isEqualTo(budget);
              assertThat(e.used()).isGreaterThan(budget);
            });

    assertThat(manager.figures().refusals()).isPositive();
    // Who had code goes on.
    assertThat(result(old, "f0", 7)).isEqualTo(7);
  }

  /// A chunk that is needed in mid-call is refused with the same error, and may come later.
  @Test
  void budget_exhaustedInMidCall_failsTheCallOnly() {
    CodeManager[] manager = new CodeManager[1];
    CodeManager measuring = manager(/* isStressed= */ false);
    NativeModule measured = modules.compile(TestModules.adders(100), measuring);
    instantiate(measured, measured.open("a", null));
    long budget = measuring.figures().committedBytes() + 200;
    manager[0] =
        new CodeManager(
            budget,
            /* isStressed= */ false,
            1,
            () -> 0,
            Runnable::run,
            TIERING,
            CodeEvents.silent());
    NativeModule module = modules.compile(TestModules.adders(100), manager[0]);
    Instance instance = instantiate(module, module.open("a", null));

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> result(instance, "f99", 1))
          .isInstanceOfSatisfying(
              LimitExceededException.class, e -> assertThat(e.limit()).isEqualTo("codeBytes"));
      assertThat(result(instance, "f0", 1)).isEqualTo(1);
    }
  }

  @Test
  void codeCache_nearlyFull_refusesNewImagesAndKeepsTheOldOnes() {
    double[] use = {0.5};
    CodeManager manager =
        new CodeManager(
            Long.MAX_VALUE,
            /* isStressed= */ false,
            0.8,
            () -> use[0],
            Runnable::run,
            TIERING,
            CodeEvents.silent());
    NativeModule module = modules.compile(TestModules.adders(2), manager);
    Instance instance = instantiate(module, module.open("a", null));
    use[0] = 0.81;

    assertThatThrownBy(() -> module.addImage(CodeKind.OPTIMIZED))
        .isInstanceOf(LimitExceededException.class)
        .hasMessage("limit exceeded: use of the JVM's code cache in percent is 81, at most 80");
    assertThatThrownBy(() -> modules.compile(TestModules.adders(1), manager))
        .isInstanceOf(LimitExceededException.class);
    assertThat(manager.figures().refusals()).isEqualTo(2);
    assertThat(module.images()).hasSize(1);
    assertThat(result(instance, "f1", 1)).isEqualTo(2);
    // What was given up cannot come back now, but an instance stays where it is.
    module.remove(CodeFilter.ALL);
    assertThat(result(instance, "f1", 1)).isEqualTo(2);
    assertThatThrownBy(() -> instantiate(module, module.open("a", null)))
        .isInstanceOf(LimitExceededException.class);

    use[0] = 0.8;
    assertThat(result(instantiate(module, module.open("a", null)), "f1", 1)).isEqualTo(2);
  }

  @Test
  void flushBaseline_leavesOptimizedAndDebugCode() {
    CodeManager manager = manager(/* isStressed= */ false);
    NativeModule baseline = modules.compile(TestModules.adders(2), manager);
    NativeModule mixed = modules.compile(TestModules.adders(2), manager);
    BitSet hot = new BitSet();
    hot.set(0);
    mixed.useImage(mixed.addImage(FunctionTiers.optimizing(hot)));
    CodeImage debug = mixed.image(CodeKind.DEBUG);
    CodeImage optimized = mixed.currentImage();
    baseline.generateAll();
    long bytes = baseline.currentImage().codeBytes();

    FreedCode freed = manager.flushBaseline();

    assertThat(freed.codeBytes()).isEqualTo(bytes);
    assertThat(freed.metadataBytes()).isPositive();
    assertThat(mixed.isCurrent(optimized)).isTrue();
    assertThat(debug.isPublished()).isTrue();
    assertThat(manager.flushBaseline()).isEqualTo(FreedCode.NONE);
    assertThat(manager.figures().flushedBytes()).isEqualTo(bytes);
  }
}
