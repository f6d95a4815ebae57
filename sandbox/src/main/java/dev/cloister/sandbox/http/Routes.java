package dev.cloister.sandbox.http;

import static io.vertx.core.http.HttpMethod.DELETE;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.POST;
import static io.vertx.core.http.HttpMethod.PUT;

import dev.cloister.sandbox.registry.StoredKeyValues;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.List;

/// The whole HTTP interface: every method and path, who may use it, and what answers.
///
/// `docs/api/openapi.yaml` describes the same table; a test compares the two.
final class Routes {
  private static final String TENANTS = "/v1/tenants";
  private static final String TENANT = TENANTS + "/{tenant}";
  private static final String PLUGINS = TENANT + "/plugins";
  static final String PLUGIN = PLUGINS + "/{plugin}";
  private static final String VERSION = PLUGIN + "/versions/{version}";
  private static final String ALIAS = PLUGIN + "/aliases/{alias}";
  private static final String ENGINE = "/v1/engine";
  private static final String NATIVE_MODULE = ENGINE + "/native-modules/{digest}";

  private final ControlEndpoints control;
  private final Representations representations;
  private final Idempotency idempotency;
  private final List<Route> routes = new ArrayList<>();

  private Routes(
      ControlEndpoints control, Representations representations, Idempotency idempotency) {
    this.control = control;
    this.representations = representations;
    this.idempotency = idempotency;
  }

  /// What answers, by subject.
  record Apis(
      ControlEndpoints control,
      Representations representations,
      Idempotency idempotency,
      HealthApi health,
      SessionApi session,
      TenantApi tenants,
      LimitsApi limits,
      ServicesApi services,
      KeyValueApi keyValues,
      UsageApi usage,
      InstancesApi instances,
      DebuggingApi debugging,
      DebugSocketApi debugSockets,
      SignaturesApi signatures,
      ConfigApi config,
      KeyApi keys,
      PluginApi plugins,
      AliasApi aliases,
      ArchiveApi archives,
      UploadApi uploads,
      InvocationApi invocations,
      EventsApi events,
      EngineApi engine,
      CodeApi code,
      CompileJobsApi compileJobs,
      OperationsApi operations,
      ClusterApi cluster,
      DiagnosticsApi diagnostics,
      MetricsApi metrics,
      AdminAssets admin,
      OpenApiDocument openApi) {}

  /// Returns the table; the first route that fits a request answers it.
  static List<Route> table(Apis apis) {
    Routes table = new Routes(apis.control, apis.representations, apis.idempotency);
    table.addCalls(apis);
    table.addPlugins(apis.plugins, apis.aliases, apis.uploads);
    table.addTenants(apis);
    table.addServer(apis);
    table.addPublic(apis);
    NotAvailable.CALLS.forEach(call ->
        table.routes.add(new Route(call.method(), call.path(), call.access(), call.endpoint())));
    return List.copyOf(table.routes);
  }

  private void addCalls(Apis apis) {
    direct(POST, PLUGIN + "/call/{export}", Access.INVOKER, apis.invocations::call);
    direct(POST, PLUGIN + "/run", Access.INVOKER, apis.invocations::run);
    routes.add(
        new Route(
            /* method= */ null, PLUGIN + "/http/*", Access.INVOKER, apis.invocations::handle));
    blocking(GET, PLUGIN + "/instances", Access.TENANT_ADMIN, apis.instances::list);
    blocking(DELETE, PLUGIN + "/instances/{instance}", Access.TENANT_ADMIN, apis.instances::delete);
  }

  private void addPlugins(PluginApi plugins, AliasApi aliases, UploadApi uploads) {
    direct(PUT, PLUGIN, Access.TENANT_ADMIN, uploads::put);
    blocking(GET, PLUGINS, Access.INVOKER, plugins::list);
    blocking(GET, PLUGIN, Access.INVOKER, plugins::get);
    blocking(DELETE, PLUGIN, Access.TENANT_ADMIN, plugins::delete);
    blocking(GET, PLUGIN + "/versions", Access.INVOKER, plugins::versions);
    blocking(GET, VERSION, Access.INVOKER, plugins::version);
    blocking(GET, VERSION + "/diff/{other}", Access.INVOKER, plugins::diff);
    blocking(DELETE, VERSION, Access.TENANT_ADMIN, plugins::deleteVersion);
    blocking(POST, VERSION + "/approve", Access.OPERATOR, plugins::approve);
    blocking(GET, PLUGIN + "/settings", Access.TENANT_ADMIN, plugins::getSettings);
    blocking(PUT, PLUGIN + "/settings", Access.TENANT_ADMIN, plugins::putSettings);
    blocking(GET, ALIAS, Access.INVOKER, aliases::get);
    blocking(PUT, ALIAS, Access.TENANT_ADMIN, aliases::put);
    blocking(POST, ALIAS + "/rollback", Access.TENANT_ADMIN, aliases::rollBack);
    blocking(GET, ALIAS + "/history", Access.INVOKER, aliases::history);
  }

