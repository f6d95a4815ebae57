package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.ApiKey;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.KeyRegistry;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.Role;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A tenant's keys.
final class KeyApi {
  private final TenantRegistry tenants;
  private final KeyRegistry keys;

  KeyApi(TenantRegistry tenants, KeyRegistry keys) {
    this.tenants = tenants;
    this.keys = keys;
  }

  /// The body that makes a key.
  record Creation(@Nullable String role) {}

  /// A new key; the only answer that ever has the secret.
  record Created(String id, String key, String role) {}

  /// A key as it is listed.
  record View(String id, String role, String createdAt, @Nullable String lastUsedAt) {
    static View of(KeyRing.KeyUse use) {
      @Nullable Instant lastUsedAt = use.lastUsedAt();
      return new View(
          use.record().id(),
          use.record().role().text(),
          use.record().createdAt().toString(),
          lastUsedAt == null ? null : lastUsedAt.toString());
    }
  }

  Answer create(ApiRequest request) {
    tenants.require(request.tenant());
    @Nullable String name = Json.read(request.body(), Creation.class).role();
    @Nullable Role role = name == null ? null : Role.named(name);
    if (role == null || role == Role.OPERATOR) {
      throw Problem.invalid("role", name, "tenant-admin or invoker").asException();
    }
    ApiKey key = keys.create(request.tenant(), role, request.author());
    return Answer.json(201, new Created(key.id(), key.text(), role.text()));
  }

  Answer list(ApiRequest request) {
    tenants.require(request.tenant());
    return Answer.json(
        200,
        Page.byName(
            request,
            keys.list(request.tenant()),
            use -> use.record().createdAt() + " " + use.record().id(),
            View::of));
  }

  Answer delete(ApiRequest request) {
    tenants.require(request.tenant());
    keys.delete(request.tenant(), request.path("key"), request.author());
    return Answer.empty(204);
  }
}
