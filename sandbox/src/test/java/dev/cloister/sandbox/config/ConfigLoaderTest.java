package dev.cloister.sandbox.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.egress.AddressRange;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The configuration file is read strictly, and all its mistakes are found at once.
final class ConfigLoaderTest {
  private static List<String> faults(String yaml) {
    InvalidConfigException failure =
        catchThrowableOfType(
            InvalidConfigException.class, () -> ConfigLoader.parse("test.yaml", yaml));
    assertThat(failure).as("faults of %s", yaml).isNotNull();
    return failure.faults().stream().map(ConfigFault::toString).toList();
  }

  @Test
  void emptyFile_isTheDefaults() {
    assertThat(ConfigLoader.parse("test.yaml", "")).isEqualTo(SandboxConfig.defaults());
    assertThat(ConfigLoader.parse("test.yaml", "http:\n")).isEqualTo(SandboxConfig.defaults());
  }

  @Test
  void shippedFile_saysTheDefaults_andLeavesNothingOut() throws IOException {
    Path file =
        Path.of(Objects.requireNonNull(System.getProperty("project.root")))
            .resolve("config/cloister.yaml");

    assertThat(ConfigLoader.load(file)).isEqualTo(SandboxConfig.defaults());

    LoadedConfig loaded = ConfigLoader.load(file, Map.of());
    assertThat(loaded.settings().stream().filter(setting -> setting.source().equals("default")))
        .as("keys that the file does not have")
        .isEmpty();
    assertThat(loaded.settings()).hasSizeGreaterThan(80);
  }

  @Test
  void values_areReadWithTheirUnits() {
    SandboxConfig config =
        ConfigLoader.parse(
            "test.yaml",
            """
            http: {host: 0.0.0.0, port: 0, drainTimeout: 250ms}
            storage: {folder: /srv/cloister}
            engine: {warmUp: false}
            limits:
              defaults: {memoryBytes: 64MiB, concurrency: 8}
              maximums: {uploadBytes: 1MiB}
            """);

    assertThat(config.http().host()).isEqualTo("0.0.0.0");
    assertThat(config.http().drainTimeout()).isEqualTo(Duration.ofMillis(250));
    assertThat(config.storage().folder()).isEqualTo("/srv/cloister");
    assertThat(config.engine().warmUp()).isFalse();
    assertThat(config.limits().defaults().value(IsolateLimit.MEMORY_BYTES)).isEqualTo(64L << 20);
    // A default comes down with its maximum.
    assertThat(config.limits().defaults().value(IsolateLimit.UPLOAD_BYTES)).isEqualTo(1L << 20);
  }

  @Test
  void unknownKey_isAFault_withPlaceAndNearestKey() {
    assertThat(faults("http:\n  prot: 80\n"))
        .containsExactly("test.yaml:2:3: unknown key \"http.prot\"; did you mean \"http.port\"?");
    assertThat(faults("colour: red"))
        .containsExactly(
            "test.yaml:1:1: unknown key \"colour\"; known are auth, cluster, egress,"
                + " engine, hostFolders, http, limits, logs, policy, storage");
  }

  @Test
  void hostFolders_haveNamesOfTheOperator() {
    SandboxConfig config =
        ConfigLoader.parse(
            "test.yaml",
            """
            hostFolders:
              reports:
                path: /srv/reports/
                tenants: [acme, other]
              work:
                path: /srv/work
                writable: true
            """);

    assertThat(config.hostFolders())
        .containsExactly(
            new HostFolderConfig(
                "reports", Path.of("/srv/reports"), false, List.of("acme", "other")),
            new HostFolderConfig("work", Path.of("/srv/work"), true, List.of()));
  }

  @Test
  void hostFolders_thatCannotBe_areFaults() {
    assertThat(faults("hostFolders:\n  Reports:\n    path: /a\n"))
        .singleElement()
        .asString()
        .contains("the name \"Reports\" must fit");
    assertThat(faults("hostFolders:\n  a:\n    path: srv\n"))
        .singleElement()
        .asString()
        .contains("hostFolders.a: path must be the absolute path of a folder");
    assertThat(faults("hostFolders:\n  a:\n    writable: true\n"))
        .singleElement()
        .asString()
        .contains("path must be the absolute path");
    assertThat(faults("hostFolders:\n  a:\n    path: /a\n    tenants: [Acme]\n"))
        .singleElement()
        .asString()
        .contains("expected the name of a tenant");
    assertThat(faults("hostFolders:\n  a: {path: /a, writable: true}\n  b: {path: /a/../a/b}\n"))
        .singleElement()
        .asString()
        .contains("hostFolders.b: it lies within a, which is writable");
  }

