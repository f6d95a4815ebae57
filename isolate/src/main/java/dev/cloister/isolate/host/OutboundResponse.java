package dev.cloister.isolate.host;

import java.util.List;

/// An answer that a guest got. Its body is charged to the tenant until it is closed.
public final class OutboundResponse implements AutoCloseable {
  private static final byte[] NO_BYTES = {};

  private final int status;
  private final List<HttpField> headers;
  private byte[] body;
  private Runnable release;

  /// @param status the status code
  /// @param headers its fields in order, names in lower case
  /// @param body its body; handed over
  /// @param release returns what is charged for the body; called once
  public OutboundResponse(int status, List<HttpField> headers, byte[] body, Runnable release) {
    this.status = status;
    this.headers = List.copyOf(headers);
    this.body = body;
    this.release = release;
  }

  /// The status code.
  public int status() {
    return status;
  }

  /// The header fields in order, names in lower case.
  public List<HttpField> headers() {
    return headers;
  }

  /// The body, which nobody may change; empty once closed.
  public byte[] body() {
    return body;
  }

  /// Drops the body. Repeating it does nothing.
  @Override
  public void close() {
    Runnable once = release;
    release = () -> {};
    body = NO_BYTES;
    once.run();
  }
}
