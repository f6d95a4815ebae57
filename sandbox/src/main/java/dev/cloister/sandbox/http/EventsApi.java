package dev.cloister.sandbox.http;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.logging.CodeCreated;
import dev.cloister.isolate.egress.EgressRecord;
import dev.cloister.isolate.host.HostError;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.AuditLog;
import dev.cloister.sandbox.registry.CodeLog;
import dev.cloister.sandbox.registry.LogEntry;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.services.EgressLog;
import dev.cloister.sandbox.storage.AuditChain;
import dev.cloister.sandbox.storage.AuditFilter;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.TenantName;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What happens, as it happens: the audit log and the tenants' logs.
final class EventsApi {
  static final String STREAM_TYPE = "text/event-stream";

  /// What selects from a list of the audit log.
  private static final List<String> LIST_PARAMETERS = List.of("action", "q", "limit", "cursor");

  private static final int MAX_RESUMED_EVENTS = 1_000;
  private static final int DEFAULT_LAST_LINES = 200;
  private static final int MAX_LAST_LINES = 100_000;

  private final Vertx vertx;
  private final TenantRegistry tenants;
  private final AuditLog audit;
  private final ControlEndpoints threads;
  private final EventStreams streams;

  EventsApi(
      Vertx vertx,
      TenantRegistry tenants,
      AuditLog audit,
      ControlEndpoints threads,
      EventStreams streams) {
    this.vertx = vertx;
    this.tenants = tenants;
    this.audit = audit;
    this.threads = threads;
    this.streams = streams;
  }

  /// An entry of the audit log as it is shown.
  record AuditView(
      String id,
      String time,
      String actor,
      String role,
      String action,
      @Nullable String tenant,
      @Nullable String target,
      String outcome,
      @Nullable String detail,
      @Nullable String remote,
      @Nullable String previousHash,
      @Nullable String hash) {

    static AuditView of(AuditRecord entry) {
      @Nullable TenantName tenant = entry.tenant();
      return new AuditView(
          Long.toString(entry.id()),
          entry.time().toString(),
          entry.actor(),
          entry.role(),
          entry.action(),
          tenant == null ? null : tenant.text(),
          entry.target(),
          entry.outcome(),
          entry.detail(),
          entry.remote(),
          entry.previousHash(),
          entry.hash());
    }
  }

  /// A line of a tenant's log as it is shown.
  record LogView(String time, String level, String plugin, String stream, String text) {
    static LogView of(LogEntry entry) {
      return new LogView(
          entry.time().toString(),
          entry.level(),
          entry.plugin().text(),
          entry.stream(),
          entry.text());
    }
  }

  /// The audit log: a stream, all of it as lines of JSON, or a list for whoever accepts JSON and no
  /// stream, or says nothing of that and asks for a part that only a list has.
  void audit(Exchange exchange) {
    ApiRequest request = exchange.request();
    if (isExport(request)) {
      @Nullable Long after = lastEventId(request);
      new AuditExport(exchange, audit, threads, selection(request))
          .start(after == null ? -1 : after);
    } else if (isList(request)) {
      threads.of(this::listAudit).handle(exchange);
    } else {
      streamAudit(exchange);
    }
  }

  private static boolean isList(ApiRequest request) {
    boolean asksForPart =
        LIST_PARAMETERS.stream().anyMatch(name -> request.query(name) != null)
            && request.header("Last-Event-ID") == null;
    return !request.accepts(STREAM_TYPE, /* isDefault= */ false)
        && request.accepts(Answer.JSON_TYPE, asksForPart);
  }

  /// Returns which entries a stream or an export has.
  private static Predicate<AuditView> selection(ApiRequest request) {
    @Nullable String tenant = request.query("tenant");
    @Nullable String action = request.query("action");
    return entry ->
        (tenant == null || tenant.equals(entry.tenant))
            && (action == null || action.equals(entry.action));
  }

