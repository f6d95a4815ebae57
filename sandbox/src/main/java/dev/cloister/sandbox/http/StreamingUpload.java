package dev.cloister.sandbox.http;

import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.PluginUpload;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// One upload between its connection and the worker that decodes it.
///
/// The fields belong to the connection's event loop, but for `upload` and `digests`, which belong
/// to the task that is running: at most one at a time, handed over by the executor and the event
/// loop. Pieces that arrive while a task runs are collected for the next one; when too many wait,
/// the connection is paused until they were taken, so the sender never runs ahead of the decoder by
/// more than [#HIGH_WATER_BYTES].
final class StreamingUpload {
  private static final int HIGH_WATER_BYTES = 256 << 10;

  /// What a piece takes besides its bytes: many are tiny.
  private static final int PIECE_BYTES = 160;

  private final Exchange exchange;
  private final Executor workers;
  private final Supplier<PluginUpload> begin;
  private final Function<PluginUpload, Answer> finish;
  private final BodyDigests digests;
  private final BodyPace pace;
  private final long maxBytes;
  private final HeapCharge charge;
  private final UnaryOperator<Throwable> reason;
  private final Completion onComplete;
  private final Runnable onEnd;

  private @Nullable PluginUpload upload;
  private List<Buffer> waiting = new ArrayList<>();
  private int waitingBytes;
  private long receivedBytes;

  /// Whether the body is there.
  private boolean isReceived;

  /// Whether the body is there, and its client was let go if it does not want to wait.
  private boolean isBodyComplete;

  /// What the upload failed with while its client was let go.
  private @Nullable Throwable held;

  private boolean isWorking;
  private boolean isOver;

  /// What is done when the body is there, before the rest of the work.
  @FunctionalInterface
  interface Completion {
    /// Has one of the two called on the connection's event loop, now or later.
    ///
    /// @throws ApiException instead of either
    void proceed(Runnable next, Consumer<RuntimeException> onRefusal);
  }

  StreamingUpload(
      Exchange exchange,
      Executor workers,
      Supplier<PluginUpload> begin,
      Function<PluginUpload, Answer> finish,
      BodyDigests digests,
      long maxBytes,
      HeapCharge charge,
      UnaryOperator<Throwable> reason,
      Completion onComplete,
      Runnable onEnd) {
    this.exchange = exchange;
    this.workers = workers;
    this.begin = begin;
    this.finish = finish;
    this.digests = digests;
    this.maxBytes = maxBytes;
    this.charge = charge;
    this.reason = reason;
    this.onComplete = onComplete;
    this.onEnd = onEnd;
    this.pace = exchange.pace(this::refuseSlow);
  }

  /// Starts reading the request's body.
  void start() {
    exchange.http().handler(this::take);
    exchange.http().endHandler(_ -> completeBody());
    exchange.http().exceptionHandler(_ -> giveUp());
    exchange.http().response().closeHandler(_ -> giveUp());
    exchange.continueBody();
    exchange.http().resume();
    pace.start();
  }

  private void take(Buffer piece) {
    if (isOver) {
      return;
    }
    receivedBytes += piece.length();
    pace.count(piece.length());
    if (receivedBytes > maxBytes) {
      refuse(BodyReader.tooLarge("uploadBytes", receivedBytes, maxBytes).asException());
      return;
    }
    int size = piece.length() + PIECE_BYTES;
    try {
      charge.add(size);
    } catch (LimitExceededException e) {
      refuse(e);
      return;
    }
    waiting.add(piece);
    waitingBytes += size;
    if (waitingBytes >= HIGH_WATER_BYTES) {
      exchange.http().pause();
      pace.excuse();
    }
    work();
  }

  private void completeBody() {
    if (!isOver) {
      isReceived = true;
      pace.end();
      try {
        onComplete.proceed(() -> goOn(held), this::goOn);
      } catch (ApiException e) {
        goOn(e);
      }
    }
  }

  /// Does the rest of the work, unless the upload failed meanwhile.
  private void goOn(@Nullable Throwable failure) {
    isBodyComplete = true;
    if (failure != null) {
      refuse(failure);
    } else {
      work();
    }
  }

  /// Starts a task for what waits, unless one is running already.
  private void work() {
    if (isWorking || isOver) {
      return;
    }
    isWorking = true;
    List<Buffer> pieces = waiting;
    int taken = waitingBytes;
    waiting = new ArrayList<>();
    waitingBytes = 0;
    boolean isLast = isBodyComplete;
    if (!isLast) {
      exchange.http().resume();
    }
    try {
      workers.execute(() -> runTask(pieces, taken, isLast));
    } catch (RejectedExecutionException _) {
      isWorking = false;
      refuse(Problem.of(ProblemType.UNAVAILABLE, "the server is stopping").asException());
    }
  }

  /// On a worker thread.
  private void runTask(List<Buffer> pieces, int taken, boolean isLast) {
    @Nullable Answer answer = null;
    @Nullable Throwable failure = null;
    try {
      PluginUpload current = begun();
      for (Buffer piece : pieces) {
        byte[] bytes = piece.getBytes();
        digests.update(bytes);
        current.push(bytes, 0, bytes.length);
      }
      charge.remove(taken);
      if (isLast) {
        digests.check();
        answer = finish.apply(current);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    @Nullable Answer finalAnswer = answer;
    @Nullable Throwable finalFailure = failure;
    exchange.context().runOnContext(_ -> endTask(finalAnswer, finalFailure));
  }

  private PluginUpload begun() {
    PluginUpload current = upload;
    if (current == null) {
      current = begin.get();
      upload = current;
      // Perhaps nothing comes any more that would find out.
      current.onCancel(cancellation -> exchange.context().runOnContext(_ -> cancel(cancellation)));
    }
    return current;
  }

  private void cancel(CompilationCancelledException cancellation) {
    // A task that is running meets it itself, and its outcome counts.
    if (!isOver && !isWorking) {
      refuse(cancellation);
    }
  }

  private void endTask(@Nullable Answer answer, @Nullable Throwable failure) {
    isWorking = false;
    pace.excuse();
    if (isOver) {
      // The request was refused or cut while the task ran.
      release();
    } else if (failure != null) {
      refuse(failure);
    } else if (answer != null) {
      isOver = true;
      exchange.answer(answer);
      release();
    } else if (isBodyComplete || !waiting.isEmpty()) {
      work();
    }
  }

  private void refuseSlow() {
    if (isWorking) {
      pace.start();
      return;
    }
    isOver = true;
    exchange.failSlow();
    release();
  }

  private void refuse(Throwable failure) {
    if (isReceived && !isBodyComplete) {
      held = failure;
      return;
    }
    isOver = true;
    pace.end();
    exchange.fail(reason.apply(failure));
    if (!isWorking) {
      release();
    }
  }

  private void giveUp() {
    // A client that has sent everything and does not want to wait may go.
    boolean isAwaited = !isReceived || (isBodyComplete && !exchange.isDetached());
    if (!isOver && isAwaited) {
      isOver = true;
      pace.end();
      if (!isWorking) {
        release();
      }
    }
  }

  /// Gives back what the upload holds. No task is running and none will.
  private void release() {
    waiting = List.of();
    try {
      workers.execute(() -> {
        try {
          if (upload != null) {
            upload.close();
          }
        } finally {
          charge.close();
          onEnd.run();
        }
      });
    } catch (RejectedExecutionException _) {
      // The server stops: the compilation ends with the engine, the charge with the tenant.
    }
  }
}
