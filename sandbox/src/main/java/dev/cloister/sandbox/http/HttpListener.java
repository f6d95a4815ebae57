package dev.cloister.sandbox.http;

import dev.cloister.engine.WasmEngine;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.sandbox.auth.FailureDamper;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.Sessions;
import dev.cloister.sandbox.auth.oidc.TokenVerifier;
import dev.cloister.sandbox.cluster.ClusterNode;
import dev.cloister.sandbox.config.HttpConfig;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.logging.RecentErrors;
import dev.cloister.sandbox.registry.Registry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The HTTP side of a server: accepts requests from [#start] to [#stop].
public final class HttpListener implements AutoCloseable {
  private static final int FREE_PORT_ATTEMPTS = 5;

  private final Vertx vertx;
  private final HttpConfig config;
  private final List<Route> routes;
  private final Authentication authentication;
  private final TokenVerifier tokens;
  private final WrongKeys wrongKeys;
  private final ControlEndpoints control;
  private final UploadApi uploads;
  private final EngineApi engineApi;
  private final DebugSocketApi debugSockets;
  private final EventStreams streams;
  private final ServerReload reload;
  private volatile @Nullable String deploymentId;

  private HttpListener(
      Vertx vertx,
      HttpConfig config,
      List<Route> routes,
      Authentication authentication,
      TokenVerifier tokens,
      WrongKeys wrongKeys,
      ControlEndpoints control,
      UploadApi uploads,
      EngineApi engineApi,
      DebugSocketApi debugSockets,
      EventStreams streams,
      ServerReload reload) {
    this.vertx = vertx;
    this.config = config;
    this.routes = routes;
    this.authentication = authentication;
    this.tokens = tokens;
    this.wrongKeys = wrongKeys;
    this.control = control;
    this.uploads = uploads;
    this.engineApi = engineApi;
    this.debugSockets = debugSockets;
    this.streams = streams;
    this.reload = reload;
  }

  /// What the listener serves.
  ///
  /// @param live the whole configuration
  /// @param engine the engine
  /// @param compilations what the engine tells of its compilations
  /// @param registry tenants, plugins, keys and the audit log
  /// @param keys who holds which key
  /// @param sessions who is signed in
  /// @param health whether the server is ready
  /// @param node the server's place in the cluster
  /// @param info what the server says of itself
  /// @param guests what runs guests
  /// @param errors what went wrong of late
  /// @param clock the time
  public record Parts(
      LiveConfig live,
      WasmEngine engine,
      CompileFeed compilations,
      Registry registry,
      KeyRing keys,
      Sessions sessions,
      HealthApi health,
      ClusterNode node,
      ServerInfo info,
      GuestExecutor guests,
      RecentErrors errors,
      Clock clock) {}

  /// Builds the interface over `parts`.
  ///
  /// @throws IOException if a resource of the program cannot be read
  public static HttpListener create(Vertx vertx, Parts parts) throws IOException {
    SandboxConfig config = parts.live.now();
    HttpConfig http = config.http();
    Registry registry = parts.registry;
    EventStreams streams = new EventStreams();
    ServerReload reload = new ServerReload(parts.live, registry.audit());
    ControlEndpoints control = new ControlEndpoints(registry.tenants(), http.maxControlBodyBytes());
    WrongKeys wrongKeys = wrongKeys(parts, control);
    TokenVerifier tokens = new TokenVerifier(config.auth().oidc(), parts.clock);
    CallMeter meter = new CallMeter(parts.clock);
    Figures figures =
        new Figures(parts.engine, parts.compilations, registry.tenants(), meter, parts.clock);
    Representations representations = new Representations();
    Operations operations =
        Operations.restore(registry.tenants(), registry.operations(), control, parts.clock);
    Idempotency idempotency = new Idempotency(registry.requests(), control);
    UploadApi uploads =
        new UploadApi(
            registry.tenants(),
            registry.plugins(),
            representations,
            operations,
            parts.engine::cancelCompileJob,
            uploadThreads(config));
    EngineApi engineApi = new EngineApi(vertx, figures, parts.compilations, streams);
    DebugSocketApi debugSockets = new DebugSocketApi(vertx, registry.tenants(), control);
    Routes.Apis apis =
        new Routes.Apis(
            control,
            representations,
            idempotency,
            parts.health,
            new SessionApi(
                parts.keys, parts.sessions, wrongKeys, registry.audit(), parts.info, control),
            new TenantApi(registry.tenants()),
            new LimitsApi(registry.tenants()),
            new ServicesApi(registry.tenants(), registry.services()),
            new KeyValueApi(registry.tenants(), registry.services()),
            new UsageApi(registry.tenants(), registry.usage(), parts.clock),
            new InstancesApi(registry.tenants(), registry.plugins()),
            new DebuggingApi(registry.tenants()),
            debugSockets,
            new SignaturesApi(registry.tenants(), registry.signatures()),
            new ConfigApi(parts.live, reload),
            new KeyApi(registry.tenants(), registry.keys(), parts.clock),
            new PluginApi(
                registry.tenants(),
                registry.plugins(),
                registry.signatures(),
                registry.hostFolders()),
            new AliasApi(registry.tenants(), registry.aliases()),
            new ArchiveApi(vertx, registry.tenants(), registry.archives(), control),
            uploads,
            new InvocationApi(
                registry.tenants(),
                registry.hostFolders(),
                control,
                meter,
                operations,
                idempotency),
            new EventsApi(vertx, registry.tenants(), registry.audit(), control, streams),
            engineApi,
            new CodeApi(parts.engine, registry.audit()),
            new CompileJobsApi(parts.engine, registry.audit()),
            new OperationsApi(operations, registry.audit()),
            new ClusterApi(parts.node),
            new DiagnosticsApi(parts, figures, control, streams),
            new MetricsApi(
                parts.engine,
                parts.compilations,
                registry.tenants(),
                meter,
                streams,
                wrongKeys,
                registry.storage()),
            new AdminAssets(HttpListener.class.getClassLoader()),
            OpenApiDocument.load());
    return new HttpListener(
        vertx,
        http,
        Routes.table(apis),
        new Authentication(parts.keys, parts.sessions, tokens, parts.live),
        tokens,
        wrongKeys,
        control,
        uploads,
        engineApi,
        debugSockets,
        streams,
        reload);
  }

  /// Returns the table of routes.
  List<Route> routes() {
    return routes;
  }

  /// Starts accepting requests and returns the port.
  ///
  /// @throws IOException if no port is free
  public Future<Integer> start() throws IOException {
    return config.port() == 0 ? startOnFreePort(FREE_PORT_ATTEMPTS) : start(config);
  }

  /// Every event loop has a listener of its own, which share one port only if it has a number; so a
  /// free one is looked for first, and again if somebody else takes it in between.
  private Future<Integer> startOnFreePort(int attempts) throws IOException {
    Future<Integer> started = start(config.withPort(freePort()));
    if (attempts == 1) {
      return started;
    }
    return started.recover(failure -> {
      try {
        return failure instanceof BindException
            ? startOnFreePort(attempts - 1)
            : Future.failedFuture(failure);
      } catch (IOException e) {
        return Future.failedFuture(e);
      }
    });
  }

  private int freePort() throws IOException {
    try (ServerSocket socket =
        new ServerSocket(0, /* backlog= */ 1, InetAddress.getByName(config.host()))) {
      return socket.getLocalPort();
    }
  }

  private Future<Integer> start(HttpConfig address) throws IOException {
    int instances = Runtime.getRuntime().availableProcessors();
    @Nullable Certificate certificate =
        address.tls().isOn() ? Certificate.read(address.tls()) : null;
    AtomicInteger connections = new AtomicInteger();
    RouteTable table = new RouteTable(routes);
    return vertx
        .deployVerticle(
            () ->
                new HttpVerticle(
                    address, table, authentication, wrongKeys, certificate, connections, reload),
            new DeploymentOptions().setInstances(instances))
        .map(id -> {
          deploymentId = id;
          return address.port();
        });
  }

  /// Reads configuration and certificate anew, because a signal said so. Blocks.
  ///
  /// @param signal its name
  public void reload(String signal) {
    reload.bySignal(signal);
  }

  /// Stops accepting requests and lets those in flight end, but for event streams, which are ended.
  public Future<Void> stop() {
    streams.endAll();
    debugSockets.endAll();
    String id = deploymentId;
    return id == null ? Future.succeededFuture() : vertx.undeploy(id);
  }

  /// Ends the threads behind the interface. Called after [#stop], never on an event loop.
  @Override
  public void close() {
    tokens.close();
    engineApi.close();
    uploads.close();
    control.close();
  }

  private static WrongKeys wrongKeys(Parts parts, ControlEndpoints control) {
    FailureDamper damper = new FailureDamper(() -> parts.live.now().auth(), parts.clock);
    return new WrongKeys(damper, parts.registry.audit(), control);
  }

  private static int uploadThreads(SandboxConfig config) {
    int configured = config.engine().uploadThreads();
    return configured > 0 ? configured : Runtime.getRuntime().availableProcessors();
  }
}
