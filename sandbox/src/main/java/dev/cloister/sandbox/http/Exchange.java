package dev.cloister.sandbox.http;

import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A request on its connection, from the moment it is admitted to the end of its answer. Used on
/// the connection's event loop only.
final class Exchange {
  private static final long LINGER_MILLIS = 10_000;

  private final Vertx vertx;
  private final Context context;
  private final HttpServerRequest http;
  private final ApiRequest request;
  private final BooleanSupplier admission;
  private final BodyPaces paces;
  private @Nullable Consumer<Answer> later;
  private @Nullable BiConsumer<Answer, Runnable> before;

  /// Creates the exchange of an admitted request.
  ///
  /// @param admission whether the request would be admitted again now
  /// @param paces watches the pace of the body
  Exchange(
      Vertx vertx,
      HttpServerRequest http,
      ApiRequest request,
      BooleanSupplier admission,
      BodyPaces paces) {
    this.vertx = vertx;
    this.paces = paces;
    this.admission = admission;
    this.context = vertx.getOrCreateContext();
    this.http = http;
    this.request = request;
  }

  /// Returns what was asked.
  ApiRequest request() {
    return request;
  }

  /// Returns the request's body and connection.
  HttpServerRequest http() {
    return http;
  }

  /// Returns the event loop this exchange belongs to.
  Context context() {
    return context;
  }

  /// Runs `action` on the event loop: at once on that thread, later on others.
  void run(Runnable action) {
    if (context.equals(Vertx.currentContext())) {
      action.run();
    } else {
      context.runOnContext(_ -> action.run());
    }
  }

  /// Returns whether the request would be admitted again now: its key may be gone since.
  boolean isStillAdmitted() {
    return admission.getAsBoolean();
  }

  /// Returns the size that the header Content-Length announces, or -1.
  long announcedBytes() {
    @Nullable String text = http.getHeader("Content-Length");
    // The HTTP codec has refused what is not a number.
    return text == null ? -1 : Long.parseLong(text);
  }

  /// Tells a client that waits for it to send the body.
  void continueBody() {
    if (expectsContinue()) {
      http.response().writeContinue();
    }
  }

  /// Returns what watches the pace of the body.
  ///
  /// @param onTooSlow called when the body is too slow
  BodyPace pace(Runnable onTooSlow) {
    return new BodyPace(paces, onTooSlow);
  }

  /// Answers that the body came too slowly, and ends the connection: the rest of it is not awaited.
  void failSlow() {
    int allowed = paces.minBytesPerSecond();
    Problem problem =
        Problem.of(
                ProblemType.REQUEST_TIMEOUT,
                "the body came slower than " + allowed + " bytes per second")
            .with("limit", "minBodyPerSecond")
            .with("allowed", allowed);
    Answer answer = Answer.problem(problem);
    answer(http.version() == HttpVersion.HTTP_2 ? answer : answer.with("Connection", "close"))
        .onComplete(_ -> hangUp());
  }

  /// Answers with the problem that `failure` is.
  void fail(Throwable failure) {
    Problem problem = Problems.of(failure, request.trace());
    Answer answer = Answer.problem(problem);
    if (problem.type().status() == 401) {
      boolean hasKey = problem.members().containsKey("reason");
      answer =
          answer.with(
              "WWW-Authenticate",
              "Bearer realm=\"cloister\"" + (hasKey ? ", error=\"invalid_token\"" : ""));
    }
    if (problem.type() == ProblemType.UNSUPPORTED_MEDIA_TYPE
        && "Content-Encoding".equals(problem.members().get("what"))) {
      answer = answer.with("Accept-Encoding", "identity");
    }
    answer(answer);
  }

  /// Answers at once; what the exchange is answered with from then on is given to `receiver`
  /// instead. The body must have been read.
  void detach(Answer accepted, Consumer<Answer> receiver) {
    answer(accepted);
    later = receiver;
  }

  /// Has the next answer given to `action` before it is sent; it is sent when `action` runs what it
  /// gets.
  void beforeAnswer(BiConsumer<Answer, Runnable> action) {
    before = action;
  }

  /// Returns whether the client has its answer and the work goes on.
  boolean isDetached() {
    return later != null;
  }

  /// Writes the answer and returns when it is written or the connection is gone. What is left of
  /// the request's body is read and forgotten, so that the client gets to read the answer.
  Future<Void> answer(Answer untraced) {
    Answer answer = untraced.within(request.trace().traceId());
    @Nullable BiConsumer<Answer, Runnable> action = before;
    if (action != null) {
      before = null;
      Promise<Void> sent = Promise.promise();
      action.accept(answer, () -> send(answer).onComplete(sent));
      return sent.future();
    }
    if (later != null) {
      later.accept(answer);
      return Future.succeededFuture();
    }
    return send(answer);
  }

  private Future<Void> send(Answer answer) {
    HttpServerResponse response = http.response();
    if (response.ended() || response.closed()) {
      return Future.succeededFuture();
    }
    response.setStatusCode(answer.status());
    answer.headers().forEach(response::putHeader);
    putCommonHeaders(response);
    boolean isBodyUnread = !http.isEnded();
    Future<Void> written = writeBody(response, answer.body());
    if (isBodyUnread) {
      discardBody(written);
    }
    return written;
  }

  /// Sets what every answer has.
  void putCommonHeaders(HttpServerResponse response) {
    TraceContext trace = request.trace();
    @Nullable String state = trace.state();
    response.putHeader("X-Content-Type-Options", "nosniff");
    response.putHeader("traceparent", trace.parent());
    if (state != null) {
      response.putHeader("tracestate", state);
    }
  }

  private Future<Void> writeBody(HttpServerResponse response, byte[] body) {
    if (http.method().equals(HttpMethod.HEAD)) {
      response.putHeader("Content-Length", Integer.toString(body.length));
      return response.end();
    }
    return body.length == 0 ? response.end() : response.end(Buffer.buffer(body));
  }

  private void discardBody(Future<Void> written) {
    if (expectsContinue()) {
      // Whether the client sends the body now is up to it, so the next bytes have no sure meaning.
      written.onComplete(_ -> hangUp());
      return;
    }
    long timer = vertx.setTimer(LINGER_MILLIS, _ -> hangUp());
    http.exceptionHandler(_ -> vertx.cancelTimer(timer));
    http.endHandler(_ -> vertx.cancelTimer(timer));
    http.handler(_ -> {});
    http.resume();
  }

  /// Ends what is left of this request, and nothing else that its connection may carry.
  private void hangUp() {
    if (http.version() == HttpVersion.HTTP_2) {
      http.response().reset();
    } else {
      http.connection().close();
    }
  }

  private boolean expectsContinue() {
    return "100-continue".equalsIgnoreCase(http.getHeader("Expect"));
  }
}