  private void addTenants(Apis apis) {
    blocking(GET, TENANTS, Access.OPERATOR, apis.tenants::list);
    blocking(PUT, TENANT, Access.OPERATOR, apis.tenants::put);
    blocking(GET, TENANT, Access.TENANT_ADMIN, apis.tenants::get);
    blocking(DELETE, TENANT, Access.OPERATOR, apis.tenants::delete);
    blocking(POST, TENANT + "/suspend", Access.OPERATOR, apis.tenants::suspend);
    blocking(POST, TENANT + "/resume", Access.OPERATOR, apis.tenants::resume);
    direct(GET, TENANT + "/export", Access.TENANT_ADMIN, apis.archives::exportTenant);
    direct(POST, TENANT + "/import", Access.OPERATOR, apis.archives::importTenant);
    blocking(GET, TENANT + "/limits", Access.TENANT_ADMIN, apis.limits::get);
    blocking(PUT, TENANT + "/limits", Access.OPERATOR, apis.limits::put);
    blocking(GET, TENANT + "/usage", Access.TENANT_ADMIN, apis.usage::get);
    blocking(GET, TENANT + "/keys", Access.TENANT_ADMIN, apis.keys::list);
    blocking(POST, TENANT + "/keys", Access.TENANT_ADMIN, apis.keys::create);
    blocking(GET, TENANT + "/keys/{key}", Access.TENANT_ADMIN, apis.keys::get);
    blocking(DELETE, TENANT + "/keys/{key}", Access.TENANT_ADMIN, apis.keys::delete);
    blocking(POST, TENANT + "/keys/{key}/rotate", Access.TENANT_ADMIN, apis.keys::rotate);
    blocking(GET, TENANT + "/config", Access.TENANT_ADMIN, apis.services::getConfig);
    blocking(PUT, TENANT + "/config", Access.TENANT_ADMIN, apis.services::putConfig);
    blocking(GET, TENANT + "/secrets", Access.TENANT_ADMIN, apis.services::listSecrets);
    blocking(PUT, TENANT + "/secrets", Access.TENANT_ADMIN, apis.services::putSecrets);
    blocking(GET, TENANT + "/policy", Access.TENANT_ADMIN, apis.services::getPolicy);
    blocking(PUT, TENANT + "/policy", Access.TENANT_ADMIN, apis.services::putPolicy);
    blocking(GET, TENANT + "/kv", Access.TENANT_ADMIN, apis.keyValues::list);
    blocking(GET, TENANT + "/kv/*", Access.TENANT_ADMIN, apis.keyValues::get);
    bytes(PUT, TENANT + "/kv/*", Access.TENANT_ADMIN, apis.keyValues::put);
    blocking(DELETE, TENANT + "/kv/*", Access.TENANT_ADMIN, apis.keyValues::delete);
    direct(GET, TENANT + "/egress-log", Access.TENANT_ADMIN, apis.events::egressLog);
    blocking(GET, TENANT + "/signatures", Access.TENANT_ADMIN, apis.signatures::get);
    blocking(PUT, TENANT + "/signatures", Access.TENANT_ADMIN, apis.signatures::put);
    blocking(GET, TENANT + "/debugging", Access.TENANT_ADMIN, apis.debugging::get);
    blocking(PUT, TENANT + "/debugging", Access.TENANT_ADMIN, apis.debugging::put);
    direct(GET, TENANT + "/debug", Access.TENANT_ADMIN, apis.debugSockets::open);
    direct(GET, TENANT + "/logs", Access.TENANT_ADMIN, apis.events::log);
    blocking(GET, TENANT + "/code-logging", Access.TENANT_ADMIN, apis.tenants::getCodeLogging);
    blocking(PUT, TENANT + "/code-logging", Access.TENANT_ADMIN, apis.tenants::putCodeLogging);
    direct(GET, TENANT + "/code-log", Access.TENANT_ADMIN, apis.events::codeLog);
  }

