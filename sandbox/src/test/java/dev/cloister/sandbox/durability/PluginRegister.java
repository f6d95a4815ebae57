package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.storage.BlobDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// One plugin: uploads, deletions of versions and of all of it, aliases and settings.
///
/// Some modules are small, others take many chunks; all plugins draw from the same few, so that the
/// bytes that one deletes are uploaded for another at the same time.
final class PluginRegister extends Register<PluginRegister.Plugin> {
  private static final int MODULES = 12;
  private static final int MAX_VERSIONS = 6;
  private static final int PADDING_BYTES = 300_000;

  private final String path;

  PluginRegister(String tenant, String plugin) {
    super(tenant + "/" + plugin, Plugin.ABSENT);
    this.path = "/v1/tenants/" + tenant + "/plugins/" + plugin;
  }

  /// What there is of the plugin.
  ///
  /// @param versions the numbers of its modules, by version
  /// @param aliases the version behind each alias
  /// @param setting the value of its variable N, empty if none was set
  record Plugin(Map<String, Integer> versions, Map<String, String> aliases, String setting) {
    static final Plugin ABSENT = new Plugin(Map.of(), Map.of(), "");

    boolean isPresent() {
      return !versions.isEmpty();
    }
  }

  @Override
  Change<Plugin> next(RandomGenerator random, Plugin now) {
    int choice = now.isPresent() ? random.nextInt(10) : 0;
    List<String> spare =
        now.versions.keySet().stream().filter(v -> !now.aliases.containsValue(v)).toList();
    if (now.versions.size() >= MAX_VERSIONS && !spare.isEmpty()) {
      choice = 9;
    }
    return switch (choice) {
      case 5, 6 -> set(now, Integer.toString(random.nextInt()));
      case 7 -> point(now, any(now.versions.keySet().stream().toList(), random));
      case 8 -> random.nextInt(3) == 0 ? delete() : upload(random, now);
      case 9 -> spare.isEmpty() ? upload(random, now) : deleteVersion(now, any(spare, random));
      default -> upload(random, now);
    };
  }

  private Change<Plugin> upload(RandomGenerator random, Plugin now) {
    int number = random.nextInt(MODULES);
    byte[] module = module(number);
    String version = BlobDigest.of(module).toString();
    boolean isActivated = random.nextInt(4) > 0;
    Map<String, Integer> versions = new TreeMap<>(now.versions);
    versions.put(version, number);
    Map<String, String> aliases = new TreeMap<>(now.aliases);
    if (isActivated) {
      aliases.put("live", version);
    }
    return new Change<>(
        "upload " + number,
        client -> client.upload(path + "?activate=" + isActivated, module),
        new Plugin(versions, aliases, now.setting));
  }

  private Change<Plugin> set(Plugin now, String value) {
    return new Change<>(
        "set " + value,
        client -> client.put(path + "/settings", "{\"environment\":{\"N\":\"" + value + "\"}}"),
        new Plugin(now.versions, now.aliases, value));
  }

  private Change<Plugin> point(Plugin now, String version) {
    Map<String, String> aliases = new TreeMap<>(now.aliases);
    aliases.put("canary", version);
    String body = "{\"targets\":[{\"version\":\"" + version + "\",\"weight\":7}]}";
    return new Change<>(
        "canary " + version,
        client -> client.put(path + "/aliases/canary", body),
        new Plugin(now.versions, aliases, now.setting));
  }

  private Change<Plugin> deleteVersion(Plugin now, String version) {
    Map<String, Integer> versions = new TreeMap<>(now.versions);
    versions.remove(version);
    return new Change<>(
        "delete " + version,
        client -> client.delete(path + "/versions/" + version),
        new Plugin(versions, now.aliases, now.setting));
  }

  private Change<Plugin> delete() {
    return new Change<>("delete all", client -> client.delete(path), Plugin.ABSENT);
  }

  @Override
  Plugin read(TestClient operator) {
    Reply versions = operator.get(path + "/versions?limit=1000");
    if (versions.status() == 404) {
      return Plugin.ABSENT;
    }
    Map<String, Integer> found = new TreeMap<>();
    for (JsonNode item : versions.expect(200).json().path("items")) {
      String version = item.path("version").asText();
      found.put(version, numberOf(operator, version));
    }
    Map<String, String> aliases = new TreeMap<>();
    for (String alias : List.of("live", "canary")) {
      Reply reply = operator.get(path + "/aliases/" + alias);
      if (reply.status() != 404) {
        JsonNode targets = reply.expect(200).json().path("targets");
        assertThat(targets).hasSize(1);
        aliases.put(alias, targets.get(0).path("version").asText());
      }
    }
    if (aliases.containsKey("live")) {
      operator.post(path + "/call/add", "{\"args\":[2,40]}").expect(200);
    }
    String setting =
        operator.get(path + "/settings").expect(200).json().at("/environment/N").asText();
    return new Plugin(found, aliases, setting);
  }

  /// Compares all bytes of a version.
  private int numberOf(TestClient operator, String version) {
    Reply reply =
        operator.with("Accept", "application/wasm").get(path + "/versions/" + version).expect(200);
    for (int number = 0; number < MODULES; number++) {
      if (version.equals(BlobDigest.of(module(number)).toString())) {
        assertThat(reply.body()).as(version).isEqualTo(module(number));
        return number;
      }
    }
    throw new AssertionError("nobody uploaded " + version + " to " + path);
  }

  private static byte[] module(int number) {
    return Modules.arithmetic(number + " " + "x".repeat(number % 3 == 0 ? PADDING_BYTES : 10));
  }

  private static <T> T any(List<T> values, RandomGenerator random) {
    return new ArrayList<>(values).get(random.nextInt(values.size()));
  }
}
