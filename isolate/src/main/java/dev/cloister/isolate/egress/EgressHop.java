package dev.cloister.isolate.egress;

import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundResponse;
import io.netty.handler.codec.CodecException;
import io.vertx.core.Future;
import io.vertx.core.VertxException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// One message to one host and its answer. Used on the guest's thread; what arrives comes on an
/// event loop.
final class EgressHop implements AutoCloseable {
  /// How many addresses of a host are tried.
  private static final int MAX_ADDRESSES = 3;

  private static final String USER_AGENT = "cloister";

  private final EgressClient client;
  private final HostCall call;
  private final long endNanos;
  private final BodyCollector body;
  private final CompletableFuture<Void> bodyEnd = new CompletableFuture<>();

  /// The request once there is a connection.
  private @Nullable Future<HttpClientRequest> connection;

  private @Nullable Head head;

  EgressHop(EgressClient client, HostCall call, long endNanos, long maxResponseBytes) {
    this.client = client;
    this.call = call;
    this.endNanos = endNanos;
    this.body =
        new BodyCollector(
            call.ledger(), Math.min(maxResponseBytes, client.limits().maxResponseBytes()));
  }

  /// The beginning of an answer.
  ///
  /// @param status the status code
  /// @param fields the fields, names in lower case
  /// @param location where a redirect leads, or null if it does not say
  record Head(int status, List<HttpField> fields, @Nullable URI location) {}

  /// Sends a message and waits until the answer begins.
  ///
  /// @throws HostServiceException if it cannot be sent or is not answered
  Head open(String method, Target target, List<HttpField> fields, byte[] content) {
    List<InetAddress> addresses = await(client.lookUp(target), target, "looking it up");
    HttpClientRequest request = connect(method, target, addresses);
    boolean hasAgent = false;
    for (HttpField field : fields) {
      request.headers().add(field.name(), field.value());
      hasAgent |= field.name().equals("user-agent");
    }
    if (!hasAgent) {
      request.putHeader("user-agent", USER_AGENT);
    }
    CompletableFuture<Head> opened = new CompletableFuture<>();
    request.connection().exceptionHandler(opened::completeExceptionally); // or else it is logged
    // Here, still on the event loop, lest a piece of the body comes before somebody takes it.
    request
        .response()
        .onSuccess(response -> receive(response, opened))
        .onFailure(opened::completeExceptionally);
    boolean hasBody = content.length > 0 || method.equals("POST") || method.equals("PUT");
    Future<Void> sent = hasBody ? request.end(Buffer.buffer(content)) : request.end();
    sent.onFailure(opened::completeExceptionally);
    head = await(opened, target, "waiting for the answer");
    return head;
  }

  /// Waits for all of the answer, which owns what is charged for it from then on.
  ///
  /// @throws HostServiceException if it does not come, or is too large
  OutboundResponse response() {
    Head begun = head;
    if (begun == null) {
      throw new IllegalStateException("there is no answer yet");
    }
    await(bodyEnd, null, "waiting for the rest of the answer");
    return new OutboundResponse(begun.status, begun.fields, body.join(), body::close);
  }

  /// The status of the answer, 0 without one.
  int status() {
    return head == null ? 0 : head.status;
  }

  /// How many bytes of the body came.
  long receivedBytes() {
    return body.size();
  }

  /// Ends the connection and returns what is charged.
  @Override
  public void close() {
    if (connection != null) {
      connection.onSuccess(HttpClientRequest::reset);
    }
    body.close();
  }

  /// Connects to the first of `addresses` that accepts.
  private HttpClientRequest connect(String method, Target target, List<InetAddress> addresses) {
    int last = Math.min(addresses.size(), MAX_ADDRESSES) - 1;
    for (int i = 0; ; i++) {
      Future<HttpClientRequest> attempt = client.connect(method, target, addresses.get(i));
      connection = attempt;
      try {
        return await(attempt.toCompletionStage().toCompletableFuture(), target, "connecting to it");
      } catch (HostServiceException e) {
        if (i == last || e.error() == HostError.TIMEOUT) {
          throw e;
        }
      }
    }
  }

  /// On the event loop: the answer begins.
  private void receive(HttpClientResponse response, CompletableFuture<Head> opened) {
    response.exceptionHandler(bodyEnd::completeExceptionally);
    List<HttpField> fields = new ArrayList<>();
    response
        .headers()
        .forEach((name, value) -> fields.add(new HttpField(name.toLowerCase(Locale.ROOT), value)));
    try {
      String declared = response.getHeader("content-length");
      if (declared != null && declared.matches("[0-9]{1,18}")) {
        body.requireFits(Long.parseLong(declared));
      }
      String location = response.getHeader("location");
      opened.complete(
          new Head(
              response.statusCode(),
              fields,
              location == null || location.isEmpty() ? null : URI.create(location)));
    } catch (HostServiceException e) {
      opened.completeExceptionally(e);
      response.request().reset();
      return;
    } catch (IllegalArgumentException _) {
      opened.complete(new Head(response.statusCode(), fields, null)); // no URL to go to
    }
    response.handler(piece -> {
      try {
        body.add(piece);
      } catch (HostServiceException e) {
        bodyEnd.completeExceptionally(e);
        response.request().reset();
      }
    });
    response.endHandler(_ -> bodyEnd.complete(null));
  }

  /// Waits until `endNanos` at the longest.
  private <T> T await(CompletableFuture<T> future, @Nullable Target target, String step) {
    long leftNanos = endNanos - client.nanoTime();
    CompletableFuture<T> bounded =
        future
            .copy()
            .orTimeout(Math.max(0, leftNanos), TimeUnit.NANOSECONDS)
            .exceptionallyCompose(
                failure -> CompletableFuture.failedFuture(refusal(failure, target, step)));
    boolean isDone = false;
    try {
      T result = call.await(bounded);
      isDone = true;
      return result;
    } finally {
      if (!isDone) {
        close();
      }
    }
  }

  private static Throwable refusal(Throwable failure, @Nullable Target target, String step) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String host = target == null ? "the host" : target.authority();
    return switch (cause) {
      case HostServiceException refused -> refused;
      case TimeoutException _ ->
          new HostServiceException(HostError.TIMEOUT, host + " took longer than allowed: " + step);
      // No route, refused, closed, no trust, no HTTP: what the network and its library throw.
      case IOException _ -> failed(host, step, cause);
      case VertxException _ -> failed(host, step, cause);
      case CodecException _ -> failed(host, step, cause);
      case IllegalArgumentException _ -> failed(host, step, cause);
      default -> cause;
    };
  }

  private static HostServiceException failed(String host, String step, Throwable cause) {
    return new HostServiceException(
        HostError.FAILED, host + " failed: " + step + ": " + cause.getClass().getSimpleName());
  }
}
