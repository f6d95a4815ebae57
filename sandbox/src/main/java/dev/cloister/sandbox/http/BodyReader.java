package dev.cloister.sandbox.http;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.function.Consumer;

/// Reads a request's whole body into memory, up to a limit, and charges it as it arrives.
final class BodyReader {
  private static final byte[] NO_BYTES = {};

  private final Exchange exchange;
  private final String limit;
  private final long maxBytes;
  private final HeapCharge charge;
  private final Consumer<byte[]> onBody;
  private final Runnable onGiveUp;
  private final BodyDigests digests;
  private final BodyPace pace;

  /// What arrived, and room for more; always charged.
  private byte[] body = NO_BYTES;

  private int size;
  private boolean isDone;

  private BodyReader(
      Exchange exchange,
      String limit,
      long maxBytes,
      HeapCharge charge,
      Consumer<byte[]> onBody,
      Runnable onGiveUp) {
    this.exchange = exchange;
    this.limit = limit;
    this.maxBytes = maxBytes;
    this.charge = charge;
    this.onBody = onBody;
    this.onGiveUp = onGiveUp;
    this.digests = BodyDigests.of(exchange.request());
    this.pace = exchange.pace(this::refuseSlow);
  }

  /// Starts reading. Exactly one of two things happens later, on the event loop: `onBody` gets the
  /// body, or `onGiveUp` is called, after the request was answered with a problem or its connection
  /// was cut.
  ///
  /// @param limit the name of the limit, for the problem
  /// @param charge pays for the body; it is closed when the body is given up, else the caller's
  /// @throws dev.cloister.sandbox.problem.ApiException if the body is announced in a way that is
  ///   not accepted; then neither of the two happens
  static void read(
      Exchange exchange,
      String limit,
      long maxBytes,
      HeapCharge charge,
      Consumer<byte[]> onBody,
      Runnable onGiveUp) {
    exchange.request().requireIdentityCoding();
    new BodyReader(exchange, limit, maxBytes, charge, onBody, onGiveUp).start();
  }

  /// Returns the problem of a body that is too large.
  static Problem tooLarge(String limit, long used, long allowed) {
    return Problem.limit(ProblemType.REQUEST_TOO_LARGE, limit, used, allowed);
  }

  private void start() {
    long announced = exchange.announcedBytes();
    if (announced > maxBytes) {
      refuse(tooLarge(limit, announced, maxBytes).asException());
      return;
    }
    exchange.http().handler(this::take);
    exchange.http().endHandler(_ -> end());
    exchange.http().exceptionHandler(_ -> giveUp());
    exchange.continueBody();
    exchange.http().resume();
    pace.start();
  }

  private void take(Buffer chunk) {
    if (isDone) {
      return;
    }
    pace.count(chunk.length());
    long wanted = (long) size + chunk.length();
    if (wanted > maxBytes) {
      refuse(tooLarge(limit, wanted, maxBytes).asException());
      return;
    }
    try {
      append(chunk, (int) wanted);
    } catch (LimitExceededException e) {
      refuse(e);
      return;
    }
    digests.update(chunk);
  }

  /// Most bodies are one chunk, which needs no spare room.
  private void append(Buffer chunk, int wanted) {
    if (size == 0) {
      charge.add(wanted);
      body = chunk.getBytes();
    } else {
      if (wanted > body.length) {
        resize((int) Math.min(maxBytes, wanted + (long) wanted / 2));
      }
      chunk.getBytes(body, size);
    }
    size = wanted;
  }

  /// For a moment both arrays are there.
  private void resize(int newLength) {
    int oldLength = body.length;
    charge.add(newLength);
    body = Arrays.copyOf(body, newLength);
    charge.remove(oldLength);
  }

  private void end() {
    if (isDone) {
      return;
    }
    try {
      digests.check();
      if (size < body.length) {
        resize(size);
      }
    } catch (ApiException | LimitExceededException e) {
      refuse(e);
      return;
    }
    isDone = true;
    pace.end();
    onBody.accept(body);
  }

  private void refuse(RuntimeException failure) {
    exchange.fail(failure);
    giveUp();
  }

  private void refuseSlow() {
    exchange.failSlow();
    giveUp();
  }

  private void giveUp() {
    if (!isDone) {
      isDone = true;
      pace.end();
      body = NO_BYTES;
      charge.close();
      onGiveUp.run();
    }
  }
}