  private void addServer(Apis apis) {
    blocking(GET, ENGINE + "/native-modules", Access.TENANT_ADMIN, apis.engine::nativeModules);
    blocking(GET, ENGINE + "/statistics", Access.TENANT_ADMIN, apis.engine::statistics);
    blocking(GET, ENGINE + "/compile-jobs", Access.TENANT_ADMIN, apis.compileJobs::list);
    blocking(DELETE, ENGINE + "/compile-jobs/{job}", Access.TENANT_ADMIN, apis.compileJobs::cancel);
    direct(GET, ENGINE + "/events", Access.TENANT_ADMIN, apis.engine::events);
    blocking(GET, ENGINE + "/code-gc", Access.TENANT_ADMIN, apis.code::get);
    blocking(POST, ENGINE + "/code-gc", Access.OPERATOR, apis.code::collect);
    blocking(POST, ENGINE + "/flush-baseline", Access.OPERATOR, apis.code::flushBaseline);
    blocking(POST, NATIVE_MODULE + "/tier-up", Access.OPERATOR, apis.code::tierUp);
    blocking(POST, NATIVE_MODULE + "/tier-down", Access.OPERATOR, apis.code::tierDown);
    blocking(GET, Operations.PATH, Access.INVOKER, apis.operations::list);
    blocking(GET, Operations.PATH + "/{operation}", Access.INVOKER, apis.operations::get);
    blocking(DELETE, Operations.PATH + "/{operation}", Access.INVOKER, apis.operations::delete);
    blocking(GET, "/v1/cluster", Access.OPERATOR, apis.cluster::get);
    blocking(POST, "/v1/operator-key/rotate", Access.OPERATOR, apis.keys::rotateOperator);
    blocking(GET, "/v1/config", Access.OPERATOR, apis.config::get);
    blocking(POST, "/v1/config/reload", Access.OPERATOR, apis.config::reload);
    direct(GET, "/v1/events", Access.OPERATOR, apis.events::audit);
    blocking(GET, "/v1/events/verification", Access.OPERATOR, apis.events::verify);
    blocking(GET, "/v1/diagnostics", Access.OPERATOR, apis.diagnostics::get);
    blocking(GET, "/metrics", Access.OPERATOR, apis.metrics::get);
  }

  private void addPublic(Apis apis) {
    blocking(POST, "/v1/session", Access.PUBLIC, apis.session::open);
    direct(GET, "/v1/session", Access.PUBLIC, apis.session::get);
    direct(DELETE, "/v1/session", Access.PUBLIC, apis.session::close);
    direct(GET, "/healthz", Access.PUBLIC, apis.health::health);
    direct(GET, "/readyz", Access.PUBLIC, apis.health::ready);
    direct(GET, "/openapi.json", Access.PUBLIC, apis.openApi::get);
    direct(GET, "/", Access.PUBLIC, exchange -> redirect(exchange, 302));
    direct(GET, "/admin", Access.PUBLIC, exchange -> redirect(exchange, 308));
    blocking(GET, "/admin/*", Access.PUBLIC, apis.admin::get);
  }

  private static void redirect(Exchange exchange, int status) {
    exchange.answer(Answer.empty(status).with("Location", "/admin/"));
  }

  private void direct(HttpMethod method, String path, Access access, Endpoint endpoint) {
    routes.add(new Route(method, path, access, endpoint));
  }

  /// A value of a tenant's store: bytes of any type.
  private void bytes(
      HttpMethod method, String path, Access access, ControlEndpoints.Function function) {
    ControlEndpoints.Function complete = representations.of(method, path, function);
    routes.add(
        new Route(
            method,
            path,
            access,
            control.of("kvValueBytes", StoredKeyValues.MAX_VALUE_BYTES, complete)));
  }

  private void blocking(
      HttpMethod method, String path, Access access, ControlEndpoints.Function function) {
    ControlEndpoints.Function complete = representations.of(method, path, function);
    boolean isRepeatable = method.equals(POST);
    routes.add(
        new Route(
            method, path, access, control.of(isRepeatable ? idempotency.of(complete) : complete)));
  }
}
