package dev.cloister.sandbox.http;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.verticle.CallUsage;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Tenants: create, change, list, suspend, resume, delete.
final class TenantApi {
  private final TenantRegistry tenants;

  TenantApi(TenantRegistry tenants) {
    this.tenants = tenants;
  }

  /// The body that creates or changes a tenant.
  record Change(@Nullable Map<String, @Nullable Long> limits) {}

  /// A tenant as it is shown.
  record View(
      String tenant,
      String state,
      String createdAt,
      int plugins,
      int instances,
      long memoryBytes,
      long memoryLimitBytes,
      long calls,
      long failedCalls,
      @Nullable String lastCallAt) {

    private static int running(Tenant tenant) {
      CallUsage usage = tenant.isolate().usage();
      return usage.inFlight() - usage.waiting();
    }

    static View of(Tenant tenant) {
      @Nullable Instant lastCallAt = tenant.calls().lastCallAt();
      return new View(
          tenant.name().text(),
          tenant.record().state().text(),
          tenant.record().createdAt().toString(),
          tenant.plugins().size(),
          running(tenant),
          tenant.isolate().heap().chargedBytes(),
          tenant.isolate().limits().value(IsolateLimit.MEMORY_BYTES),
          tenant.calls().total(),
          tenant.calls().failed(),
          lastCallAt == null ? null : lastCallAt.toString());
    }
  }

  Answer put(ApiRequest request) {
    @Nullable Map<String, @Nullable Long> changes =
        request.body().length == 0 ? null : Json.read(request.body(), Change.class).limits();
    TenantRegistry.Put put =
        tenants.put(request.tenant(), changes == null ? Map.of() : changes, request.author());
    return Answer.json(put.isCreated() ? 201 : 200, View.of(put.tenant()));
  }

  Answer get(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    return Answer.json(200, View.of(tenant)).taggedBy(state(tenant));
  }

  /// What can be set of a tenant, without its figures.
  private static Object state(Tenant tenant) {
    return List.of(
        tenant.name().text(),
        tenant.record().createdAt().toString(),
        tenant.record().state().text(),
        new TreeMap<>(tenant.record().limits()));
  }

  Answer delete(ApiRequest request) {
    tenants.delete(request.tenant(), request.author());
    return Answer.empty(204);
  }

  Answer suspend(ApiRequest request) {
    return Answer.json(200, View.of(tenants.suspend(request.tenant(), request.author())));
  }

  Answer resume(ApiRequest request) {
    return Answer.json(200, View.of(tenants.resume(request.tenant(), request.author())));
  }

  /// Whether a tenant's code is logged.
  record CodeLogging(@Nullable Boolean enabled) {}

  Answer getCodeLogging(ApiRequest request) {
    boolean isOn = tenants.require(request.tenant()).codeLog().isOn();
    return Answer.json(200, new CodeLogging(isOn));
  }

  Answer putCodeLogging(ApiRequest request) {
    Boolean enabled = Json.read(request.body(), CodeLogging.class).enabled();
    if (enabled == null) {
      throw Problem.invalid("enabled", null, "true or false").asException();
    }
    Tenant tenant = tenants.logCode(request.tenant(), enabled, request.author());
    return Answer.json(200, new CodeLogging(tenant.codeLog().isOn()));
  }

  Answer list(ApiRequest request) {
    @Nullable String text = request.query("q");
    @Nullable String state = request.query("state");
    if (state != null && !state.equals("active") && !state.equals("suspended")) {
      throw Problem.invalid("state", state, "active or suspended").asException();
    }
    ToLongFunction<Tenant> figure = figure(request.query("sort"));
    List<Row> rows =
        tenants.all().stream()
            .filter(tenant -> Authorization.sees(request.principal(), tenant.name()))
            .filter(tenant -> text == null || tenant.name().text().contains(text))
            .filter(tenant -> state == null || tenant.record().state().text().equals(state))
            .map(tenant -> new Row(figure.applyAsLong(tenant), tenant.name().text(), tenant))
            .toList();
    return Answer.json(200, Page.of(request, rows, Row.ORDER, Row::cursor, Row::parse, Row::view));
  }

  private static ToLongFunction<Tenant> figure(@Nullable String sort) {
    return switch (sort) {
      case null -> _ -> 0;
      case "tenant" -> _ -> 0;
      case "-memoryBytes" -> tenant -> tenant.isolate().heap().chargedBytes();
      case "-calls" -> tenant -> tenant.calls().total();
      default ->
          throw Problem.invalid("sort", sort, "tenant, -memoryBytes or -calls").asException();
    };
  }

  /// A tenant in the list: largest figure first, then by name.
  private record Row(long figure, String name, @Nullable Tenant tenant) {
    static final Comparator<Row> ORDER =
        Comparator.comparingLong(Row::figure).reversed().thenComparing(Row::name);

    String cursor() {
      return figure + " " + name;
    }

    static @Nullable Row parse(String cursor) {
      int space = cursor.indexOf(' ');
      return space < 0
          ? null
          : new Row(Long.parseLong(cursor.substring(0, space)), cursor.substring(space + 1), null);
    }

    Object view() {
      if (tenant == null) {
        throw new IllegalStateException("a cursor is not a tenant");
      }
      return View.of(tenant);
    }
  }
}
