package dev.cloister.sandbox.http;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.Invocation;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationTimings;
import dev.cloister.sandbox.http.field.RateLimitField;
import dev.cloister.sandbox.stats.CallOutcome;
import io.vertx.core.Future;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has calls run, counts them, and answers with what became of them. Used on the exchange's event
/// loop.
final class CallRunner {
  private static final Logger LOG = LoggerFactory.getLogger(CallRunner.class);
  private static final String LIMIT = IsolateLimit.REQUESTS_PER_SECOND.limitName();

  private final CallMeter meter;
  private final ControlEndpoints threads;

  /// @param threads where code is optimized
  CallRunner(CallMeter meter, ControlEndpoints threads) {
    this.meter = meter;
    this.threads = threads;
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
    long startNanos = meter.start();
    attempt(target, factory)
        .compose(outcome ->
            target.isToBeRepeated(outcome)
                ? attempt(target, factory)
                : Future.succeededFuture(outcome))
        .onComplete(done ->
            target
                .exchange()
                .run(() -> {
                  onEnd.run();
                  if (done.succeeded()) {
                    InvocationOutcome outcome = done.result();
                    translation.translate(
                        outcome, answer -> answer(target, outcome, answer, startNanos));
                  } else {
                    fail(target, startNanos);
                    target.fail(done.cause());
                  }
                }));
  }

  /// Returns what a call's outcome is if nothing is made of what it returned.
  static InvocationAnswer plain(CallTarget target, InvocationOutcome outcome) {
    String bytesType = target.plugin().settings().extism().contentType();
    return InvocationAnswer.of(outcome.result(), bytesType, target.tenant().isolate().limits());
  }

  private Future<InvocationOutcome> attempt(CallTarget target, InvocationFactory factory) {
    return target
        .tenant()
        .load(target.version())
        .compose(plugin -> {
          if (target.plugin().settings().wantsOptimized() && !plugin.isOptimizing()) {
            optimize(plugin);
          }
          return target.admit(factory.of(plugin));
        });
  }

  /// Has a plugin optimized while calls go on; they enter the code when it is there.
  private void optimize(PluginHandle plugin) {
    if (!plugin.hold()) {
      return;
    }
    try {
      threads.execute(() -> {
        try {
          plugin.optimize();
        } catch (LimitExceededException e) {
          LOG.warn(
              "event=plugin-not-optimized module={} limit={} allowed={}",
              plugin.hash().hex(),
              e.limit(),
              e.allowed());
        } finally {
          plugin.release();
        }
      });
    } catch (RejectedExecutionException _) {
      plugin.release(); // the server stops
    }
  }

  private void answer(
      CallTarget target, InvocationOutcome outcome, InvocationAnswer answer, long startNanos) {
    long allowed = target.tenant().isolate().limits().value(IsolateLimit.REQUESTS_PER_SECOND);
    meter.end(
        target.tenant(),
        target.plugin().name(),
        answer.outcome(),
        startNanos,
        outcome.timings(),
        answer.answer().body().length);
    Answer complete =
        answer
            .answer()
            .with(
                Map.of(
                    "Cloister-Version",
                    target.version().toString(),
                    "Cloister-Instance",
                    outcome.instance().label(),
                    "Server-Timing",
                    outcome.timings().serverTiming(),
                    "RateLimit-Policy",
                    RateLimitField.policy(LIMIT, allowed),
                    "RateLimit",
                    RateLimitField.state(LIMIT, target.tenant().isolate().availableRequests())));
    target.exchange().answer(complete).onComplete(_ -> outcome.close());
  }

  /// Notes the end of a call that never ran.
  private void fail(CallTarget target, long startNanos) {
    meter.end(
        target.tenant(),
        target.plugin().name(),
        CallOutcome.ERROR,
        startNanos,
        InvocationTimings.NONE,
        0);
  }
}
