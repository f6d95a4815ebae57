package dev.cloister.sandbox.http;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Tenant;
import io.vertx.core.Context;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Reads what calls are sent and answer. What is large is worked at on threads of its own rather
/// than on the event loop. Used on the exchange's event loop.
final class CallBodies {
  /// Up to this length the event loop works at bytes itself.
  private static final int MAX_INLINE_BYTES = 16 << 10;

  /// How many times its length a large body takes while it is parsed: a text is two bytes for each
  /// character, in pieces and as a whole. Lists and objects in arguments are not kept.
  private static final int PARSED_FACTOR = 4;

  private final ControlEndpoints threads;

  CallBodies(ControlEndpoints threads) {
    this.threads = threads;
  }

  /// What takes the body of a request.
  interface BodyConsumer {
    void accept(byte[] body);
  }

  /// Reads the body; no more bodies of a tenant arrive at once than it may have calls.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there are too many, or the body is
  ///   announced in a way that is not accepted
  void read(CallTarget target, BodyConsumer consumer) {
    Tenant tenant = target.tenant();
    IsolateLimits limits = tenant.isolate().limits();
    long allowed = limits.value(IsolateLimit.CONCURRENCY) + limits.value(IsolateLimit.QUEUE_LENGTH);
    if (tenant.arrivingBodies().incrementAndGet() > allowed) {
      tenant.arrivingBodies().decrementAndGet();
      throw Problem.of(ProblemType.OVERLOADED, "too many requests are sending their body")
          .with("limit", "queueLength")
          .with("allowed", allowed)
          .asException();
    }
    try {
      BodyReader.read(
          target.exchange(),
          "requestBytes",
          limits.value(IsolateLimit.REQUEST_BYTES),
          target.body(),
          body -> {
            tenant.arrivingBodies().decrementAndGet();
            try {
              consumer.accept(body);
            } catch (RuntimeException e) {
              target.fail(e);
            }
          },
          () -> tenant.arrivingBodies().decrementAndGet());
    } catch (RuntimeException e) {
      tenant.arrivingBodies().decrementAndGet();
      throw e;
    }
  }

  /// Has a body of `bytes` bytes parsed, and goes on with what `work` made of it as [#offload]
  /// does.
  <T> void parse(CallTarget target, int bytes, Supplier<T> work, Consumer<T> next) {
    if (bytes > MAX_INLINE_BYTES) {
      target.body().add((long) PARSED_FACTOR * bytes);
    }
    offload(target, bytes, work, next);
  }

  /// Has `work` done with `bytes` bytes, at once or, if they are many, on a thread of its own; then
  /// goes on with the outcome, on the exchange's event loop.
  <T> void offload(CallTarget target, int bytes, Supplier<T> work, Consumer<T> next) {
    if (bytes <= MAX_INLINE_BYTES) {
      next.accept(work.get());
      return;
    }
    Context context = target.exchange().context();
    threads.execute(() -> {
      try {
        T done = work.get();
        context.runOnContext(_ -> {
          try {
            next.accept(done);
          } catch (RuntimeException e) {
            target.fail(e);
          }
        });
      } catch (RuntimeException e) {
        context.runOnContext(_ -> target.fail(e));
      }
    });
  }
}
