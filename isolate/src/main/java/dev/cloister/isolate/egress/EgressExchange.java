package dev.cloister.isolate.egress;

import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundRequest;
import dev.cloister.isolate.host.OutboundResponse;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One request of a guest with its redirects, on the guest's thread.
final class EgressExchange {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final byte[] NO_BODY = {};

  private final EgressClient client;
  private final EgressRules rules;
  private final OutboundRequest request;
  private final HostCall call;
  private final long endNanos;

  EgressExchange(EgressClient client, EgressRules rules, OutboundRequest request, HostCall call) {
    this.client = client;
    this.rules = rules;
    this.request = request;
    this.call = call;
    long allowedNanos =
        Math.min(request.timeout().toNanos(), client.limits().requestTimeout().toNanos());
    this.endNanos = client.nanoTime() + Math.max(0, allowedNanos);
  }

  /// Sends the request and follows redirects, each of which is looked at like a request of its own.
  OutboundResponse run() {
    client.enter();
    try {
      Message message = new Message(request.method(), request.uri(), fields(), request.body());
      for (int redirects = 0; ; redirects++) {
        Step step = send(message);
        if (step.response != null) {
          return step.response;
        }
        if (redirects == client.limits().maxRedirects()) {
          throw new HostServiceException(
              HostError.FAILED,
              "more than " + client.limits().maxRedirects() + " redirects were asked for");
        }
        message = message.redirected(step.status, step.location);
      }
    } finally {
      client.exit();
    }
  }

  /// The fields of the request, names in lower case.
  private List<HttpField> fields() {
    return RequestFields.check(
        request.headers(), request.body().length, client.limits().maxHeaderBytes());
  }

  /// What one hop sends, names of fields in lower case.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  private record Message(String method, URI uri, List<HttpField> headers, byte[] body) {
    /// The message that a redirect asks for (RFC 9110, section 15.4).
    Message redirected(int status, URI location) {
      URI next = uri.resolve(location);
      List<HttpField> fields =
          Target.of(uri).hasOriginOf(Target.of(next))
              ? headers
              : RequestFields.withoutCredentials(headers);
      boolean isRead = method.equals("GET") || method.equals("HEAD");
      if (isRead || status == 307 || status == 308) {
        return new Message(method, next, fields, body);
      }
      return new Message("GET", next, RequestFields.withoutContent(fields), NO_BODY);
    }
  }

  /// What came of one hop: an answer for the guest, or where to go on.
  private record Step(@Nullable OutboundResponse response, int status, URI location) {}

  private Step send(Message message) {
    long startNanos = client.nanoTime();
    @Nullable Target target = null;
    EgressHop hop = null;
    HostServiceException failure = null;
    try {
      target = Target.of(message.uri);
      requireAllowed(message, target);
      hop = new EgressHop(client, call, endNanos, request.maxResponseBytes());
      EgressHop.Head head = hop.open(message.method, target, message.headers, message.body);
      @Nullable URI location = REDIRECTS.contains(head.status()) ? head.location() : null;
      if (location != null) {
        hop.close();
        return new Step(null, head.status(), location);
      }
      return new Step(hop.response(), head.status(), message.uri);
    } catch (HostServiceException e) {
      failure = e;
      throw e;
    } finally {
      if (failure != null && hop != null) {
        hop.close();
      }
      rules.ended(record(message, target, hop, failure, client.nanoTime() - startNanos));
    }
  }

  private void requireAllowed(Message message, Target target) {
    long bytes = message.body.length;
    long allowed = client.limits().maxRequestBytes();
    if (bytes > allowed) {
      throw new HostServiceException(
          HostError.TOO_LARGE, "the body has " + bytes + " bytes; allowed are " + allowed);
    }
    String refusal = rules.policy().refusal(message.method, target);
    if (refusal == null && !request.hosts().allows(target.host(), target.port())) {
      refusal = "requests to " + target.authority() + " are not allowed";
    }
    if (refusal != null) {
      throw new HostServiceException(HostError.FORBIDDEN, refusal);
    }
    long waitNanos = rules.take();
    if (waitNanos > 0) {
      throw new HostServiceException(
          HostError.RATE_LIMITED,
          "egressRequestsPerSecond is reached; another request may be sent in "
              + (TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1)
              + " ms");
    }
  }

  private static EgressRecord record(
      Message message,
      @Nullable Target target,
      @Nullable EgressHop hop,
      @Nullable HostServiceException failure,
      long nanos) {
    HostError error = failure == null ? null : failure.error();
    int status = hop == null ? 0 : hop.status();
    return new EgressRecord(
        message.method,
        target == null ? "" : target.scheme(),
        target == null ? "" : target.host(),
        target == null ? 0 : target.port(),
        decision(error, status),
        status,
        status == 0 ? 0 : message.body.length,
        hop == null ? 0 : hop.receivedBytes(),
        TimeUnit.NANOSECONDS.toMillis(nanos),
        error,
        failure == null ? null : failure.getMessage());
  }

  private static EgressDecision decision(@Nullable HostError error, int status) {
    if (error == null) {
      // Without an error and an answer the call was stopped.
      return status == 0 ? EgressDecision.FAILED : EgressDecision.ALLOWED;
    }
    return switch (error) {
      case DENIED, FORBIDDEN, INVALID -> EgressDecision.DENIED;
      case RATE_LIMITED -> EgressDecision.RATE_LIMITED;
      case TOO_LARGE, QUOTA, TIMEOUT, FAILED -> EgressDecision.FAILED;
    };
  }
}