  /// Whether the hashes of the audit log follow from one another.
  record Verification(
      boolean valid,
      long records,
      @Nullable String firstId,
      @Nullable String lastId,
      @Nullable String head,
      @Nullable String brokenId) {

    static Verification of(AuditChain.Result result) {
      return new Verification(
          result.brokenId() == null,
          result.records(),
          text(result.firstId()),
          text(result.lastId()),
          result.head(),
          text(result.brokenId()));
    }

    private static @Nullable String text(@Nullable Long id) {
      return id == null ? null : id.toString();
    }
  }

  /// Checks the audit log.
  Answer verify(ApiRequest request) {
    return Answer.json(200, Verification.of(audit.verify()));
  }

  /// A tenant's log: what is still held of it, then every new line.
  void log(Exchange exchange) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    int last = request.queryNumber("last", DEFAULT_LAST_LINES, 0, MAX_LAST_LINES);
    @Nullable Long resumeAfter = lastEventId(request);
    long after = resumeAfter == null ? -1 : resumeAfter;
    @Nullable String name = request.query("plugin");
    @Nullable PluginName plugin = name == null ? null : new PluginName(name);
    EventStream stream =
        EventStream.open(vertx, exchange, streams, () -> tenants.find(tenant.name()) == tenant);
    Replay<LogEntry> lines =
        new Replay<>(
            after,
            LogEntry::id,
            entry -> {
              if (plugin == null || entry.plugin().equals(plugin)) {
                stream.offer(entry.id(), "log", Json.text(LogView.of(entry)));
              }
            });
    stream.feedFrom(tenant.log().subscribe(lines::live));
    lines.replay(tenant.log().after(after, resumeAfter == null ? last : MAX_LAST_LINES));
  }

  /// Code as it is shown.
  record CodeView(
      String time,
      @Nullable String script,
      int scriptId,
      @Nullable String function,
      @Nullable Integer index,
      String tier,
      int bytes,
      @Nullable Integer offset,
      @Nullable String file,
      @Nullable Integer line) {

    static CodeView of(Instant time, CodeCreated code) {
      boolean isWrapper = code.scriptId() == CodeCreated.NO_SCRIPT;
      SourcePosition source = code.source();
      return new CodeView(
          time.toString(),
          isWrapper ? null : code.scriptUrl(),
          code.scriptId(),
          code.functionName(),
          isWrapper ? null : code.functionIndex(),
          code.tier(),
          code.bytes(),
          isWrapper ? null : code.offset(),
          source == null ? null : source.file(),
          source == null ? null : source.line());
    }
  }

  /// A tenant's code log: what is still held of it, then what comes while it is on.
  void codeLog(Exchange exchange) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    @Nullable Long resumeAfter = lastEventId(request);
    long after = resumeAfter == null ? -1 : resumeAfter;
    EventStream stream =
        EventStream.open(vertx, exchange, streams, () -> tenants.find(tenant.name()) == tenant);
    Replay<CodeLog.Entry> entries =
        new Replay<>(after, CodeLog.Entry::id, entry -> sendCode(stream, entry));
    stream.feedFrom(tenant.codeLog().subscribe(entries::live));
    List<CodeLog.Entry> held = tenant.codeLog().after(after);
    // What a stream can hold at once.
    int dropped = Math.max(0, held.size() - MAX_RESUMED_EVENTS / 2);
    entries.replay(held.subList(dropped, held.size()));
  }

  /// A request of a plugin as it is shown.
  record EgressView(
      String time,
      String plugin,
      String method,
      String scheme,
      String host,
      int port,
      String decision,
      int status,
      long requestBytes,
      long responseBytes,
      long millis,
      @Nullable String error,
      @Nullable String detail) {

    static EgressView of(EgressLog.Entry entry) {
      EgressRecord request = entry.request();
      HostError error = request.error();
      return new EgressView(
          entry.time().toString(),
          entry.plugin().text(),
          request.method(),
          request.scheme(),
          request.host(),
          request.port(),
          request.decision().label(),
          request.status(),
          request.requestBytes(),
          request.responseBytes(),
          request.millis(),
          error == null ? null : error.name().toLowerCase(Locale.ROOT).replace('_', '-'),
          request.detail());
    }
  }

  /// The requests of a tenant's plugins: what is still held of them, then every new one.
  void egressLog(Exchange exchange) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    EgressLog log = tenant.services().egressLog();
    int last = request.queryNumber("last", DEFAULT_LAST_LINES, 0, MAX_LAST_LINES);
    @Nullable Long resumeAfter = lastEventId(request);
    long after = resumeAfter == null ? -1 : resumeAfter;
    EventStream stream =
        EventStream.open(vertx, exchange, streams, () -> tenants.find(tenant.name()) == tenant);
    Replay<EgressLog.Entry> entries =
        new Replay<>(
            after,
            EgressLog.Entry::id,
            entry -> stream.offer(entry.id(), "request", Json.text(EgressView.of(entry))));
    Runnable unsubscribe = log.subscribe(entries::live);
    stream.feedFrom(unsubscribe::run);
    List<EgressLog.Entry> held = log.after(after, resumeAfter == null ? last : MAX_LAST_LINES);
    // What a stream can hold at once.
    entries.replay(held.subList(Math.max(0, held.size() - MAX_RESUMED_EVENTS / 2), held.size()));
  }

  private static void sendCode(EventStream stream, CodeLog.Entry entry) {
    CodeCreated code = entry.code();
    if (code == null) {
      stream.offer(entry.id(), "lost", Json.text(Map.of("functions", entry.lostFunctions())));
    } else {
      stream.offer(entry.id(), "code", Json.text(CodeView.of(entry.time(), code)));
    }
  }

  private void streamAudit(Exchange exchange) {
    ApiRequest request = exchange.request();
    @Nullable Long resumeAfter = lastEventId(request);
    Predicate<AuditView> selection = selection(request);
    EventStream stream = EventStream.open(vertx, exchange, streams);
    Replay<AuditRecord> entries =
        new Replay<>(
            resumeAfter == null ? -1 : resumeAfter,
            AuditRecord::id,
            entry -> sendAudit(stream, selection, entry));
    stream.feedFrom(audit.subscribe(entries::live));
    if (resumeAfter == null) {
      entries.replay(List.of());
    } else {
      threads.execute(() -> entries.replay(audit.after(resumeAfter, MAX_RESUMED_EVENTS)));
    }
  }

  private static void sendAudit(
      EventStream stream, Predicate<AuditView> selection, AuditRecord entry) {
    AuditView view = AuditView.of(entry);
    if (selection.test(view)) {
      stream.offer(entry.id(), "audit", Json.text(view));
    }
  }

  private Answer listAudit(ApiRequest request) {
    int limit = request.queryNumber("limit", Page.DEFAULT_LIMIT, 1, Page.MAX_LIMIT);
    @Nullable Long before = Page.cursorOf(request, Long::valueOf);
    @Nullable String tenant = request.query("tenant");
    List<AuditRecord> found =
        audit.list(
            new AuditFilter(
                tenant == null ? null : new TenantName(tenant),
                request.query("action"),
                request.query("q"),
                before == null ? Long.MAX_VALUE : before,
                limit + 1));
    List<AuditRecord> items = found.subList(0, Math.min(limit, found.size()));
    @Nullable String next =
        found.size() > limit ? Page.encode(Long.toString(items.getLast().id())) : null;
    return Answer.json(200, new Page(items.stream().map(AuditView::of).toList(), next, null));
  }

  private static boolean isExport(ApiRequest request) {
    @Nullable String format = request.query("format");
    if (format != null && !format.equals("ndjson")) {
      throw Problem.invalid("format", format, "ndjson or absent").asException();
    }
    return format != null || request.accepts(AuditExport.TYPE, /* isDefault= */ false);
  }

  private static @Nullable Long lastEventId(ApiRequest request) {
    @Nullable String text = request.header("Last-Event-ID");
    if (text == null) {
      return null;
    }
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException _) {
      throw Problem.invalid("Last-Event-ID", text, "the id of an event").asException();
    }
  }
}
