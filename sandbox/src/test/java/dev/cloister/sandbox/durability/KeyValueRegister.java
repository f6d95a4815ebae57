package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.TestClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// The key-value pairs of a tenant: small and large values, set, replaced and deleted.
final class KeyValueRegister extends Register<Map<String, Integer>> {
  private static final int KEYS = 8;
  private static final int LARGE_BYTES = 300_000;

  private final String path;

  /// The state is the seed of each value, by key.
  KeyValueRegister(String tenant) {
    super(tenant + "/kv", Map.of());
    this.path = "/v1/tenants/" + tenant + "/kv";
  }

  @Override
  Change<Map<String, Integer>> next(RandomGenerator random, Map<String, Integer> now) {
    String key = "key/" + random.nextInt(KEYS);
    Map<String, Integer> after = new TreeMap<>(now);
    if (now.containsKey(key) && random.nextInt(3) == 0) {
      after.remove(key);
      return new Change<>("delete " + key, client -> client.delete(path + "/" + key), after);
    }
    int seed = random.nextInt(1_000_000);
    after.put(key, seed);
    return new Change<>(
        "set " + key + " " + seed,
        client ->
            client.send(
                "PUT",
                path + "/" + key,
                BodyPublishers.ofByteArray(value(seed)),
                "application/octet-stream"),
        after);
  }

  /// Compares all bytes of all values. A value tells its seed by its first bytes.
  @Override
  Map<String, Integer> read(TestClient operator) {
    Map<String, Integer> found = new TreeMap<>();
    for (JsonNode item : operator.get(path + "?limit=1000").expect(200).json().path("items")) {
      String key = item.path("key").asText();
      byte[] value = operator.get(path + "/" + key).expect(200).body();
      int seed = 0;
      for (int i = 0; i < Integer.BYTES; i++) {
        seed = seed << Byte.SIZE | Byte.toUnsignedInt(value[i]);
      }
      assertThat(value).as("%s %s", path, key).isEqualTo(value(seed));
      found.put(key, seed);
    }
    return found;
  }

  private static byte[] value(int seed) {
    byte[] value = new byte[seed % 4 == 0 ? LARGE_BYTES : 20];
    new Random(seed).nextBytes(value);
    for (int i = 0; i < Integer.BYTES; i++) {
      value[i] = (byte) (seed >>> (Byte.SIZE * (Integer.BYTES - 1 - i)));
    }
    return value;
  }
}
