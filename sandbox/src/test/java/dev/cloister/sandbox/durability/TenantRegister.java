package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// One tenant: its limits, its state and its keys, and sometimes the end of all of it.
final class TenantRegister extends Register<TenantRegister.Tenant> {
  private static final int MAX_KEYS = 5;

  /// Stands for a key of which only the server knew.
  private static final String UNKNOWN = "?";

  private final String path;

  TenantRegister(String tenant) {
    super(tenant, Tenant.ABSENT);
    this.path = "/v1/tenants/" + tenant;
  }

  /// What there is of the tenant.
  ///
  /// @param state `active`, `suspended` or empty if there is no such tenant
  /// @param limits the limits set for it
  /// @param keys the secrets of its keys by id
  record Tenant(String state, Map<String, Long> limits, Map<String, String> keys) {
    static final Tenant ABSENT = new Tenant("", Map.of(), Map.of());
  }

  @Override
  Change<Tenant> next(RandomGenerator random, Tenant now) {
    if (now.state.isEmpty()) {
      return create();
    }
    return switch (random.nextInt(12)) {
      case 0, 1, 2 -> limit(now, "plugins", random.nextLong(1, 1000));
      case 3, 4 -> limit(now, "deadlineMillis", random.nextLong(10, 1000));
      case 5, 6 -> switchState(now);
      case 7, 8, 9 -> now.keys.size() < MAX_KEYS ? createKey(now) : deleteKey(now);
      case 10 -> now.keys.isEmpty() ? createKey(now) : deleteKey(now);
      default -> random.nextInt(3) == 0 ? delete() : switchState(now);
    };
  }

  private Change<Tenant> create() {
    return new Change<>(
        "create", client -> client.put(path, "{}"), new Tenant("active", Map.of(), Map.of()));
  }

  private Change<Tenant> delete() {
    return new Change<>("delete", client -> client.delete(path), Tenant.ABSENT);
  }

  private Change<Tenant> limit(Tenant now, String limit, long value) {
    Map<String, Long> limits = new TreeMap<>(now.limits);
    limits.put(limit, value);
    return new Change<>(
        limit + " " + value,
        client -> client.put(path, "{\"limits\":{\"" + limit + "\":" + value + "}}"),
        new Tenant(now.state, limits, now.keys));
  }

  private Change<Tenant> switchState(Tenant now) {
    boolean isActive = now.state.equals("active");
    return new Change<>(
        isActive ? "suspend" : "resume",
        client -> client.post(path + (isActive ? "/suspend" : "/resume"), ""),
        new Tenant(isActive ? "suspended" : "active", now.limits, now.keys));
  }

  private Change<Tenant> createKey(Tenant now) {
    Map<String, String> keys = new TreeMap<>(now.keys);
    keys.put(UNKNOWN, UNKNOWN);
    return new Change<>(
        "create a key",
        client -> client.post(path + "/keys", "{\"role\":\"tenant-admin\"}"),
        new Tenant(now.state, now.limits, keys));
  }

  private Change<Tenant> deleteKey(Tenant now) {
    String id = now.keys.keySet().iterator().next();
    Map<String, String> keys = new TreeMap<>(now.keys);
    keys.remove(id);
    return new Change<>(
        "delete the key " + id,
        client -> client.delete(path + "/keys/" + id),
        new Tenant(now.state, now.limits, keys));
  }

  @Override
  Tenant complete(Tenant after, Reply reply) {
    if (!after.keys.containsKey(UNKNOWN)) {
      return after;
    }
    Map<String, String> keys = new TreeMap<>(after.keys);
    keys.remove(UNKNOWN);
    keys.put(reply.json().path("id").asText(), reply.json().path("key").asText());
    return new Tenant(after.state, after.limits, keys);
  }

  /// Of keys the secret is never seen again, and of one that was under way not even the id.
  @Override
  boolean isSame(Tenant expected, Tenant actual) {
    Map<String, String> known = new TreeMap<>(expected.keys);
    known.remove(UNKNOWN);
    return expected.state.equals(actual.state)
        && expected.limits.equals(actual.limits)
        && expected.keys.size() == actual.keys.size()
        && actual.keys.keySet().containsAll(known.keySet());
  }

  @Override
  Tenant read(TestClient operator) {
    Map<String, String> secrets = state().keys;
    Reply reply = operator.get(path);
    if (reply.status() == 404) {
      secrets.values().forEach(secret -> isKnown(operator, secret, false));
      return Tenant.ABSENT;
    }
    Map<String, String> keys = new TreeMap<>();
    for (JsonNode key : operator.get(path + "/keys").expect(200).json().path("items")) {
      String id = key.path("id").asText();
      keys.put(id, secrets.getOrDefault(id, UNKNOWN));
    }
    secrets.forEach((id, secret) -> isKnown(operator, secret, keys.containsKey(id)));
    Map<String, Long> limits = new TreeMap<>();
    operator
        .get(path + "/limits")
        .expect(200)
        .json()
        .path("set")
        .properties()
        .forEach(limit -> limits.put(limit.getKey(), limit.getValue().asLong()));
    return new Tenant(reply.expect(200).json().path("state").asText(), limits, keys);
  }

  private void isKnown(TestClient operator, String secret, boolean expected) {
    if (!secret.equals(UNKNOWN)) {
      int status =
          operator.with("Authorization", "Bearer " + secret).get(path + "/limits").status();
      assertThat(status).as("%s with a key", path).isEqualTo(expected ? 200 : 401);
    }
  }
}
