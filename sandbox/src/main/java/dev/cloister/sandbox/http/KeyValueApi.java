package dev.cloister.sandbox.http;

import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.KeyValueStore;
import dev.cloister.sandbox.http.field.EntityTag;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.DamagedValueException;
import dev.cloister.sandbox.registry.ServiceRegistry;
import dev.cloister.sandbox.registry.StoredKeyValues;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.KeyValueRecord;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A tenant's key-value pairs, the same that its plugins have.
final class KeyValueApi {
  private final TenantRegistry tenants;
  private final ServiceRegistry services;

  KeyValueApi(TenantRegistry tenants, ServiceRegistry services) {
    this.tenants = tenants;
    this.services = services;
  }

  /// A pair in a list.
  record View(String key, long sizeBytes, String updatedAt) {
    static View of(KeyValueRecord entry) {
      return new View(entry.key(), entry.sizeBytes(), entry.updatedAt().toString());
    }
  }

  Answer list(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    String given = request.query("prefix");
    String prefix = given == null ? "" : given;
    int limit = request.queryNumber("limit", Page.DEFAULT_LIMIT, 1, Page.MAX_LIMIT);
    @Nullable String after = Page.cursorOf(request, text -> text);
    List<KeyValueRecord> found = told(() -> tenant.keyValues().entries(prefix, after, limit + 1));
    List<KeyValueRecord> items = found.subList(0, Math.min(limit, found.size()));
    @Nullable String next = found.size() > limit ? Page.encode(items.getLast().key()) : null;
    return Answer.json(
        200,
        new Page(
            items.stream().map(View::of).toList(),
            next,
            Math.toIntExact(tenant.services().keyValueUsage().count())));
  }

  Answer get(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    String key = key(request);
    byte @Nullable [] value = told(() -> tenant.keyValues().get(key));
    if (value == null) {
      throw Problem.notFound("key", key).asException();
    }
    return Answer.bytes(200, Answer.BYTES_TYPE, value).tagged(EntityTag.of(value));
  }

  Answer put(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    String key = key(request);
    byte[] value = request.body();
    boolean isNew = told(() -> services.setKeyValue(tenant.name(), key, value, request.author()));
    return Answer.empty(isNew ? 201 : 204).with("ETag", EntityTag.of(value).text());
  }

  Answer delete(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    String key = key(request);
    if (!told(() -> services.deleteKeyValue(tenant.name(), key, request.author()))) {
      throw Problem.notFound("key", key).asException();
    }
    return Answer.empty(204);
  }

  private static String key(ApiRequest request) {
    String key = decoded(request.path("*"));
    int bytes = key.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > KeyValueStore.MAX_KEY_BYTES) {
      throw Problem.invalid(
              "the key", bytes + " bytes", "1 to " + KeyValueStore.MAX_KEY_BYTES + " bytes long")
          .asException();
    }
    return key;
  }

  /// The rest of a path, in which `%` and two digits stand for a byte.
  private static String decoded(String path) {
    try {
      return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw Problem.invalid("the key", path, "escaped as in URLs").asException();
    }
  }

  private static <T extends @Nullable Object> T told(Supplier<T> work) {
    try {
      return work.get();
    } catch (DamagedValueException e) {
      throw Problem.of(ProblemType.DAMAGED, String.valueOf(e.getMessage()))
          .with("kind", "key-value")
          .asException();
    } catch (HostServiceException e) {
      throw problem(e).asException();
    }
  }

  private static Problem problem(HostServiceException failure) {
    String detail = String.valueOf(failure.getMessage());
    return switch (failure.error()) {
      case INVALID -> Problem.of(ProblemType.INVALID_REQUEST, detail);
      case TOO_LARGE ->
          Problem.of(ProblemType.REQUEST_TOO_LARGE, detail)
              .with("limit", "kvValueBytes")
              .with("allowed", StoredKeyValues.MAX_VALUE_BYTES);
      case QUOTA -> Problem.of(ProblemType.STORAGE_FULL, detail);
      case DENIED, FORBIDDEN, RATE_LIMITED, TIMEOUT, FAILED ->
          Problem.of(ProblemType.INTERNAL, detail);
    };
  }
}
