package dev.cloister.sandbox.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.ServiceRegistry;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.services.PolicyDocument;
import dev.cloister.sandbox.storage.SecretRecord;
import dev.cloister.sandbox.storage.TenantName;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a tenant's plugins may use: configuration, secrets, policy.
final class ServicesApi {
  private final TenantRegistry tenants;
  private final ServiceRegistry services;

  ServicesApi(TenantRegistry tenants, ServiceRegistry services) {
    this.tenants = tenants;
    this.services = services;
  }

  /// Configuration as it is shown.
  record ConfigView(Map<String, String> config) {
    static ConfigView of(Tenant tenant) {
      return new ConfigView(new TreeMap<>(tenant.services().config()));
    }
  }

  /// A secret as it is shown: never its value.
  record SecretView(String name, String updatedAt) {}

  /// A policy as it is shown: what holds, and what the operator allows.
  record PolicyView(
      @Nullable List<String> capabilities,
      @Nullable String onMissingCapability,
      PolicyDocument.@Nullable Egress egress,
      PolicyDocument allowed) {
    static PolicyView of(Tenant tenant) {
      PolicyDocument holds = PolicyDocument.of(tenant.services().policy());
      return new PolicyView(
          holds.capabilities(),
          holds.onMissingCapability(),
          holds.egress(),
          PolicyDocument.of(tenant.services().allowed()));
    }
  }

  Answer getConfig(ApiRequest request) {
    return Answer.json(200, ConfigView.of(tenants.require(request.tenant())));
  }

  Answer putConfig(ApiRequest request) {
    TenantName tenant = tenants.require(request.tenant()).name();
    services.setConfig(tenant, texts(request, "config"), request.author());
    return getConfig(request);
  }

  Answer listSecrets(ApiRequest request) {
    return Answer.json(200, page(tenants.require(request.tenant())));
  }

  /// Sets the secrets that the body names; null deletes one.
  Answer putSecrets(ApiRequest request) {
    TenantName tenant = tenants.require(request.tenant()).name();
    services.changeSecrets(tenant, texts(request, "secrets"), request.author());
    return listSecrets(request);
  }

  Answer getPolicy(ApiRequest request) {
    return Answer.json(200, PolicyView.of(tenants.require(request.tenant())));
  }

  Answer putPolicy(ApiRequest request) {
    TenantName tenant = tenants.require(request.tenant()).name();
    services.changePolicy(
        tenant,
        Json.read(request.body(), PolicyDocument.class),
        Authorization.seesAll(request.principal()),
        request.author());
    return getPolicy(request);
  }

  private static Page page(Tenant tenant) {
    Map<String, SecretRecord> secrets = new TreeMap<>(tenant.services().secrets());
    List<SecretView> items =
        secrets.entrySet().stream()
            .map(
                secret -> new SecretView(secret.getKey(), secret.getValue().updatedAt().toString()))
            .toList();
    return new Page(items, null, items.size());
  }

  /// Reads an object of texts and nulls, which may stand in a field of its own.
  private static Map<String, @Nullable String> texts(ApiRequest request, String field) {
    JsonNode body = Json.readTree(request.body());
    JsonNode object = body.size() == 1 && body.path(field).isObject() ? body.path(field) : body;
    if (!object.isObject()) {
      throw Problem.invalid(field, null, "an object of texts").asException();
    }
    Map<String, @Nullable String> texts = new TreeMap<>();
    object
        .properties()
        .forEach(entry -> {
          JsonNode value = entry.getValue();
          if (!value.isTextual() && !value.isNull()) {
            // Not the value itself: it may be a secret.
            throw Problem.invalid(
                    field + "." + entry.getKey(), value.getNodeType().toString(), "a text")
                .asException();
          }
          texts.put(entry.getKey(), value.isNull() ? null : value.asText());
        });
    return texts;
  }
}
