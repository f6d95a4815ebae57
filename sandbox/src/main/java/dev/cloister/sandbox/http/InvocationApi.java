package dev.cloister.sandbox.http;

import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.abi.extism.ExtismProgram;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallBytes;
import dev.cloister.isolate.verticle.CallExport;
import dev.cloister.isolate.verticle.InvocationResult;
import dev.cloister.isolate.verticle.RunCommand;
import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.http.handler.HandlerRequest;
import dev.cloister.sandbox.http.handler.HandlerStyle;
import dev.cloister.sandbox.http.handler.MalformedAnswerException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.GuestLogWriter;
import dev.cloister.sandbox.registry.HostFolders;
import dev.cloister.sandbox.registry.Plugin;
import dev.cloister.sandbox.registry.TenantRegistry;
import io.vertx.core.http.HttpMethod;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Calls of plugins: exports with JSON arguments, WASI commands, and HTTP handlers.
final class InvocationApi {
  private final TenantRegistry tenants;
  private final HostFolders hostFolders;
  private final CallBodies bodies;
  private final CallRunner runner;
  private final Operations operations;
  private final Idempotency idempotency;

  InvocationApi(
      TenantRegistry tenants,
      HostFolders hostFolders,
      ControlEndpoints threads,
      CallMeter meter,
      Operations operations,
      Idempotency idempotency) {
    this.tenants = tenants;
    this.hostFolders = hostFolders;
    this.bodies = new CallBodies(threads);
    this.runner = new CallRunner(meter);
    this.operations = operations;
    this.idempotency = idempotency;
  }

  void call(Exchange exchange) {
    CallTarget target = target(exchange);
    if (target.abi() == Abi.EXTISM) {
      bodies.read(target, detached(target, Operation.Kind.CALL, body -> callBytes(target, body)));
    } else {
      bodies.read(target, detached(target, Operation.Kind.CALL, body -> parse(target, body)));
    }
  }

  void run(Exchange exchange) {
    CallTarget target = target(exchange);
    bodies.read(target, detached(target, Operation.Kind.RUN, body -> runCommand(target, body)));
  }

  /// Answers a request by a plugin that is an HTTP handler. Its query is the plugin's, so another
  /// version is asked for by header fields.
  void handle(Exchange exchange) {
    ApiRequest request = exchange.request();
    CallTarget target =
        CallTarget.of(exchange, tenants, request.headerVersion(), request.headerAlias());
    HandlerRequest asked = HandlerRequests.of(exchange);
    @Nullable HandlerStyle style = HandlerStyle.of(target.abi());
    if (style == null) {
      throw Problem.of(
              ProblemType.UNSUPPORTED_ABI,
              "a plugin of the kind " + target.abi().label() + " is no HTTP handler")
          .with("abi", target.abi().label())
          .asException();
    }
    CallBodies.BodyConsumer answer =
        body ->
            bodies.parse(
                target,
                body.length,
                () -> style.standardInput(asked, body),
                input -> runHandler(target, asked, style, input, body.length));
    boolean isRepeatable = exchange.http().method().equals(HttpMethod.POST);
    bodies.read(
        target,
        isRepeatable
            ? detached(target, Operation.Kind.HTTP, answer)
            : body -> detach(target, Operation.Kind.HTTP, () -> answer.accept(body)));
  }

  private CallTarget target(Exchange exchange) {
    ApiRequest request = exchange.request();
    return CallTarget.of(exchange, tenants, request.queryVersion(), request.queryAlias());
  }

  /// Answers as before if the request was sent before, and lets the client go before the call
  /// begins, if it does not want to wait.
  private CallBodies.BodyConsumer detached(
      CallTarget target, Operation.Kind kind, CallBodies.BodyConsumer consumer) {
    return body ->
        idempotency.around(
            target.exchange(),
            body,
            () -> detach(target, kind, () -> consumer.accept(body)),
            target.body()::close);
  }

