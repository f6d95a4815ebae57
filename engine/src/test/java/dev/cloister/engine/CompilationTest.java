package dev.cloister.engine;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.CompilationCancelledException.Reason;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.CompileMode;
import dev.cloister.engine.stats.CompileState;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.ModuleCompiled;
import dev.cloister.engine.stats.ModuleDecoded;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Compilations: the ways in, what they tell, and what ends them.
@Timeout(60)
final class CompilationTest {
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final CompileOptions DEFAULTS = CompileOptions.defaults();

  private final Queue<ModuleDecoded> decoded = new ConcurrentLinkedQueue<>();
  private final Queue<ModuleCompiled> compiled = new ConcurrentLinkedQueue<>();
  private final Queue<CompileJobInfo> changes = new ConcurrentLinkedQueue<>();
  private final EngineListener listener =
      new EngineListener() {
        @Override
        public void moduleDecoded(ModuleDecoded event) {
          decoded.add(event);
        }

        @Override
        public void moduleCompiled(ModuleCompiled event) {
          compiled.add(event);
        }

        @Override
        public void compileJobChanged(CompileJobInfo job) {
          changes.add(job);
        }
      };
  private final WasmEngine engine =
      new WasmEngine(EngineConfig.defaults().toBuilder().listener(listener).build());
  private final EngineIsolate first = engine.addIsolate("first");
  private final EngineIsolate second = engine.addIsolate("second");
  private final ExecutorService executor = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    engine.close();
    executor.shutdownNow();
    engine.shared().checkInvariants();
  }

  static byte[] module(int answer) {
    return new ModuleBuilder()
        .exportFunction("answer", TO_INT, code -> code.i32Const(answer))
        .build();
  }

  static byte[] invalid(int answer) {
    return new ModuleBuilder()
        .exportFunction("good", TO_INT, code -> code.i32Const(answer))
        .exportFunction("bad", TO_INT, code -> code.i64Const(answer))
        .data(0, new byte[50])
        .memory(1)
        .build();
  }

  /// A module of one body that takes seconds to validate: calls with a thousand parameters and
  /// results.
  static byte[] laborious() {
    List<ValueType> many = Collections.nCopies(1_000, (ValueType) I32);
    FuncType wide = new FuncType(many, many);
    return new ModuleBuilder()
        .function(
            wide,
            code -> {
              for (int i = 0; i < 1_000; i++) {
                code.localGet(i);
              }
            })
        .function(
            wide,
            (CodeBuilder code) -> {
              for (int i = 0; i < 1_000; i++) {
                code.localGet(i);
              }
              for (int i = 0; i < 1_000_000; i++) {
                code.call(0);
              }
            })
        .build();
  }

  private ModuleHandle stream(EngineIsolate isolate, byte[] bytes, int piece) {
    StreamingCompilation streaming = engine.startStreaming(isolate);
    try {
      for (int at = 0; at < bytes.length; at += piece) {
        streaming.push(bytes, at, Math.min(piece, bytes.length - at));
      }
      return streaming.finish();
    } finally {
      streaming.abort();
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(1);
    }
  }

  private static Throwable failureOf(Future<?> future) throws InterruptedException {
    try {
      future.get();
    } catch (ExecutionException | CancellationException e) {
      return Objects.requireNonNull(e.getCause());
    }
    throw new AssertionError("it did not fail");
  }

  // The ways in.

  @Test
  void allWays_haveOneResult() throws Exception {
    byte[] bytes = module(1);
    ModuleHandle sync = engine.compile(first, bytes);
    byte[] changed = bytes.clone();
    CompletableFuture<ModuleHandle> future = engine.compileAsync(second, changed, DEFAULTS);
    Arrays.fill(changed, (byte) 0);
    ModuleHandle async = future.get();
    ModuleHandle streamed = stream(second, bytes, 3);

    assertThat(async.nativeModule()).isSameAs(sync.nativeModule());
    assertThat(streamed.nativeModule()).isSameAs(sync.nativeModule());
    assertThat(engine.statistics().compilations()).isEqualTo(1);
    assertThat(engine.compileJobs()).isEmpty();
  }

  @Test
  void allWays_haveTheSameError() throws Exception {
    byte[] bytes = invalid(1);
    List<String> messages =
        List.of(
            String.valueOf(catchFault(() -> engine.compile(first, bytes)).getMessage()),
            String.valueOf(failureOf(engine.compileAsync(first, bytes, DEFAULTS)).getMessage()),
            String.valueOf(catchFault(() -> stream(first, bytes, 1)).getMessage()),
            String.valueOf(catchFault(() -> stream(first, bytes, 1_000)).getMessage()),
            String.valueOf(catchFault(() -> engine.validate(bytes)).getMessage()));
    assertThat(messages).containsOnly(messages.getFirst());
    assertThat(messages.getFirst()).contains("type mismatch").contains("in function 1");
    assertThat(engine.compileJobs()).isEmpty();
  }

  private static WasmException catchFault(Runnable compile) {
    try {
      compile.run();
    } catch (WasmException e) {
      return e;
    }
    throw new AssertionError("it was accepted");
  }

  @Test
  void streamInRandomPieces_isAsTheWhole() throws Exception {
    try (WasmEngine testing =
            new WasmEngine(
                EngineConfig.defaults().toBuilder()
                    .testStreaming(true)
                    .listener(listener)
                    .build());
        EngineIsolate isolate = testing.addIsolate("testing")) {
      for (int i = 0; i < 50; i++) {
        ModuleHandle handle = testing.compile(isolate, module(i));
        assertThat(testing.compileAsync(isolate, module(i), DEFAULTS).get().nativeModule())
            .isSameAs(handle.nativeModule());
        handle.close();
      }
      String expected = String.valueOf(catchFault(() -> engine.compile(first, invalid(3))));
      assertThat(catchFault(() -> testing.compile(isolate, invalid(3)))).hasToString(expected);
      assertThat(failureOf(testing.compileAsync(isolate, invalid(3), DEFAULTS)))
          .hasToString(expected);
      assertThat(compiled.stream().filter(ModuleCompiled::isStreamed)).hasSize(102);
    }
  }

  @Test
  void cuts_endWithTheModuleAndAreFew() {
    for (int size : new int[] {0, 1, 2, 3, 16, 1_000}) {
      byte[] bytes = new byte[size];
      int[] cuts = RandomCuts.of(bytes);
      assertThat(cuts).hasSizeBetween(1, 16).isSorted().doesNotHaveDuplicates();
      assertThat(cuts[cuts.length - 1]).isEqualTo(size);
      assertThat(RandomCuts.of(bytes)).isEqualTo(cuts);
    }
    assertThat(RandomCuts.of(new byte[1_000])).hasSize(16);
  }

  @Test
  void module_sharedWithAnIsolate_isUsedByIt() {
    ModuleHandle handle = engine.compile(first, module(1));
    ModuleHandle theirs = handle.shareWith(second);

    assertThat(theirs.nativeModule()).isSameAs(handle.nativeModule());
    assertThat(theirs.info().isolates()).containsExactly("first", "second");
    handle.close();
    assertThat(theirs.info().isolates()).containsExactly("second");
    assertThatThrownBy(() -> handle.shareWith(second)).isInstanceOf(IllegalStateException.class);
    first.close();
    assertThatThrownBy(() -> theirs.shareWith(first)).isInstanceOf(IllegalStateException.class);
    assertThat(theirs.info().references()).isEqualTo(1);
  }

  @Test
  void isolate_thatAsksNotToShare_hasItsOwnCode() {
    EngineIsolate secret = engine.addIsolate("secret", "salt");
    EngineIsolate alike = engine.addIsolate("alike", "salt");
    ModuleHandle open = engine.compile(first, module(1));
    ModuleHandle own = engine.compile(secret, module(1));

    assertThat(own.nativeModule()).isNotSameAs(open.nativeModule());
    assertThat(stream(alike, module(1), 5).nativeModule()).isSameAs(own.nativeModule());
    assertThat(own.hash()).isEqualTo(open.hash());
    assertThat(engine.statistics().compilations()).isEqualTo(2);
  }

  // What is told.

  @Test
  void everyCompilation_isToldOnceWithItsFlags() throws Exception {
    engine.compile(first, module(1));
    engine.compileAsync(second, module(1), DEFAULTS).get();
    stream(first, module(2), 7);
    catchFault(() -> stream(first, invalid(1), 7));

    assertThat(compiled)
        .extracting(
            ModuleCompiled::isolate,
            ModuleCompiled::isAsync,
            ModuleCompiled::isStreamed,
            ModuleCompiled::isCached,
            ModuleCompiled::isSuccess)
        .containsExactly(
            tuple("first", false, false, false, true),
            tuple("second", true, false, true, true),
            tuple("first", false, true, false, true),
            tuple("first", false, true, false, false));
    assertThat(compiled).allSatisfy(event -> assertThat(event.isDeserialized()).isFalse());
    assertThat(decoded)
        .extracting(
            ModuleDecoded::isAsync,
            ModuleDecoded::isStreamed,
            ModuleDecoded::isSuccess,
            ModuleDecoded::functions)
        .containsExactly(
            tuple(false, false, true, 1),
            tuple(false, true, true, 1),
            tuple(false, true, false, 1));
    assertThat(changes.stream().filter(change -> change.state().isEnd()))
        .extracting(CompileJobInfo::state)
        .containsExactly(
            CompileState.DONE, CompileState.DONE, CompileState.DONE, CompileState.FAILED);
  }

  @Test
  void job_showsHowFarItIs() {
    byte[] bytes = module(1);
    StreamingCompilation streaming = engine.startStreaming(first, DEFAULTS.withTag("a plugin"));
    streaming.push(bytes, 0, bytes.length - 1);

    CompileJobInfo job = engine.compileJobs().getFirst();
    assertThat(job.id()).isEqualTo(streaming.jobId());
    assertThat(job.isolate()).isEqualTo("first");
    assertThat(job.tag()).isEqualTo("a plugin");
    assertThat(job.mode()).isEqualTo(CompileMode.STREAMING);
    assertThat(job.state()).isEqualTo(CompileState.RECEIVING);
    assertThat(job.receivedBytes()).isEqualTo(bytes.length - 1);
    assertThat(job.functions()).isEqualTo(1);
    assertThat(job.hash()).isNull();
    assertThat(first.hasRunningCompileJob()).isTrue();
    assertThat(second.hasRunningCompileJob()).isFalse();
    assertThat(engine.compileJob(job.id())).isNotNull();
    streaming.push(bytes, bytes.length - 1, 1);
    streaming.finish();
    assertThat(engine.compileJob(job.id())).isNull();
    assertThat(first.hasRunningCompileJob()).isFalse();
    CompileJobInfo last = changes.stream().reduce((_, next) -> next).orElseThrow();
    assertThat(last.state()).isEqualTo(CompileState.DONE);
    assertThat(last.validatedFunctions()).isEqualTo(1);
    assertThat(last.hash()).isNotNull();
  }

  @Test
  void moreJobsThanAllowed_areRefused() {
    try (WasmEngine small =
            new WasmEngine(EngineConfig.defaults().toBuilder().maxCompileJobs(1).build());
        EngineIsolate isolate = small.addIsolate("small")) {
      StreamingCompilation streaming = small.startStreaming(isolate);
      assertThatThrownBy(() -> small.compile(isolate, module(1)))
          .isInstanceOf(LimitExceededException.class)
          .hasMessage("limit exceeded: compileJobs is 2, at most 1");
      streaming.abort();
      assertThat(small.compile(isolate, module(1)).codeBytes()).isPositive();
    }
  }

  // The end, by others.

  @Test
  void validation_withinABody_canBeCancelled() throws Exception {
    byte[] bytes = laborious();
    Future<ModuleHandle> future = executor.submit(() -> engine.compile(first, bytes));
    await(() -> engine.compileJobs().stream().anyMatch(job -> job.workMillis() > 20));
    CompileJobInfo job = engine.compileJobs().getFirst();
    long start = System.nanoTime();

    assertThat(engine.cancelCompileJob(job.id())).isTrue();
    assertThat(failureOf(future))
        .isInstanceOf(CompilationCancelledException.class)
        .hasMessage("compilation " + job.id() + " was cancelled: by request");

    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(1_000);
    assertThat(job.validatedFunctions()).isLessThan(2);
    assertThat(engine.cancelCompileJob(job.id())).isFalse();
    assertThat(engine.compileJobs()).isEmpty();
    assertThat(compiled).singleElement().matches(event -> !event.isSuccess());
    assertThat(changes.stream().filter(change -> change.state().isEnd()))
        .singleElement()
        .matches(change -> change.state() == CompileState.CANCELLED);
  }

  @Test
  void compilation_thatTakesTooLong_exceedsItsLimit() throws Exception {
    byte[] bytes = laborious();
    CompileOptions hasty = DEFAULTS.withLimits(Long.MAX_VALUE, Long.MAX_VALUE, 10);
    List<Throwable> failures =
        List.of(
            catchFault(() -> engine.compile(first, bytes, hasty)),
            failureOf(engine.compileAsync(first, bytes, hasty)));
    assertThat(failures)
        .allSatisfy(failure -> {
          assertThat(failure)
              .isInstanceOf(LimitExceededException.class)
              .hasMessageMatching("limit exceeded: compileMillis is \\d+, at most 10");
          assertThat(((LimitExceededException) failure).used()).isBetween(11L, 1_000L);
        });
    // The time of one is not a fault of the module.
    assertThat(engine.compileJobs()).isEmpty();
    assertThat(engine.compile(first, module(1), hasty.withTag("quick")).codeBytes()).isPositive();
  }

  @Test
  void ownLimits_ofAnIsolate_holdAlsoForWhatIsThereAlready() {
    byte[] bytes = invalidlyLarge();
    CompileOptions few = DEFAULTS.withLimits(2, 1, Long.MAX_VALUE);
    String alone = String.valueOf(catchFault(() -> engine.compile(first, bytes, few)).getMessage());
    ModuleHandle handle = engine.compile(second, bytes);

    assertThat(alone).startsWith("limit exceeded: functionsPerModule is 3, at most 2 (@+0x");
    assertThat(catchFault(() -> engine.compile(first, bytes, few))).hasMessage(alone);
    StreamingCompilation streaming = engine.startStreaming(first, few);
    assertThat(
            catchFault(() -> {
              streaming.push(bytes, 0, bytes.length);
              streaming.finish();
            }))
        .hasMessage(alone);
    assertThat(handle.info().isolates()).containsExactly("second");
  }

  private static byte[] invalidlyLarge() {
    ModuleBuilder builder = new ModuleBuilder();
    for (int i = 0; i < 3; i++) {
      int answer = i;
      builder.exportFunction("f" + i, TO_INT, code -> code.i32Const(answer));
    }
    return builder.build();
  }

  @Test
  void stream_cancelledWhileItWaitsForBytes_endsAtOnce() {
    byte[] bytes = module(1);
    StreamingCompilation streaming = engine.startStreaming(first, DEFAULTS.withTag("plugin"));
    streaming.push(bytes, 0, bytes.length - 1);
    CountDownLatch told = new CountDownLatch(1);
    streaming.onCancel(_ -> told.countDown());

    assertThat(first.cancelCompileJobs("another")).isZero();
    assertThat(second.cancelCompileJobs("plugin")).isZero();
    assertThat(first.cancelCompileJobs("plugin")).isEqualTo(1);
    assertThat(told.getCount()).isZero();
    assertThatThrownBy(() -> streaming.push(bytes, bytes.length - 1, 1))
        .isInstanceOfSatisfying(
            CompilationCancelledException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.MODULE_REMOVED));
    assertThatThrownBy(streaming::finish).isInstanceOf(CompilationCancelledException.class);
    assertThat(engine.compileJobs()).isEmpty();
    // Its prefix is free again.
    assertThat(stream(second, bytes, 10).info().isolates()).containsExactly("second");
  }

  @Test
  void isolate_thatIsRemoved_cancelsItsCompilations() throws Exception {
    byte[] bytes = laborious();
    Future<ModuleHandle> sync = executor.submit(() -> engine.compile(first, bytes));
    CompletableFuture<ModuleHandle> async = engine.compileAsync(first, bytes, DEFAULTS);
    StreamingCompilation streaming = engine.startStreaming(first);
    await(() -> engine.compileJobs().stream().anyMatch(job -> job.workMillis() > 10));

    first.close();

    assertThat(failureOf(sync)).isInstanceOf(CompilationCancelledException.class);
    assertThat(failureOf(async))
        .isInstanceOfSatisfying(
            CompilationCancelledException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.ISOLATE_REMOVED));
    assertThatThrownBy(() -> streaming.push(bytes, 0, 10))
        .isInstanceOf(CompilationCancelledException.class);
    assertThat(engine.compileJobs()).isEmpty();
    assertThat(compiled).hasSize(3);
    assertThatThrownBy(() -> engine.startStreaming(first))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the isolate was removed: first");
  }

  /// One of two jobs with the same bytes does the work; when it is cancelled, the other one does.
  @Test
  void work_isHandedOn_whenItsOwnerIsCancelled() throws Exception {
    byte[] bytes = laborious();
    CompletableFuture<ModuleHandle> owner = engine.compileAsync(first, bytes, DEFAULTS);
    await(() -> engine.compileJobs().stream().anyMatch(job -> job.workMillis() > 10));
    CompletableFuture<ModuleHandle> waiting = engine.compileAsync(second, bytes, DEFAULTS);
    await(() -> engine.compileJobs().stream().anyMatch(job -> job.state() == CompileState.WAITING));

    assertThat(owner.cancel(false)).isTrue();

    await(() ->
        engine.compileJobs().stream()
            .anyMatch(job ->
                job.isolate().equals("second")
                    && job.state() == CompileState.VALIDATING
                    && job.workMillis() > 10));
    assertThat(engine.compileJobs()).hasSize(1);
    assertThat(waiting).isNotDone();
    assertThat(engine.cancelCompileJob(engine.compileJobs().getFirst().id())).isTrue();
    assertThat(failureOf(waiting)).isInstanceOf(CompilationCancelledException.class);
    await(() -> engine.compileJobs().isEmpty());
  }

  @Test
  void engine_thatIsClosed_cancelsEverything() throws Exception {
    CompletableFuture<ModuleHandle> async = engine.compileAsync(first, laborious(), DEFAULTS);
    CompletableFuture<ModuleHandle> waiting = engine.compileAsync(second, laborious(), DEFAULTS);
    engine.close();

    assertThat(failureOf(async)).isInstanceOf(CompilationCancelledException.class);
    assertThat(failureOf(waiting)).isInstanceOf(CompilationCancelledException.class);
    assertThatThrownBy(() -> engine.compile(first, module(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the engine was closed");
  }

  // Faults that are known.

  @Test
  void fault_metAgain_isNotLookedForAgain() {
    byte[] bytes = invalid(1);
    @Nullable String message = catchFault(() -> engine.compile(first, bytes)).getMessage();
    assertThat(decoded).hasSize(1);
    assertThat(catchFault(() -> engine.compile(second, bytes))).hasMessage(message);
    assertThat(decoded).hasSize(1);
    assertThat(catchFault(() -> stream(first, bytes, 20))).hasMessage(message);
    assertThat(decoded).hasSize(2);
    for (int piece : new int[] {1, 7, 20, 1_000}) {
      assertThat(catchFault(() -> stream(second, bytes, piece))).hasMessage(message);
    }
    assertThat(decoded).hasSize(2);
    assertThat(compiled).hasSize(7).noneMatch(ModuleCompiled::isSuccess);
  }

  /// It begins as the faulty one, in the very bytes that were at fault.
  @Test
  void module_thatBeginsAsAFaultyOne_isLookedAtAfterAll() {
    byte[] good = module(1);
    byte[] bad = good.clone();
    // The `end` of the body.
    bad[bad.length - 1] = 0;
    catchFault(() -> stream(first, bad, 1));

    ModuleHandle handle = stream(first, good, 1);
    assertThat(handle.hash()).isEqualTo(ModuleHash.of(good));
    assertThat(catchFault(() -> stream(second, bad, 3))).isNotNull();
  }
}
