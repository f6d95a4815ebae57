package dev.cloister.sandbox.http;

import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.Invocation;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationTimings;
import dev.cloister.sandbox.http.field.RateLimitField;
import dev.cloister.sandbox.stats.CallOutcome;
import io.vertx.core.Future;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Has calls run, counts them, and answers with what became of them. Used on the exchange's event
/// loop.
final class CallRunner {
  private static final String LIMIT = IsolateLimit.REQUESTS_PER_SECOND.limitName();

  private final CallMeter meter;

  CallRunner(CallMeter meter) {
    this.meter = meter;
  }

  /// Makes the call of a plugin that is loaded.
  interface InvocationFactory {
    Invocation of(PluginHandle plugin);
  }

  /// Makes an answer of what a call returned, and hands it on.
  interface Translation {
    void translate(InvocationOutcome outcome, Consumer<InvocationAnswer> next);
  }

  /// Has a call run and answers with what it returned as it is.
  ///
  /// @param onEnd run when the call has ended, before it is answered
  void run(CallTarget target, InvocationFactory factory, Runnable onEnd) {
    run(target, factory, onEnd, (outcome, next) -> next.accept(plain(target, outcome)));
  }

  /// Has a call run and answers with what `translation` makes of what it returned.
  ///
  /// @param onEnd run when the call has ended, before it is answered
  void run(CallTarget target, InvocationFactory factory, Runnable onEnd, Translation translation) {
    new Run(target, factory, onEnd, translation).begin(/* isFirst= */ true);
  }

  /// Returns what a call's outcome is if nothing is made of what it returned.
  static InvocationAnswer plain(CallTarget target, InvocationOutcome outcome) {
    String bytesType = target.plugin().settings().extism().contentType();
    return InvocationAnswer.of(outcome.result(), bytesType, target.tenant().isolate().limits());
  }

  /// A call from its beginning to its answer.
  private final class Run {
    private final CallTarget target;
    private final InvocationFactory factory;
    private final Runnable onEnd;
    private final Translation translation;
    private final long startNanos = meter.start();

    Run(CallTarget target, InvocationFactory factory, Runnable onEnd, Translation translation) {
      this.target = target;
      this.factory = factory;
      this.onEnd = onEnd;
      this.translation = translation;
    }

    /// @param isFirst whether another attempt may follow
    void begin(boolean isFirst) {
      Future<PluginHandle> loaded = target.tenant().load(target.version());
      if (loaded.succeeded()) {
        begin(loaded.result(), isFirst);
        return;
      }
      loaded.onComplete(done ->
          target
              .exchange()
              .run(() -> {
                if (done.succeeded()) {
                  begin(done.result(), isFirst);
                } else {
                  fail(done.cause());
                }
              }));
    }

    private void begin(PluginHandle plugin, boolean isFirst) {
      CompletableFuture<InvocationOutcome> outcome;
      try {
        outcome = target.admit(factory.of(plugin));
      } catch (RuntimeException e) {
        fail(e);
        return;
      }
      CompletableFuture<Void> _ =
          outcome.thenAccept(ended -> target.exchange().run(() -> end(ended, isFirst)));
    }

    private void end(InvocationOutcome outcome, boolean isFirst) {
      if (isFirst && target.isToBeRepeated(outcome)) {
        begin(/* isFirst= */ false);
        return;
      }
      onEnd.run();
      translation.translate(outcome, answer -> answer(outcome, answer));
    }

    private void answer(InvocationOutcome outcome, InvocationAnswer answer) {
      meter.end(
          target.tenant(),
          target.plugin().name(),
          answer.outcome(),
          startNanos,
          outcome.timings(),
          answer.answer().body().length);
      Isolate isolate = target.tenant().isolate();
      long allowed = isolate.limits().value(IsolateLimit.REQUESTS_PER_SECOND);
      Answer complete =
          answer
              .answer()
              .with(
                  "Cloister-Version",
                  target.version().toString(),
                  "Cloister-Instance",
                  outcome.instance().label(),
                  "Server-Timing",
                  outcome.timings().serverTiming(),
                  "RateLimit-Policy",
                  RateLimitField.policy(LIMIT, allowed),
                  "RateLimit",
                  RateLimitField.state(LIMIT, isolate.availableRequests()));
      target.exchange().answer(complete).onComplete(_ -> outcome.close());
    }

    /// Answers in place of a call that never ran.
    private void fail(Throwable failure) {
      onEnd.run();
      meter.end(
          target.tenant(),
          target.plugin().name(),
          CallOutcome.ERROR,
          startNanos,
          InvocationTimings.NONE,
          0);
      target.fail(failure);
    }
  }
}
