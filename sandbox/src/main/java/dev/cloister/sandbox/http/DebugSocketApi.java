package dev.cloister.sandbox.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.sandbox.dap.DebugAdapter;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Author;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.TenantName;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The debugger of a tenant over a WebSocket: each text message is one message of the Debug Adapter
/// Protocol.
final class DebugSocketApi {
  private static final int MAX_SESSIONS_PER_TENANT = 8;
  private static final int MAX_WAITING_MESSAGES = 1_000;
  private static final long CHECK_MILLIS = 15_000;

  /// Status codes of RFC 6455, section 7.4.1.
  private static final short GOING_AWAY = 1001;

  private static final short UNSUPPORTED_DATA = 1003;
  private static final short POLICY_VIOLATION = 1008;
  private static final short UNEXPECTED = 1011;

  private final Vertx vertx;
  private final TenantRegistry tenants;
  private final ControlEndpoints control;
  private final Set<Session> open = ConcurrentHashMap.newKeySet();
  private final Map<TenantName, AtomicInteger> counts = new ConcurrentHashMap<>();

  DebugSocketApi(Vertx vertx, TenantRegistry tenants, ControlEndpoints control) {
    this.vertx = vertx;
    this.tenants = tenants;
    this.control = control;
  }

  /// Opens a session.
  void open(Exchange exchange) {
    HttpServerRequest http = exchange.http();
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    if (!"websocket".equalsIgnoreCase(http.getHeader("Upgrade"))) {
      throw Problem.of(ProblemType.UPGRADE_REQUIRED, "this is a WebSocket; see RFC 6455")
          .asException();
    }
    requireSameOrigin(http);
    AtomicInteger count = counts.computeIfAbsent(tenant.name(), _ -> new AtomicInteger());
    if (count.incrementAndGet() > MAX_SESSIONS_PER_TENANT) {
      count.decrementAndGet();
      throw Problem.of(ProblemType.RATE_LIMITED, "too many debugging sessions")
          .with("limit", "debugSessions")
          .with("allowed", MAX_SESSIONS_PER_TENANT)
          .asException();
    }
    Author author = request.author();
    http.toWebSocket()
        .onFailure(_ -> count.decrementAndGet())
        .onSuccess(socket -> {
          Session session = new Session(exchange, tenant, author, socket, count);
          open.add(session);
          session.start();
        });
  }

  /// Ends every session. Any thread.
  void endAll() {
    open.forEach(session -> session.close(GOING_AWAY, "the server stops"));
  }

  /// Pages of other sites can open sockets and send cookies with them, but not hide where they are
  /// from.
  private static void requireSameOrigin(HttpServerRequest http) {
    @Nullable String origin = http.getHeader("Origin");
    if (origin == null) {
      return;
    }
    @Nullable String host = http.getHeader("Host");
    try {
      if (Objects.equals(URI.create(origin).getRawAuthority(), host)) {
        return;
      }
    } catch (IllegalArgumentException _) {
      // Falls through: an origin of no form is no origin of ours.
    }
    throw Problem.of(ProblemType.CROSS_SITE, "pages of other origins may not debug")
        .with("actual", origin)
        .asException();
  }

  /// One connection. Messages of the client wait in a queue, which one virtual thread works off.
  private final class Session implements DebugAdapter.Client {
    private final Exchange exchange;
    private final Tenant tenant;
    private final Author author;
    private final ServerWebSocket socket;
    private final AtomicInteger count;
    private final DebugAdapter adapter;
    private final AtomicInteger sequence = new AtomicInteger();
    private final LinkedBlockingQueue<Runnable> work =
        new LinkedBlockingQueue<>(MAX_WAITING_MESSAGES);
    private long timer;
    private volatile boolean isClosed;

    Session(
        Exchange exchange,
        Tenant tenant,
        Author author,
        ServerWebSocket socket,
        AtomicInteger count) {
      this.exchange = exchange;
      this.tenant = tenant;
      this.author = author;
      this.socket = socket;
      this.count = count;
      this.adapter = new DebugAdapter(tenant.isolate().debugger(), this);
    }

    void start() {
      socket.textMessageHandler(this::receive);
      socket.binaryMessageHandler(_ -> close(UNSUPPORTED_DATA, "messages are text"));
      socket.closeHandler(_ -> closed());
      timer =
          vertx.setPeriodic(
              CHECK_MILLIS,
              _ -> {
                if (!exchange.isStillAdmitted()) {
                  close(POLICY_VIOLATION, "the key is not valid any longer");
                }
              });
      control.execute(this::run);
    }

    private void receive(String text) {
      try {
        JsonNode message = Json.readTree(text.getBytes(StandardCharsets.UTF_8));
        if (!work.offer(() -> adapter.handle(message))) {
          close(POLICY_VIOLATION, "more than " + MAX_WAITING_MESSAGES + " messages wait");
        }
      } catch (ApiException _) {
        close(UNSUPPORTED_DATA, "messages are JSON");
      }
    }

    private void run() {
      try {
        while (!isClosed) {
          work.take().run();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } finally {
        adapter.close();
        close(UNEXPECTED, "the session ended");
      }
    }

    @Override
    public void send(ObjectNode message) {
      exchange
          .context()
          .runOnContext(_ -> {
            if (!isClosed) {
              socket.writeTextMessage(Json.text(message.put("seq", sequence.incrementAndGet())));
            }
          });
    }

    @Override
    public void enter() {
      tenants.debug(tenant.name(), /* on= */ true, author);
    }

    @Override
    public void end() {
      close((short) 1000, "disconnected");
    }

    void close(short status, String reason) {
      exchange.context().runOnContext(_ -> socket.close(status, reason));
    }

    private void closed() {
      isClosed = true;
      vertx.cancelTimer(timer);
      open.remove(this);
      count.decrementAndGet();
      // Wakes the thread; with a full queue it is awake.
      boolean _ = work.offer(() -> {});
    }
  }
}
