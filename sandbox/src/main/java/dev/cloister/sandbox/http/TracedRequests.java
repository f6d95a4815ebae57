package dev.cloister.sandbox.http;

import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundRequest;
import dev.cloister.sandbox.http.field.TraceContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Requests of plugins carry the trace of the call on (W3C Trace Context): each as a step of its
/// own, unless the plugin, which knows its `TRACEPARENT`, says itself where in the trace it is.
final class TracedRequests {
  private static final String PARENT = "traceparent";
  private static final String STATE = "tracestate";

  private TracedRequests() {}

  /// Returns `services` as they are for a call within `trace`.
  static HostServices in(TraceContext trace, HostServices services) {
    return services.grants().allows(Capability.HTTP)
        ? services.withHttp(http -> (request, call) -> http.send(traced(request, trace), call))
        : services;
  }

  private static OutboundRequest traced(OutboundRequest request, TraceContext trace) {
    boolean isTraced =
        request.headers().stream()
            .anyMatch(field ->
                field.name().equalsIgnoreCase(PARENT) || field.name().equalsIgnoreCase(STATE));
    if (isTraced) {
      return request;
    }
    List<HttpField> headers = new ArrayList<>(request.headers());
    headers.add(new HttpField(PARENT, trace.childParent()));
    @Nullable String state = trace.state();
    if (state != null) {
      headers.add(new HttpField(STATE, state));
    }
    return new OutboundRequest(
        request.method(),
        request.uri(),
        headers,
        request.body(),
        request.timeout(),
        request.maxResponseBytes(),
        request.hosts());
  }
}
