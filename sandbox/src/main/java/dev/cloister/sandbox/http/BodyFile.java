package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.storage.StorageFullException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes the body of a request into a file, as fast as the disk takes it. Used on the connection's
/// event loop; the disk is written on threads of Vert.x's own.
final class BodyFile {
  private final Exchange exchange;
  private final String limit;
  private final long maxBytes;
  private final Runnable onBody;
  private final Consumer<RuntimeException> onFailure;
  private final BodyDigests digests;
  private final BodyPace pace;
  private long size;
  private boolean isDone;

  /// Why the file could not be written, null as long as it can.
  private @Nullable RuntimeException failure;

  private BodyFile(
      Exchange exchange,
      BodyDigests digests,
      String limit,
      long maxBytes,
      Runnable onBody,
      Consumer<RuntimeException> onFailure) {
    this.exchange = exchange;
    this.limit = limit;
    this.maxBytes = maxBytes;
    this.onBody = onBody;
    this.onFailure = onFailure;
    this.digests = digests;
    this.pace = exchange.pace(this::refuseSlow);
  }

  /// Starts. Exactly one of two things happens later, on the event loop: `onBody` is called when
  /// all of the body is in the file, or `onFailure`, for which nobody has answered yet.
  ///
  /// @param digests checks what the body was announced to be
  /// @param file an empty file
  /// @param limit the name of the limit, for the problem
  static void receive(
      Vertx vertx,
      Exchange exchange,
      BodyDigests digests,
      Path file,
      String limit,
      long maxBytes,
      Runnable onBody,
      Consumer<RuntimeException> onFailure) {
    BodyFile body = new BodyFile(exchange, digests, limit, maxBytes, onBody, onFailure);
    vertx
        .fileSystem()
        .open(file.toString(), new OpenOptions().setRead(false))
        .onSuccess(body::start)
        .onFailure(e -> body.fail(writeFailure(e)));
  }

  private void start(AsyncFile file) {
    file.exceptionHandler(e -> {
      RuntimeException reason = writeFailure(e);
      failure = reason;
      end(file, reason);
    });
    exchange.http().handler(chunk -> take(file, chunk));
    exchange.http().endHandler(_ -> finish(file));
    exchange
        .http()
        .exceptionHandler(e -> end(file, new IllegalStateException("the body was cut", e)));
    exchange.continueBody();
    exchange.http().resume();
    pace.start();
  }

  private void take(AsyncFile file, Buffer chunk) {
    if (isDone) {
      return;
    }
    pace.count(chunk.length());
    size += chunk.length();
    if (size > maxBytes) {
      end(file, BodyReader.tooLarge(limit, size, maxBytes).asException());
      return;
    }
    digests.update(chunk);
    file.write(chunk);
    if (file.writeQueueFull()) {
      exchange.http().pause();
      file.drainHandler(_ -> {
        pace.excuse();
        exchange.http().resume();
      });
    }
  }

  private void finish(AsyncFile file) {
    if (isDone) {
      return;
    }
    try {
      digests.check();
    } catch (ApiException e) {
      end(file, e);
      return;
    }
    isDone = true;
    pace.end();
    file.close()
        .onSuccess(_ -> {
          // The last pieces may have been written after all of them had come.
          @Nullable RuntimeException reason = failure;
          if (reason == null) {
            onBody.run();
          } else {
            onFailure.accept(reason);
          }
        })
        .onFailure(e -> onFailure.accept(writeFailure(e)));
  }

  private static RuntimeException writeFailure(Throwable cause) {
    for (@Nullable Throwable e = cause; e != null; e = e.getCause()) {
      if (e instanceof IOException io && StorageFullException.isCauseOf(io)) {
        return new StorageFullException("cannot write an archive: " + io.getMessage(), cause);
      }
    }
    return new IllegalStateException("cannot write an archive", cause);
  }

  private void end(AsyncFile file, RuntimeException reason) {
    if (!isDone) {
      file.close().onComplete(_ -> {});
      fail(reason);
    }
  }

  private void refuseSlow() {
    if (!isDone) {
      exchange.failSlow();
      fail(new IllegalStateException("the body was too slow"));
    }
  }

  private void fail(RuntimeException reason) {
    isDone = true;
    pace.end();
    onFailure.accept(reason);
  }
}
