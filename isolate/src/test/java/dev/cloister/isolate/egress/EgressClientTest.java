package dev.cloister.isolate.egress;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.WaitRegion;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostFilter;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundRequest;
import dev.cloister.isolate.host.OutboundResponse;
import dev.cloister.isolate.verticle.RateBucket;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests to a real server on the loopback interface, which is opened for it.
///
/// Invariant, checked after each test: nothing is charged for an answer that was closed or refused.
@Timeout(120)
final class EgressClientTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress PRIVATE = InetAddress.ofLiteral("10.1.2.3");
  private static final int MAX_BODY_BYTES = 100_000;

  private final Vertx vertx = Vertx.vertx();
  private final HeapLedger ledger = new HeapLedger(1 << 20);
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final HostCall call = new HostCall(store, WaitRegion.NONE, ledger);
  private final List<HttpServerRequest> seen = new CopyOnWriteArrayList<>();
  private final Map<String, Deque<List<InetAddress>>> names = new ConcurrentHashMap<>();
  private final Rules rules = new Rules();
  private HttpServer server = vertx.createHttpServer();
  private int port;
  private EgressClient client =
      EgressClient.create(
          vertx, this::resolve, opened("127.0.0.0/8"), limits(Duration.ofSeconds(60)));

  /// Allows `*.test` on every port, until a test says otherwise.
  private static final class Rules implements EgressRules {
    private final List<EgressRecord> records = Collections.synchronizedList(new ArrayList<>());
    private final RateBucket rate = new RateBucket(0);
    private volatile EgressPolicy policy = EgressPolicy.allowing("*.test:*");
    private volatile long perSecond = 1_000;

    @Override
    public EgressPolicy policy() {
      return policy;
    }

    @Override
    public long take() {
      return rate.take(/* nowNanos= */ 0, perSecond);
    }

    @Override
    public void ended(EgressRecord request) {
      records.add(request);
    }

    EgressRecord only() {
      assertThat(records).hasSize(1);
      return records.getFirst();
    }
  }

  @BeforeEach
  void start() {
    server = get(vertx.createHttpServer().requestHandler(this::serve).listen(0, "127.0.0.1"));
    port = server.actualPort();
    name("a.test", LOOPBACK);
    name("b.test", LOOPBACK);
  }

  @AfterEach
  void nothingIsHeld() {
    client.close();
    get(vertx.close());
    store.close();
    assertThat(ledger.chargedBytes()).isZero();
  }

  private void serve(HttpServerRequest request) {
    seen.add(request);
    String to = request.getParam("to");
    String path = Objects.requireNonNull(request.path());
    switch (path) {
      case "/echo" ->
          request
              .body()
              .onSuccess(body ->
                  request.response().setStatusCode(201).putHeader("X-Kind", "echo").end(body));
      case "/large" -> request.response().end("x".repeat(MAX_BODY_BYTES + 1));
      case "/chunks" -> {
        request.response().setChunked(true);
        request.response().write("x".repeat(MAX_BODY_BYTES));
        request.response().end("y");
      }
      case "/full" -> {
        request.response().setChunked(true);
        request.response().write("x".repeat(MAX_BODY_BYTES - 1));
        request.response().end("y");
      }
      case "/fields" -> request.response().putHeader("x-long", "x".repeat(20_000)).end();
      case "/never" -> {} // the client gives up
      case "/broken" -> {
        request.response().putHeader("content-length", "100").write("half");
        request.connection().close();
      }
      case "/circle" ->
          request.response().setStatusCode(302).putHeader("Location", "/circle").end();
      default ->
          request
              .response()
              .setStatusCode(Integer.parseInt(path.substring(1)))
              .putHeader("Location", to == null ? "" : to)
              .end("moved");
    }
  }

  @Test
  void request_toAllowedHost_isAnswered() {
    OutboundRequest request =
        new OutboundRequest(
            "POST",
            url("a.test", "/echo?secret=1"),
            List.of(new HttpField("X-Given", "yes")),
            "hello".getBytes(UTF_8),
            Duration.ofSeconds(60),
            Long.MAX_VALUE,
            HostFilter.ANY);

    try (OutboundResponse response = client.outbound(rules).send(request, call)) {
      assertThat(response.status()).isEqualTo(201);
      assertThat(new String(response.body(), UTF_8)).isEqualTo("hello");
      assertThat(response.headers()).contains(new HttpField("x-kind", "echo"));
      assertThat(ledger.chargedBytes()).isEqualTo(5);
    }
    HttpServerRequest arrived = seen.getFirst();
    assertThat(arrived.getHeader("Host")).isEqualTo("a.test:" + port);
    assertThat(arrived.getHeader("X-Given")).isEqualTo("yes");
    assertThat(arrived.getHeader("User-Agent")).isEqualTo("cloister");
    EgressRecord record = rules.only();
    assertThat(record.decision()).isEqualTo(EgressDecision.ALLOWED);
    assertThat(record.status()).isEqualTo(201);
    assertThat(record.requestBytes()).isEqualTo(5);
    assertThat(record.responseBytes()).isEqualTo(5);
    assertThat(record.toString()).doesNotContain("secret").doesNotContain("hello");
  }

  @Test
  void request_withoutPolicy_isDenied() {
    rules.policy = EgressPolicy.NONE;

    assertRefused(HostError.FORBIDDEN, () -> fetch("a.test", "/echo"));
    assertThat(rules.only().decision()).isEqualTo(EgressDecision.DENIED);
    assertThat(seen).isEmpty();
  }

  @Test
  void request_withOtherMethodOrScheme_isDenied() {
    rules.policy =
        new EgressPolicy(
            List.of(HostPattern.parse("*:*")), Set.of("HEAD"), Set.of("https", "http"));
    assertRefused(HostError.FORBIDDEN, () -> fetch("a.test", "/echo"));

    rules.policy =
        new EgressPolicy(List.of(HostPattern.parse("*:*")), Set.of("GET"), Set.of("https"));
    assertRefused(HostError.FORBIDDEN, () -> fetch("a.test", "/echo"));
    assertThat(seen).isEmpty();
  }

  @Test
  void request_beyondTheCallersOwnHosts_isDenied() {
    OutboundRequest request =
        new OutboundRequest(
            "GET",
            url("a.test", "/echo"),
            List.of(),
            new byte[0],
            Duration.ofSeconds(60),
            Long.MAX_VALUE,
            (host, _) -> host.equals("b.test"));

    assertRefused(HostError.FORBIDDEN, () -> client.outbound(rules).send(request, call));
  }

  @Test
  void request_toPrivateAddress_isDeniedWhateverTheName() {
    name("inside.test", PRIVATE);
    name("half.test", LOOPBACK, PRIVATE);
    rules.policy = EgressPolicy.allowing("*:*");

    assertRefused(HostError.FORBIDDEN, () -> fetch("inside.test", "/echo"));
    assertRefused(HostError.FORBIDDEN, () -> fetch("half.test", "/echo"));
    assertRefused(HostError.FORBIDDEN, () -> fetch("169.254.169.254", "/latest/meta-data"));
    assertRefused(HostError.FORBIDDEN, () -> fetch("[::1]", "/echo"));
    assertThat(seen).isEmpty();
    assertThat(rules.records).allMatch(it -> it.decision() == EgressDecision.DENIED);
  }

  @Test
  void request_whenLoopbackIsNotOpened_isDenied() {
    try (EgressClient closed =
        EgressClient.create(vertx, this::resolve, AddressPolicy.PUBLIC, EgressLimits.defaults())) {
      assertRefused(
          HostError.FORBIDDEN,
          () -> closed.outbound(rules).send(get(url("a.test", "/echo")), call));
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void rebinding_betweenCheckAndConnection_hasNoEffect() {
    // The second answer would be another address; nobody asks for it.
    names.put("rebind.test", new ArrayDeque<>(List.of(List.of(LOOPBACK), List.of(PRIVATE))));

    fetch("rebind.test", "/echo").close();

    assertThat(names.get("rebind.test")).hasSize(1);
    assertThat(seen).hasSize(1);
  }

  @Test
  void rebinding_betweenRedirects_isNoticed() {
    names.put("rebind.test", new ArrayDeque<>(List.of(List.of(LOOPBACK), List.of(PRIVATE))));

    assertRefused(HostError.FORBIDDEN, () -> fetch("rebind.test", "/302?to=/echo"));
    assertThat(seen).hasSize(1);
    assertThat(rules.records).hasSize(2);
  }

  @Test
  void redirect_toAllowedHost_isFollowedWithoutCredentials() {
    OutboundRequest request =
        OutboundRequest.of(
            "GET",
            url("a.test", "/302?to=http://b.test:" + port + "/echo"),
            List.of(new HttpField("Authorization", "Bearer x"), new HttpField("X-Other", "1")),
            new byte[0]);

    try (OutboundResponse response = client.outbound(rules).send(request, call)) {
      assertThat(response.status()).isEqualTo(201);
    }
    assertThat(seen.get(0).getHeader("Authorization")).isEqualTo("Bearer x");
    assertThat(seen.get(1).getHeader("Authorization")).isNull();
    assertThat(seen.get(1).getHeader("X-Other")).isEqualTo("1");
  }

  @Test
  void redirect_toDeniedHostOrAddress_isDenied() {
    rules.policy = EgressPolicy.allowing("a.test:*", "127.0.0.1:*");
    assertRefused(
        HostError.FORBIDDEN, () -> fetch("a.test", "/302?to=http://b.test:" + port + "/echo"));
    assertRefused(
        HostError.FORBIDDEN, () -> fetch("a.test", "/302?to=http://169.254.169.254/latest"));
    assertRefused(HostError.INVALID, () -> fetch("a.test", "/302?to=file:///etc/passwd"));
    assertThat(seen).hasSize(3);
  }

  @Test
  void redirect_ofPost_losesItsBodyUnlessItMustNot() {
    for (Map.Entry<String, String> expected :
        Map.of("302", "GET", "303", "GET", "307", "POST", "308", "POST").entrySet()) {
      OutboundRequest request =
          OutboundRequest.of(
              "POST",
              url("a.test", "/" + expected.getKey() + "?to=/echo"),
              List.of(new HttpField("Content-Type", "text/plain")),
              "body".getBytes(UTF_8));
      try (OutboundResponse response = client.outbound(rules).send(request, call)) {
        HttpServerRequest last = seen.getLast();
        assertThat(last.method().name()).as(expected.getKey()).isEqualTo(expected.getValue());
        assertThat(response.body()).hasSize(expected.getValue().equals("POST") ? 4 : 0);
      }
    }
  }

  @Test
  void redirect_withoutEnd_endsAfterTheMost() {
    assertRefused(HostError.FAILED, () -> fetch("a.test", "/circle"));
    assertThat(seen).hasSize(6);
    assertThat(rules.records).hasSize(6);
  }

  @Test
  void redirect_withoutPlace_isAnAnswer() {
    try (OutboundResponse response = fetch("a.test", "/302")) {
      assertThat(response.status()).isEqualTo(302);
    }
  }

  @Test
  void answer_largerThanAllowed_isRefused() {
    assertRefused(HostError.TOO_LARGE, () -> fetch("a.test", "/large"));
    assertRefused(HostError.TOO_LARGE, () -> fetch("a.test", "/chunks"));
    try (OutboundResponse response = fetch("a.test", "/full")) {
      assertThat(response.body()).hasSize(MAX_BODY_BYTES);
    }
    assertRefused(HostError.FAILED, () -> fetch("a.test", "/fields"));
  }

  @Test
  void answer_thatTheTenantCannotHold_isRefused() {
    HeapLedger small = new HeapLedger(1_000);
    HostCall poor = new HostCall(store, WaitRegion.NONE, small);

    assertRefused(
        HostError.QUOTA, () -> client.outbound(rules).send(get(url("a.test", "/full")), poor));
    assertThat(small.chargedBytes()).isZero();
  }

  @Test
  void request_tooLarge_isRefused() {
    assertRefused(
        HostError.TOO_LARGE,
        () ->
            client
                .outbound(rules)
                .send(
                    OutboundRequest.of(
                        "POST", url("a.test", "/echo"), List.of(), new byte[MAX_BODY_BYTES + 1]),
                    call));
    assertThat(seen).isEmpty();
  }

  @Test
  void request_tooOften_isRateLimited() {
    rules.perSecond = 2;
    fetch("a.test", "/echo").close();
    fetch("a.test", "/echo").close();

    assertRefused(HostError.RATE_LIMITED, () -> fetch("a.test", "/echo"));
    assertThat(rules.records.getLast().decision()).isEqualTo(EgressDecision.RATE_LIMITED);
    assertThat(seen).hasSize(2);
  }

  @Test
  void server_thatBreaksOff_isAFailure() {
    assertRefused(HostError.FAILED, () -> fetch("a.test", "/broken"));
  }

  @Test
  void server_thatIsNotThere_isAFailure() {
    get(server.close());

    assertRefused(HostError.FAILED, () -> fetch("a.test", "/echo"));
    assertRefused(HostError.FAILED, () -> fetch("nowhere.test", "/echo"));
  }

  @Test
  void request_longerThanItMayTake_isATimeout() {
    OutboundRequest request =
        new OutboundRequest(
            "GET",
            url("a.test", "/never"),
            List.of(),
            new byte[0],
            Duration.ofMillis(100),
            Long.MAX_VALUE,
            HostFilter.ANY);

    assertRefused(HostError.TIMEOUT, () -> client.outbound(rules).send(request, call));
    assertConnectionEnds();
  }

  @Test
  void call_thatIsStopped_endsTheRequest() {
    vertx.setTimer(100, _ -> store.requestStop(StopReason.DEADLINE));

    assertThatThrownBy(() -> fetch("a.test", "/never")).isInstanceOf(StoppedException.class);
    assertThat(rules.only().decision()).isEqualTo(EgressDecision.FAILED);
    assertConnectionEnds();
  }

  /// The server sees that the client has gone.
  private void assertConnectionEnds() {
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> seen.isEmpty() || seen.getFirst().response().closed());
  }

  private OutboundResponse fetch(String host, String path) {
    return client.outbound(rules).send(get(url(host, path)), call);
  }

  private static OutboundRequest get(URI uri) {
    return OutboundRequest.of("GET", uri, List.of(), new byte[0]);
  }

  private URI url(String host, String path) {
    return URI.create("http://" + host + ":" + port + path);
  }

  private void name(String host, InetAddress... addresses) {
    names.put(host, new ArrayDeque<>(List.of(List.of(addresses))));
  }

  /// The addresses of a name, the last ones again and again; texts of addresses stand for
  /// themselves.
  private List<InetAddress> resolve(String host) {
    Deque<List<InetAddress>> answers = names.get(host);
    if (answers != null) {
      return answers.size() > 1 ? answers.remove() : answers.getFirst();
    }
    return host.endsWith(".test") ? List.of() : List.of(InetAddress.ofLiteral(host));
  }

  private static AddressPolicy opened(String range) {
    return AddressPolicy.opening(List.of(AddressRange.parse(range)));
  }

  private static EgressLimits limits(Duration requestTimeout) {
    return new EgressLimits(
        Duration.ofSeconds(30), requestTimeout, MAX_BODY_BYTES, MAX_BODY_BYTES, 16 << 10, 5, 100);
  }

  private static void assertRefused(HostError error, ThrowingCallable request) {
    assertThatThrownBy(request)
        .isInstanceOfSatisfying(
            HostServiceException.class,
            e -> assertThat(e.error()).as(String.valueOf(e.getMessage())).isEqualTo(error));
  }

  private static <T> T get(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }
}
