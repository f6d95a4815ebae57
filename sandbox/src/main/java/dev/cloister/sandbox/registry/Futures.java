package dev.cloister.sandbox.registry;

import io.vertx.core.Future;
import java.util.concurrent.CompletionException;

/// Waiting for a Vert.x future where blocking is allowed.
final class Futures {
  private Futures() {}

  /// Blocks until `future` is done and returns its result. Never called on an event loop.
  static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }
}