  @Test
  void allMistakes_areFoundAtOnce_inTheOrderOfTheFile() {
    assertThat(
            faults(
                """
                storage:
                  folder: a
                  folder: b
                http:
                  port: 70000
                  idleTimeout: soon
                engine: fast
                limits:
                  defaults:
                    memoryBytes: 2 bananas
                """))
        .containsExactly(
            "test.yaml:3:3: the key \"storage.folder\" stands here a second time",
            "test.yaml:5:9: http.port: 70000 is not between 0 and 65535",
            "test.yaml:6:16: http.idleTimeout: expected a time such as 250ms, 5s, 2m, 12h, 7d,"
                + " got \"soon\"",
            "test.yaml:7:9: expected a mapping of keys to values",
            "test.yaml:10:18: limits.defaults.memoryBytes: expected a size such as 65536, 64KiB,"
                + " 16MiB, 2GB, got \"2 bananas\"");
  }

  @Test
  void variable_overridesTheFile_andTheFileTheDefault() {
    LoadedConfig loaded =
        ConfigLoader.parse(
            "test.yaml",
            "http: {port: 81, host: 0.0.0.0}",
            Map.of(
                "CLOISTER_HTTP_PORT", "82",
                "CLOISTER_LIMITS_DEFAULTS_MEMORY_BYTES", "64MiB",
                "CLOISTER_AUTH_TRUSTED_PROXIES", "10.0.0.0/8, ::1",
                "CLOISTER_URL", "of the client",
                "CLOISTER_OPERATOR_KEY", "of another part",
                "PATH", "/bin"));

    SandboxConfig config = loaded.config();
    assertThat(config.http().port()).isEqualTo(82);
    assertThat(config.http().host()).isEqualTo("0.0.0.0");
    assertThat(config.limits().defaults().value(IsolateLimit.MEMORY_BYTES)).isEqualTo(64L << 20);
    assertThat(config.auth().trustedProxies())
        .containsExactly(AddressRange.parse("10.0.0.0/8"), AddressRange.parse("::1"));
    assertThat(loaded.settings())
        .contains(
            new Setting("http.port", "82", "CLOISTER_HTTP_PORT"),
            new Setting("http.host", "0.0.0.0", "test.yaml:1"),
            new Setting("http.idleTimeout", "2m", "default"),
            new Setting("limits.defaults.responseBytes", "16MiB", "default"));
  }

  @Test
  void variable_thatIsWrong_isAFault_withItsName() {
    assertThatThrownBy(() ->
            ConfigLoader.parse(
                "test.yaml",
                "http: {port: 1}",
                Map.of(
                    "CLOISTER_HTTP_PORT", "many",
                    "CLOISTER_HTTP_PROT", "1",
                    "CLOISTER_AUTH_TRUSTED_PROXIES", "proxy")))
        .isInstanceOfSatisfying(
            InvalidConfigException.class,
            e ->
                assertThat(e.faults().stream().map(ConfigFault::toString))
                    .containsExactlyInAnyOrder(
                        "CLOISTER_HTTP_PORT: expected a whole number, got \"many\"",
                        "CLOISTER_HTTP_PROT: there is no key of this name; did you mean"
                            + " CLOISTER_HTTP_PORT?",
                        "CLOISTER_AUTH_TRUSTED_PROXIES: expected a range of addresses such as"
                            + " 10.0.0.0/8 or ::1, got \"proxy\""));
  }

  @Test
  void list_isCheckedItemByItem() {
    assertThat(faults("auth:\n  trustedProxies: [10.0.0.0/8, x, [1]]"))
        .containsExactly(
            "test.yaml:2:32: auth.trustedProxies: expected a range of addresses such as 10.0.0.0/8"
                + " or ::1, got \"x\"",
            "test.yaml:2:35: auth.trustedProxies: expected a single value");
    assertThat(faults("auth: {trustedProxies: 10.0.0.0/8, minSignatures: sometimes}"))
        .containsExactly(
            "test.yaml:1:24: auth.trustedProxies: expected a list",
            "test.yaml:1:51: auth.minSignatures: expected off, optional, required, got"
                + " \"sometimes\"");
  }

  @Test
  void passwords_areNotShown() {
    LoadedConfig loaded =
        ConfigLoader.parse(
            "test.yaml",
            "cluster: {database: {url: 'jdbc:postgresql://db/c?user=u&password=geheim'}}",
            Map.of());

    assertThat(loaded.settings().toString()).doesNotContain("geheim").contains("password=***");
  }

  @Test
  void textThatIsNoYaml_isAFault_withPlace() {
    assertThat(faults("http: {port: 1").getFirst()).startsWith("test.yaml:1:").contains("not YAML");
  }

  @ParameterizedTest
  @CsvSource({"65536,65536", "64KiB,65536", "16 MiB,16777216", "2GB,2000000000", "0,0"})
  void size_isReadInBytes(String text, long bytes) {
    assertThat(DataSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"-1", "1.5MiB", "1 mib", "MiB", "99999999999TiB", "''"})
  void size_ofAnotherForm_isRefused(String text) {
    assertThatThrownBy(() -> DataSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({"250ms", "5s", "2m", "12h"})
  void time_isWrittenAsItIsRead(String text) {
    assertThat(TimeSpan.format(TimeSpan.parse(text))).isEqualTo(text);
  }
}