  /// Runs `next`, after the client was let go if it does not want to wait.
  private void detach(CallTarget target, Operation.Kind kind, Runnable next) {
    try {
      if (!Operations.areWanted(target.request())) {
        next.run();
        return;
      }
      operations.detach(
          target.exchange(),
          kind,
          target.tenant(),
          target.plugin().name().text(),
          operation -> {
            operation.onCancel(target::cancel);
            try {
              next.run();
            } catch (RuntimeException e) {
              target.fail(e);
            }
          },
          target::fail);
    } catch (RuntimeException e) {
      target.fail(e);
    }
  }

  private void parse(CallTarget target, byte[] body) {
    target.request().withBody(body).requireJsonBody();
    bodies.parse(
        target,
        body.length,
        () -> CallArguments.read(body),
        values -> callExport(target, values, body.length));
  }

  // The class file of a record does not say that a compact constructor takes nullable elements.
  @SuppressWarnings("NullAway")
  private void callExport(CallTarget target, List<@Nullable Object> arguments, long requestBytes) {
    GuestLogWriter log = log(target);
    String export = target.request().path("export");
    InstanceRequest instance = target.instance();
    runner.run(
        target,
        plugin ->
            new CallExport(
                plugin,
                export,
                arguments,
                requestBytes,
                log,
                target.services(),
                instance,
                mounts(target, plugin)),
        log::flush);
  }

  private void callBytes(CallTarget target, byte[] input) {
    GuestLogWriter log = log(target);
    String export = target.request().path("export");
    InstanceRequest instance =
        export.equals(ExtismProgram.START) ? InstanceRequest.FRESH : target.instance();
    runner.run(
        target,
        plugin ->
            new CallBytes(
                plugin,
                export,
                input,
                log,
                target.services(),
                target.tenant().variables(target.plugin().name()),
                target.plugin().settings().extism().level(),
                instance,
                mounts(target, plugin)),
        log::flush);
  }

  private void runCommand(CallTarget target, byte[] standardInput) {
    GuestLogWriter log = log(target);
    ApiRequest request = target.request();
    List<String> arguments = List.copyOf(request.queryAll("arg"));
    @Nullable String asked = request.query("entry");
    String entry = asked == null ? AbiDetector.START : asked;
    runner.run(
        target,
        plugin ->
            new RunCommand(
                plugin,
                entry,
                target.plugin().name().text(),
                arguments,
                environment(target),
                standardInput,
                log,
                mounts(target, plugin),
                target.services()),
        log::flush);
  }

  private void runHandler(
      CallTarget target, HandlerRequest asked, HandlerStyle style, byte[] input, int bodyBytes) {
    GuestLogWriter log = log(target);
    Map<String, String> environment = new LinkedHashMap<>(target.plugin().settings().environment());
    environment.putAll(style.environment(asked, bodyBytes));
    runner.run(
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
                target.services()),
        log::flush,
        (outcome, next) -> {
          if (outcome.result() instanceof InvocationResult.Exited exited && exited.code() == 0) {
            byte[] output = exited.output();
            bodies.offload(target, output.length, () -> answered(style, output), next);
          } else {
            next.accept(CallRunner.plain(target, outcome));
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

  private static GuestLogWriter log(CallTarget target) {
    return target.tenant().logWriter(target.plugin().name());
  }

  /// What the plugin's settings say, and the call's place in its trace.
  private static Map<String, String> environment(CallTarget target) {
    TraceContext trace = target.request().trace();
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("TRACEPARENT", trace.parent());
    @Nullable String state = trace.state();
    if (state != null) {
      environment.put("TRACESTATE", state);
    }
    environment.putAll(target.plugin().settings().environment());
    return environment;
  }

  private List<Mount> mounts(CallTarget target, PluginHandle version) {
    Plugin plugin = target.plugin();
    return hostFolders.mounts(target.tenant(), plugin.name(), plugin.settings().mounts(), version);
  }
}
