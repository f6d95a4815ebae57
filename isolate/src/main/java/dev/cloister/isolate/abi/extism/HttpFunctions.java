package dev.cloister.isolate.abi.extism;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundRequest;
import dev.cloister.isolate.host.OutboundResponse;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// `http_request`, `http_status_code`, `http_headers`.
final class HttpFunctions {
  private static final byte[] NO_BYTES = {};

  /// Longer than any call, whose own deadline holds.
  private static final Duration LONG = Duration.ofDays(1);

  private final BlockMemory memory;
  private final Handles handles;
  private final ExtismEnvironment environment;

  /// The status of the answer before, 0 for none.
  private int status;

  private JsonObject lastHeaders = new JsonObject();

  HttpFunctions(BlockMemory memory, Handles handles, ExtismEnvironment environment) {
    this.memory = memory;
    this.handles = handles;
    this.environment = environment;
  }

  /// Sends a request and waits for the answer, whatever its status is.
  ///
  /// @param description a JSON object, see [HttpRequestText]
  /// @param body the body, or 0 for none
  /// @return the body of the answer, or 0 if that is empty
  long request(long description, long body) {
    forget();
    HttpRequestText request =
        HttpRequestText.parse(handles.takeText(description, "an HTTP request"));
    ExtismSettings settings = environment.settings();
    if (!settings.allows(request.uri())) {
      throw new ExtismException("HTTP request to " + request.uri() + " is not allowed");
    }
    HeapLedger ledger = environment.host().ledger();
    long bodyBytes = memory.length(body);
    if (!ledger.charge(HeapCategory.BUFFER, bodyBytes)) {
      throw new ExtismException(
          "the tenant's memoryBytes do not allow for a request with a body of "
              + bodyBytes
              + " bytes");
    }
    try {
      return send(request, body);
    } finally {
      ledger.release(HeapCategory.BUFFER, bodyBytes);
    }
  }

  private long send(HttpRequestText request, long body) {
    ExtismSettings settings = environment.settings();
    byte[] content =
        body == 0 ? NO_BYTES : handles.take(body, "the body of an HTTP request", Integer.MAX_VALUE);
    OutboundRequest outbound =
        new OutboundRequest(
            request.method(),
            request.uri(),
            request.headers(),
            content,
            LONG,
            settings.maxHttpResponseBytes(),
            (host, _) -> settings.allowsHost(host));
    try (OutboundResponse response =
        environment.services().http().send(outbound, environment.host())) {
      status = response.status();
      response.headers().forEach(this::remember);
      return memory.put(response.body());
    } catch (HostServiceException e) {
      throw new ExtismException(
          "HTTP request to " + request.uri() + " failed: " + e.getMessage(), e);
    }
  }

  int statusCode() {
    return status;
  }

  /// The header fields of the answer before as a JSON object, or 0 if there was none.
  long headers() {
    return status == 0 ? 0 : memory.put(lastHeaders.encode().getBytes(StandardCharsets.UTF_8));
  }

  /// Forgets the answer before.
  void forget() {
    status = 0;
    lastHeaders = new JsonObject();
  }

  private void remember(HttpField field) {
    String former = lastHeaders.getString(field.name());
    lastHeaders.put(field.name(), former == null ? field.value() : former + ", " + field.value());
  }
}
