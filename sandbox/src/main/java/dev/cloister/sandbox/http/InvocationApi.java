package dev.cloister.sandbox.http;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.abi.extism.ExtismProgram;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.InstanceSettings;
import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallBytes;
import dev.cloister.isolate.verticle.CallExport;
import dev.cloister.isolate.verticle.Invocation;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationResult;
import dev.cloister.isolate.verticle.InvocationTimings;
import dev.cloister.isolate.verticle.RunCommand;
import dev.cloister.sandbox.http.field.RateLimitField;
import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.http.handler.HandlerRequest;
import dev.cloister.sandbox.http.handler.HandlerStyle;
import dev.cloister.sandbox.http.handler.MalformedAnswerException;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.GuestLogWriter;
import dev.cloister.sandbox.registry.HostFolders;
import dev.cloister.sandbox.registry.Plugin;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.stats.CallOutcome;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.VersionRecord;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Calls of plugins: exports with JSON arguments, and WASI commands.
final class InvocationApi {
  /// Larger bodies are parsed on a virtual thread rather than on the event loop.
  private static final int MAX_INLINE_JSON_BYTES = 16 << 10;

  /// How many times its length a large body takes while it is parsed: a text is two bytes for each
  /// character, in pieces and as a whole. Lists and objects in arguments are not kept.
  private static final int PARSED_FACTOR = 4;

  private static final String LIMIT = IsolateLimit.REQUESTS_PER_SECOND.limitName();

  private final TenantRegistry tenants;
  private final HostFolders hostFolders;
  private final ControlEndpoints threads;
  private final CallMeter meter;
  private final Operations operations;
  private final Idempotency idempotency;

  InvocationApi(
      TenantRegistry tenants,
      HostFolders hostFolders,
      ControlEndpoints threads,
      CallMeter meter,
      Operations operations,
      Idempotency idempotency) {
    this.hostFolders = hostFolders;
    this.tenants = tenants;
    this.threads = threads;
    this.meter = meter;
    this.operations = operations;
    this.idempotency = idempotency;
  }

  /// The body of a call.
  ///
  /// @param args the arguments, lists and objects empty
  record Arguments(
      @JsonDeserialize(using = ArgumentsReader.class) @Nullable List<@Nullable Object> args) {}

  /// A call that was admitted: what is called, and for whom.
  ///
  /// @param body pays for the body until the call itself does
  private record Target(
      Exchange exchange,
      Tenant tenant,
      Plugin plugin,
      BlobDigest version,
      HeapCharge body,
      AtomicReference<@Nullable Invocation> invocation,
      AtomicBoolean isCancelled) {
    /// Answers with a problem.
    void fail(Throwable failure) {
      body.close();
      exchange.fail(failure);
    }

    /// The convention that the plugin is called by.
    Abi abi() {
      return plugin.settings().abi(requireVersion());
    }

    private VersionRecord requireVersion() {
      @Nullable VersionRecord found = plugin.versions().get(version);
      if (found == null) {
        throw Problem.notFound("version", version.toString()).asException();
      }
      return found;
    }
  }

  void call(Exchange exchange) {
    Target target = target(exchange);
    if (target.abi() == Abi.EXTISM) {
      readBody(target, detached(target, Operation.Kind.CALL, body -> callBytes(target, body)));
    } else {
      readBody(target, detached(target, Operation.Kind.CALL, body -> parse(target, body)));
    }
  }

  void run(Exchange exchange) {
    Target target = target(exchange);
    readBody(target, detached(target, Operation.Kind.RUN, body -> runCommand(target, body)));
  }

  /// Answers as before if the request was sent before, and lets the client go before the call
  /// begins, if it does not want to wait.
  private BodyConsumer detached(Target target, Operation.Kind kind, BodyConsumer consumer) {
    return body ->
        idempotency.around(
            target.exchange,
            body,
            () -> {
              try {
                detach(target, kind);
                consumer.accept(body);
              } catch (RuntimeException e) {
                target.fail(e);
              }
            },
            target.body::close);
  }

  private void detach(Target target, Operation.Kind kind) {
    if (Operations.areWanted(target.exchange.request())) {
      operations
          .detach(target.exchange, kind, target.tenant, target.plugin.name().text())
          .onCancel(() -> cancel(target));
    }
  }

