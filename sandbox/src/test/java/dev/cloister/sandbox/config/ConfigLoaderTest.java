package dev.cloister.sandbox.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cloister.isolate.IsolateLimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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

    String all = Files.readString(file);
    String text = all.substring(all.indexOf("\nlimits:"));
    for (IsolateLimit limit : IsolateLimit.values()) {
      assertThat(text.split(limit.limitName() + ":", -1)).as(limit.limitName()).hasSize(3);
    }
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
            "test.yaml:1:1: unknown key \"colour\"; known are auth, cluster, engine, hostFolders,"
                + " http, limits, logs, storage");
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
    assertThat(
            faults(
                "hostFolders:\n  a: {path: /a, writable: true}\n  b: {path: /a/../a/b}\n"))
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
