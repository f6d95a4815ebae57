package dev.cloister.isolate.fake;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundHttp;
import dev.cloister.isolate.host.OutboundRequest;
import dev.cloister.isolate.host.OutboundResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/// Answers requests without a network.
///
/// Only the host `allowed.example` may be asked. It answers with status 201, a field `x-method`
/// and, as body, what came. A request for `/never` is answered never; the call has to be stopped.
public final class FakeOutboundHttp implements OutboundHttp {
  private final List<OutboundRequest> requests = new CopyOnWriteArrayList<>();

  /// Makes one that has seen nothing.
  public FakeOutboundHttp() {}

  /// The requests that were allowed.
  public List<OutboundRequest> requests() {
    return List.copyOf(requests);
  }

  @Override
  public OutboundResponse send(OutboundRequest request, HostCall call) {
    String host = String.valueOf(request.uri().getHost());
    if (!host.equals("allowed.example") || !request.hosts().allows(host, 80)) {
      throw new HostServiceException(HostError.FORBIDDEN, host + " is not allowed");
    }
    requests.add(request);
    if (request.uri().getPath().equals("/never")) {
      return call.await(new CompletableFuture<>());
    }
    byte[] body = request.body();
    if (body.length > request.maxResponseBytes()) {
      throw new HostServiceException(HostError.TOO_LARGE, "the answer is too large");
    }
    if (!call.ledger().charge(HeapCategory.BUFFER, body.length)) {
      throw new HostServiceException(HostError.QUOTA, "memoryBytes");
    }
    return new OutboundResponse(
        201,
        List.of(new HttpField("x-method", request.method())),
        body,
        () -> call.ledger().release(HeapCategory.BUFFER, body.length));
  }

  /// The body of a request as text.
  public static String text(OutboundRequest request) {
    return new String(request.body(), StandardCharsets.UTF_8);
  }
}
