package dev.cloister.sandbox.http;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.registry.AuditLog;
import dev.cloister.sandbox.storage.AuditRecord;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The audit log as lines of JSON, oldest first: a page is read when the one before it was sent, so
/// neither its length nor a slow client takes memory.
final class AuditExport {
  static final String TYPE = "application/x-ndjson";

  private static final Logger LOG = LoggerFactory.getLogger(AuditExport.class);
  private static final int PAGE = 500;

  private final Exchange exchange;
  private final AuditLog audit;
  private final ControlEndpoints threads;
  private final Predicate<EventsApi.AuditView> selection;

  /// Creates an export.
  ///
  /// @param selection which records to send
  AuditExport(
      Exchange exchange,
      AuditLog audit,
      ControlEndpoints threads,
      Predicate<EventsApi.AuditView> selection) {
    this.exchange = exchange;
    this.audit = audit;
    this.threads = threads;
    this.selection = selection;
  }

  /// Answers with the records that there are. Called on the event loop.
  ///
  /// @param after the number of the record before the first one, -1 for all
  void start(long after) {
    HttpServerResponse response = exchange.http().response();
    response.setChunked(true);
    response.putHeader("Content-Type", TYPE);
    response.putHeader("Cache-Control", "no-store");
    response.putHeader("X-Content-Type-Options", "nosniff");
    exchange.http().resume();
    next(after);
  }

  private void next(long after) {
    threads.execute(() -> {
      try {
        List<AuditRecord> page = audit.after(after, PAGE);
        Buffer lines = lines(page);
        exchange.context().runOnContext(_ -> send(page, lines));
      } catch (RuntimeException e) {
        LOG.error("event=export-failed after={}", after, e);
        // An answer that is cut, so that nobody takes it for whole.
        exchange.context().runOnContext(_ -> exchange.http().connection().close());
      }
    });
  }

  private void send(List<AuditRecord> page, Buffer lines) {
    HttpServerResponse response = exchange.http().response();
    if (response.closed()) {
      return;
    }
    if (page.isEmpty()) {
      response.end();
      return;
    }
    response.write(lines).onSuccess(_ -> next(page.getLast().id()));
  }

  private Buffer lines(List<AuditRecord> page) {
    Buffer lines = Buffer.buffer();
    for (AuditRecord entry : page) {
      EventsApi.AuditView view = EventsApi.AuditView.of(entry);
      if (selection.test(view)) {
        lines.appendBytes(Json.write(view)).appendByte((byte) '\n');
      }
    }
    return lines;
  }
}
