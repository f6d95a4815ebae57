package dev.cloister.sandbox;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.debug.gdb.GdbServer;
import dev.cloister.engine.runtime.TierPolicy;
import dev.cloister.engine.stats.TraceFile;
import dev.cloister.isolate.IsolateManager;
import dev.cloister.isolate.egress.EgressClient;
import dev.cloister.isolate.egress.HostResolver;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.OperatorKey;
import dev.cloister.sandbox.auth.Sessions;
import dev.cloister.sandbox.cluster.LocalNode;
import dev.cloister.sandbox.config.DatabaseConfig;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.http.CompileFeed;
import dev.cloister.sandbox.http.HealthApi;
import dev.cloister.sandbox.http.HealthProbe;
import dev.cloister.sandbox.http.HttpListener;
import dev.cloister.sandbox.http.ServerInfo;
import dev.cloister.sandbox.logging.RecentErrors;
import dev.cloister.sandbox.registry.KeyUseWriter;
import dev.cloister.sandbox.registry.Registry;
import dev.cloister.sandbox.registry.WarmUp;
import dev.cloister.sandbox.services.SecretBox;
import dev.cloister.sandbox.stats.EngineLog;
import dev.cloister.sandbox.storage.DataFolder;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.PersistedCode;
import dev.cloister.sandbox.storage.PostgresAddress;
import dev.cloister.sandbox.storage.Storage;
import dev.cloister.sandbox.storage.StorageHealth;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running server: everything is built and started in [#start], in the order in which one part
/// needs the other.
public final class Sandbox implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sandbox.class);

  private final Lifecycle lifecycle;
  private final SandboxConfig config;
  private final Serving serving;

  private Sandbox(Lifecycle lifecycle, SandboxConfig config, Serving serving) {
    this.lifecycle = lifecycle;
    this.config = config;
    this.serving = serving;
  }

  /// What accepts requests, and on which port.
  private record Serving(HttpListener listener, int port) {}

  /// Starts a server whose configuration stays as it is, and returns when it accepts requests.
  ///
  /// @param operatorKey the operator's key, null to keep it in the data folder
  /// @throws IOException if the data folder or the address cannot be used
  public static Sandbox start(SandboxConfig config, @Nullable String operatorKey)
      throws IOException {
    return start(LiveConfig.fixed(config), operatorKey);
  }

  /// Starts a server and returns when it accepts requests.
  ///
  /// @param live the configuration
  /// @param operatorKey the operator's key, null to keep it in the data folder
  /// @throws IOException if the data folder or the address cannot be used
  public static Sandbox start(LiveConfig live, @Nullable String operatorKey) throws IOException {
    SandboxConfig config = live.now();
    Lifecycle lifecycle = new Lifecycle();
    try {
      Serving serving = start(live, operatorKey, lifecycle);
      LOG.info("event=started host={} port={}", config.http().host(), serving.port);
      return new Sandbox(lifecycle, config, serving);
    } catch (IOException | RuntimeException | Error e) {
      lifecycle.close();
      throw e;
    }
  }

  private static Serving start(LiveConfig live, @Nullable String operatorKey, Lifecycle lifecycle)
      throws IOException {
    SandboxConfig config = live.now();
    Clock clock = Clock.systemUTC();
    SecureRandom random = new SecureRandom();

    RecentErrors errors = lifecycle.add("recent errors", RecentErrors.listen());

    // What is kept.
    DataFolder folder =
        lifecycle.add("data folder", DataFolder.open(Path.of(config.storage().folder())));
    StorageHealth damage = new StorageHealth();
    Storage storage = lifecycle.add("storage", storage(config, folder, damage, clock));
    MetadataStore store = storage.metadata();
    SecretBox secrets = SecretBox.open(folder, random);
    KeyRing keys = new KeyRing(OperatorKey.load(folder, operatorKey, random), clock);

    // What runs guests.
    CompileFeed compilations = new CompileFeed();
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
    lifecycle.onStop("event loops", () -> await(vertx.close()));
    WasmEngine engine =
        lifecycle.add(
            "engine",
            new WasmEngine(engineConfig(config, compilations, folder, random, clock, lifecycle)));
    EgressClient egress = lifecycle.add("requests of plugins", egressClient(config, vertx));
    GuestExecutor guests = lifecycle.add("guest threads", guestExecutor(config));
    IsolateManager isolates = new IsolateManager(vertx, engine, guests);
    lifecycle.onStop("isolates", () -> await(isolates.close()));

    int gdbPort = config.engine().gdbPort();
    if (gdbPort > 0) {
      lifecycle.add("gdb stub", GdbServer.start(gdbPort, engine::debuggers));
      LOG.info("event=gdb-stub-started port={}", gdbPort);
    }

    // What is served.
    Registry registry =
        Registry.restore(live, storage, damage, isolates, keys, secrets, egress, random, clock);
    lifecycle.add("usage", registry.usage()).start();
    lifecycle.add("key uses", KeyUseWriter.start(store, keys));
    WarmUp warmUp = lifecycle.add("warm-up", new WarmUp());
    HealthApi health = new HealthApi(warmUp::pending);
    health.watch(lifecycle.add("health", HealthProbe.start(folder, store, engine, vertx)));
    LocalNode node = new LocalNode("local");
    HttpListener listener =
        HttpListener.create(
            vertx,
            new HttpListener.Parts(
                live,
                engine,
                compilations,
                registry,
                keys,
                sessions(config, keys, random, clock),
                health,
                node,
                ServerInfo.of(node.self().name()),
                guests,
                errors,
                clock));
    lifecycle.add("request threads", listener);
    if (config.engine().warmUp()) {
      engine.warmUp();
      warmUp.start(registry.tenants().all());
    }
    lifecycle.onStop("listener", () -> await(listener.stop()));
    int port = listen(listener, config);
    lifecycle.onStop("readiness", health::drain);
    return new Serving(listener, port);
  }

  /// Returns the address at which the server accepts requests.
  public String url() {
    String host = config.http().host();
    return config.http().scheme()
        + "://"
        + (host.contains(":") ? "[" + host + "]" : host)
        + ":"
        + serving.port;
  }

  /// Reads configuration and certificate anew, because the process got a signal. Blocks; the log
  /// says what became of it.
  ///
  /// @param signal its name
  public void reload(String signal) {
    serving.listener.reload(signal);
  }

  /// Drains and stops the server: requests in flight end, new ones are not accepted.
  @Override
  public void close() {
    LOG.info("event=stopping");
    lifecycle.close();
    LOG.info("event=stopped");
  }

  private static Storage storage(
      SandboxConfig config, DataFolder folder, StorageHealth damage, Clock clock)
      throws IOException {
    long auditRecordsKept = config.storage().auditRecordsKept();
    @Nullable DatabaseConfig shared = config.cluster().database();
    return shared == null
        ? Storage.inFolder(folder, auditRecordsKept, damage)
        : Storage.inPostgresql(address(shared), folder, auditRecordsKept, damage, clock);
  }

  private static PostgresAddress address(DatabaseConfig database) throws IOException {
    String user = database.user();
    String passwordFile = database.passwordFile();
    return new PostgresAddress(
        database.url(),
        user.isEmpty() ? null : user,
        passwordFile.isEmpty() ? null : Files.readString(Path.of(passwordFile)).strip());
  }

  private static Sessions sessions(
      SandboxConfig config, KeyRing keys, SecureRandom random, Clock clock) {
    return new Sessions(
        keys, config.auth().sessionDuration(), config.auth().maxSessions(), random, clock);
  }

  private static EngineConfig engineConfig(
      SandboxConfig config,
      CompileFeed compilations,
      DataFolder folder,
      SecureRandom random,
      Clock clock,
      Lifecycle lifecycle)
      throws IOException {
    EngineConfig.Builder settings =
        EngineConfig.defaults().toBuilder()
            .limits(config.engine().moduleLimits())
            .maxCompileJobs(config.engine().compileJobs())
            .codeBytes(config.engine().codeBytes())
            .tiers(config.engine().tierUp() ? TierPolicy.automatic() : TierPolicy.onRequest())
            .listener(compilations)
            .listener(new EngineLog());
    long maxBytes = config.engine().persistedCodeBytes();
    if (maxBytes > 0) {
      settings.persistence(PersistedCode.ofServer(folder, maxBytes, random, clock));
    }
    String traceFile = config.engine().traceFile();
    if (!traceFile.isEmpty()) {
      settings.listener(lifecycle.add("trace file", TraceFile.open(Path.of(traceFile), clock)));
    }
    return settings.build();
  }

  private static EgressClient egressClient(SandboxConfig config, Vertx vertx) {
    return EgressClient.create(
        vertx, HostResolver.SYSTEM, config.egress().addresses(), config.egress().limits());
  }

  private static GuestExecutor guestExecutor(SandboxConfig config) {
    int threads = config.engine().guestThreads();
    return threads == 0 ? GuestExecutor.create() : GuestExecutor.create(threads);
  }

  private static int listen(HttpListener listener, SandboxConfig config) throws IOException {
    try {
      return await(listener.start());
    } catch (CompletionException e) {
      if (e.getCause() instanceof BindException refused) {
        String address = config.http().host() + ":" + config.http().port();
        throw new IOException("cannot listen on " + address + ": " + refused.getMessage(), refused);
      }
      throw e;
    }
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }
}
