package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;

/// Reads a request's whole body into memory, up to a limit.
final class BodyReader {
  private final Exchange exchange;
  private final String limit;
  private final long maxBytes;
  private final Consumer<byte[]> onBody;
  private final Runnable onGiveUp;
  private final BodyDigests digests;
  private final BodyPace pace;
  private Buffer body = Buffer.buffer();
  private boolean isDone;

  private BodyReader(
      Exchange exchange, String limit, long maxBytes, Consumer<byte[]> onBody, Runnable onGiveUp) {
    this.exchange = exchange;
    this.limit = limit;
    this.maxBytes = maxBytes;
    this.onBody = onBody;
    this.onGiveUp = onGiveUp;
    this.digests = new BodyDigests(exchange.request());
    this.pace = exchange.pace(this::refuseSlow);
  }

  /// Starts reading. Exactly one of two things happens later, on the event loop: `onBody` gets the
  /// body, or `onGiveUp` is called, after the request was answered with a problem or its connection
  /// was cut.
  ///
  /// @param limit the name of the limit, for the problem
  /// @throws dev.cloister.sandbox.problem.ApiException if the body is announced in a way that is
  ///   not accepted; then neither of the two happens
  static void read(
      Exchange exchange, String limit, long maxBytes, Consumer<byte[]> onBody, Runnable onGiveUp) {
    exchange.request().requireIdentityCoding();
    new BodyReader(exchange, limit, maxBytes, onBody, onGiveUp).start();
  }

  /// Returns the problem of a body that is too large.
  static Problem tooLarge(String limit, long used, long allowed) {
    return Problem.limit(ProblemType.REQUEST_TOO_LARGE, limit, used, allowed);
  }

  private void start() {
    long announced = exchange.announcedBytes();
    if (announced > maxBytes) {
      refuse(announced);
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
    long size = (long) body.length() + chunk.length();
    if (size > maxBytes) {
      refuse(size);
    } else {
      digests.update(chunk);
      body.appendBuffer(chunk);
    }
  }

  private void end() {
    if (isDone) {
      return;
    }
    try {
      digests.check();
    } catch (ApiException e) {
      exchange.fail(e);
      giveUp();
      return;
    }
    isDone = true;
    pace.end();
    onBody.accept(body.getBytes());
  }

  private void refuse(long size) {
    exchange.fail(tooLarge(limit, size, maxBytes).asException());
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
      body = Buffer.buffer();
      onGiveUp.run();
    }
  }
}