  private static void cancel(Target target) {
    target.isCancelled.set(true);
    @Nullable Invocation invocation = target.invocation.get();
    if (invocation != null) {
      target.tenant.isolate().cancel(invocation);
    }
  }

  /// Answers a request by a plugin that is an HTTP handler. Its query is the plugin's, so another
  /// version is asked for by header fields.
  void handle(Exchange exchange) {
    ApiRequest request = exchange.request();
    Target target = target(exchange, request.headerVersion(), request.headerAlias());
    HandlerRequest asked = HandlerRequests.of(exchange);
    @Nullable HandlerStyle style = HandlerStyle.of(target.abi());
    if (style == null) {
      throw Problem.of(
              ProblemType.UNSUPPORTED_ABI,
              "a plugin of the kind " + target.abi().label() + " is no HTTP handler")
          .with("abi", target.abi().label())
          .asException();
    }
    readBody(
        target,
        body ->
            compute(
                target,
                body.length,
                () -> style.standardInput(asked, body),
                input -> runHandler(target, asked, style, input, body.length)));
  }

  private Target target(Exchange exchange) {
    ApiRequest request = exchange.request();
    return target(exchange, request.queryVersion(), request.queryAlias());
  }

  private Target target(Exchange exchange, @Nullable BlobDigest asked, AliasName alias) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    if (tenant.isSuspended()) {
      throw Problem.of(ProblemType.SUSPENDED, "the tenant is suspended")
          .with("tenant", tenant.name().text())
          .asException();
    }
    Plugin plugin = tenant.requirePlugin(request.plugin());
    BlobDigest version = tenant.resolve(plugin, asked, alias);
    HeapCharge body = new HeapCharge(tenant.isolate().ledger(), HeapCategory.BUFFER);
    return new Target(
        exchange, tenant, plugin, version, body, new AtomicReference<>(), new AtomicBoolean());
  }

  private interface BodyConsumer {
    void accept(byte[] body);
  }

  /// Reads the body; no more bodies of a tenant arrive at once than it may have calls.
  private static void readBody(Target target, BodyConsumer consumer) {
    Tenant tenant = target.tenant;
    IsolateLimits limits = tenant.isolate().limits();
    long allowed = limits.value(IsolateLimit.CONCURRENCY) + limits.value(IsolateLimit.QUEUE_LENGTH);
    if (tenant.arrivingBodies().incrementAndGet() > allowed) {
      tenant.arrivingBodies().decrementAndGet();
      throw Problem.of(ProblemType.OVERLOADED, "too many requests are sending their body")
          .with("limit", "queueLength")
          .with("allowed", allowed)
          .asException();
    }
    try {
      BodyReader.read(
          target.exchange,
          "requestBytes",
          limits.value(IsolateLimit.REQUEST_BYTES),
          target.body,
          body -> {
            tenant.arrivingBodies().decrementAndGet();
            try {
              consumer.accept(body);
            } catch (RuntimeException e) {
              target.fail(e);
            }
          },
          () -> tenant.arrivingBodies().decrementAndGet());
    } catch (RuntimeException e) {
      tenant.arrivingBodies().decrementAndGet();
      throw e;
    }
  }

  private void parse(Target target, byte[] body) {
    ApiRequest request = target.exchange.request().withBody(body);
    request.requireJsonBody();
    compute(
        target,
        body.length,
        () -> arguments(body),
        values -> callExport(target, values, body.length));
  }

  /// Has `work` done with `bytes` bytes, at once or, if they are many, on a thread of its own; then
  /// goes on with the outcome, on the exchange's event loop.
  private <T> void compute(Target target, int bytes, Supplier<T> work, Consumer<T> next) {
    if (bytes > MAX_INLINE_JSON_BYTES) {
      target.body.add((long) PARSED_FACTOR * bytes);
    }
    offload(target, bytes, work, next);
  }

  private <T> void offload(Target target, int bytes, Supplier<T> work, Consumer<T> next) {
    if (bytes <= MAX_INLINE_JSON_BYTES) {
      next.accept(work.get());
      return;
    }
    Context context = target.exchange.context();
    threads.execute(() -> {
      try {
        T done = work.get();
        context.runOnContext(_ -> {
          try {
            next.accept(done);
          } catch (RuntimeException e) {
            target.fail(e);
          }
        });
      } catch (RuntimeException e) {
        context.runOnContext(_ -> target.fail(e));
      }
    });
  }

  private static List<@Nullable Object> arguments(byte[] body) {
    if (body.length == 0) {
      return List.of();
    }
    @Nullable List<@Nullable Object> arguments = Json.read(body, Arguments.class).args();
    if (arguments == null) {
      return List.of();
    }
    return arguments;
  }

  // The class file of a record does not say that a compact constructor takes nullable elements.
  @SuppressWarnings("NullAway")
  private void callExport(Target target, List<@Nullable Object> arguments, long requestBytes) {
    GuestLogWriter log = target.tenant.logWriter(target.plugin.name());
    String export = target.exchange.request().path("export");
    InstanceRequest instance = instance(target);
    invoke(
        target,
        plugin ->
            new CallExport(
                plugin,
                export,
                arguments,
                requestBytes,
                log,
                services(target),
                instance,
                mounts(target, plugin)),
        log::flush);
  }

  private void callBytes(Target target, byte[] input) {
    GuestLogWriter log = target.tenant.logWriter(target.plugin.name());
    String export = target.exchange.request().path("export");
    InstanceRequest instance =
        export.equals(ExtismProgram.START) ? InstanceRequest.FRESH : instance(target);
    invoke(
        target,
        plugin ->
            new CallBytes(
                plugin,
                export,
                input,
                log,
                services(target),
                target.tenant.variables(target.plugin.name()),
                target.plugin.settings().extism().level(),
                instance,
                mounts(target, plugin)),
        log::flush);
  }

  private void runCommand(Target target, byte[] standardInput) {
    GuestLogWriter log = target.tenant.logWriter(target.plugin.name());
    ApiRequest request = target.exchange.request();
    List<String> arguments = List.copyOf(request.queryAll("arg"));
    @Nullable String asked = request.query("entry");
    String entry = asked == null ? AbiDetector.START : asked;
    invoke(
        target,
        plugin ->
            new RunCommand(
                plugin,
                entry,
                target.plugin.name().text(),
                arguments,
                environment(target),
                standardInput,
                log,
                mounts(target, plugin),
                services(target)),
        log::flush);
  }

  private void runHandler(
      Target target, HandlerRequest asked, HandlerStyle style, byte[] input, int bodyBytes) {
    GuestLogWriter log = target.tenant.logWriter(target.plugin.name());
    Map<String, String> environment = new LinkedHashMap<>(target.plugin.settings().environment());
    environment.putAll(style.environment(asked, bodyBytes));
    invoke(
        target,
        plugin ->
            new RunCommand(
                plugin,
                AbiDetector.START,
                style.programName(asked),
                style.arguments(asked),
                environment,
                input,
                log,
                mounts(target, plugin),
                services(target)),
        log::flush,
        (outcome, next) -> {
          if (outcome.result() instanceof InvocationResult.Exited exited && exited.code() == 0) {
            byte[] output = exited.output();
            offload(target, output.length, () -> answered(style, output), next);
          } else {
            plainly(target, outcome, next);
          }
        });
  }

  /// What a handler answers that wrote `output`.
  private static InvocationAnswer answered(HandlerStyle style, byte[] output) {
    try {
      return InvocationAnswer.of(style.answer(output));
    } catch (MalformedAnswerException e) {
      return InvocationAnswer.of(e);
    }
  }

  private static void plainly(
      Target target, InvocationOutcome outcome, Consumer<InvocationAnswer> next) {
    String bytesType = target.plugin.settings().extism().contentType();
    next.accept(InvocationAnswer.of(outcome.result(), bytesType));
  }

  /// What the plugin's settings say, and the call's place in its trace.
  private static Map<String, String> environment(Target target) {
    TraceContext trace = target.exchange.request().trace();
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("TRACEPARENT", trace.parent());
    @Nullable String state = trace.state();
    if (state != null) {
      environment.put("TRACESTATE", state);
    }
    environment.putAll(target.plugin.settings().environment());
    return environment;
  }

  private List<Mount> mounts(Target target, PluginHandle version) {
    Plugin plugin = target.plugin;
    return hostFolders.mounts(target.tenant, plugin.name(), plugin.settings().mounts(), version);
  }

  private static HostServices services(Target target) {
    return target.tenant.services(target.plugin);
  }

  private static InstanceRequest instance(Target target) {
    InstanceSettings settings = target.plugin.settings().instance().settings();
    String plugin = target.plugin.name().text();
    @Nullable String key = target.exchange.request().queryInstance();
    if (key == null) {
      return InstanceRequest.of(plugin, settings);
    }
    if (settings.policy() != InstancePolicy.STATEFUL) {
      throw Problem.invalid(
              "instance", key, "absent: the plugin's instances are " + settings.policy().label())
          .asException();
    }
    return new InstanceRequest(plugin, settings, key);
  }

  private interface InvocationFactory {
    Invocation of(PluginHandle plugin);
  }

  /// Makes an answer of what a call returned, and hands it on.
  private interface Translation {
    void translate(InvocationOutcome outcome, Consumer<InvocationAnswer> next);
  }

  private void invoke(Target target, InvocationFactory factory, Runnable onEnd) {
    invoke(target, factory, onEnd, (outcome, next) -> plainly(target, outcome, next));
  }

  private void invoke(
      Target target, InvocationFactory factory, Runnable onEnd, Translation translation) {
    long startNanos = meter.start();
    attempt(target, factory)
        .compose(outcome -> isRetried(target, outcome) ? attempt(target, factory) : keep(outcome))
        .onComplete(done ->
            target.exchange.run(() -> {
              onEnd.run();
              if (done.succeeded()) {
                InvocationOutcome outcome = done.result();
                translation.translate(
                    outcome, answer -> answer(target, outcome, answer, startNanos));
              } else {
                fail(target, startNanos);
                target.fail(done.cause());
              }
            }));
  }

  private static Future<InvocationOutcome> attempt(Target target, InvocationFactory factory) {
    return target.tenant.load(target.version).compose(plugin -> admit(target, factory.of(plugin)));
  }

  /// From its admission on the call pays for its request itself.
  private static Future<InvocationOutcome> admit(Target target, Invocation invocation) {
    target.invocation.set(invocation);
    Future<InvocationOutcome> outcome = target.tenant.isolate().invoke(invocation);
    target.body.close();
    if (target.isCancelled.get()) {
      target.tenant.isolate().cancel(invocation);
    }
    return outcome;
  }

  private static Future<InvocationOutcome> keep(InvocationOutcome outcome) {
    return Future.succeededFuture(outcome);
  }

  /// Whether the call did not begin because its version was let go between being found and being
  /// called; another attempt compiles it again.
  private static boolean isRetried(Target target, InvocationOutcome outcome) {
    return outcome.result() instanceof InvocationResult.Cancelled(StopReason reason)
        && reason == StopReason.CANCELLED
        && !target.isCancelled.get()
        && !target.tenant.isSuspended();
  }

  private void answer(
      Target target, InvocationOutcome outcome, InvocationAnswer answer, long startNanos) {
    long allowed = target.tenant.isolate().limits().value(IsolateLimit.REQUESTS_PER_SECOND);
    meter.end(
        target.tenant,
        target.plugin.name(),
        answer.outcome(),
        startNanos,
        outcome.timings(),
        answer.answer().body().length);
    Answer complete =
        answer
            .answer()
            .with(
                Map.of(
                    "Cloister-Version",
                    target.version.toString(),
                    "Cloister-Instance",
                    outcome.instance().label(),
                    "Server-Timing",
                    outcome.timings().serverTiming(),
                    "RateLimit-Policy",
                    RateLimitField.policy(LIMIT, allowed),
                    "RateLimit",
                    RateLimitField.state(LIMIT, target.tenant.isolate().availableRequests())));
    target.exchange.answer(complete).onComplete(_ -> outcome.close());
  }

  /// Notes the end of a call that never ran.
  private void fail(Target target, long startNanos) {
    meter.end(
        target.tenant,
        target.plugin.name(),
        CallOutcome.ERROR,
        startNanos,
        InvocationTimings.NONE,
        0);
  }
}
