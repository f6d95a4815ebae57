package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InspectCommandTest {
  @TempDir private Path folder;
  private Path module = Path.of("");

  @BeforeEach
  void writeModule() throws IOException {
    module =
        Files.write(
            folder.resolve("module.wasm"),
            new ModuleBuilder()
                .name("clock\u001b[31m")
                .importFunction(
                    "wasi_snapshot_preview1",
                    "clock_time_get",
                    new FuncType(
                        List.of(NumType.I32, NumType.I64, NumType.I32), List.of(NumType.I32)))
                .importFunction("env", "mystery", FuncType.EMPTY)
                .memory(1)
                .exportFunction("f", FuncType.EMPTY, code -> code.op(Opcode.RETURN_CALL, 1))
                .export("memory", ExternKind.MEMORY, 0)
                .data(0, new byte[] {1, 2, 3})
                .custom("note", new byte[] {1, 2})
                .build());
  }

  @Test
  void json_hasStableMembers() throws IOException {
    CommandRun run = CommandRun.of("inspect", "--json", module);

    assertThat(run.err()).isEmpty();
    JsonNode report = new ObjectMapper().readTree(run.out());
    assertThat(report.propertyStream().map(Map.Entry::getKey))
        .containsExactly(
            "name",
            "sha256",
            "abi",
            "features",
            "missingFeatures",
            "sizes",
            "types",
            "imports",
            "exports",
            "customSections",
            "hints",
            "capabilities");
    assertThat(report.path("capabilities").toString())
        .isEqualTo(
            "[{\"name\":\"clock\",\"required\":true,"
                + "\"imports\":[\"wasi_snapshot_preview1.clock_time_get\"]}]");
    assertThat(report.path("sha256").asText()).matches("[0-9a-f]{64}");
    assertThat(report.path("abi").asText()).isEqualTo("wasi-reactor");
    assertThat(report.path("features").toString()).contains("\"tail-call\"").doesNotContain("simd");
    assertThat(report.path("sizes").path("wireBytes").asLong()).isEqualTo(Files.size(module));
    assertThat(report.path("sizes").path("dataBytes").asLong()).isEqualTo(3);
    assertThat(report.path("sizes").path("functions").asInt()).isEqualTo(3);
    assertThat(report.path("sizes").path("metadataBytes").asLong()).isPositive();
    assertThat(report.path("types")).hasSize(2);
    assertThat(report.path("imports").path(0).path("provided").asBoolean()).isTrue();
    assertThat(report.path("imports").path(1).path("provided").asBoolean()).isFalse();
    assertThat(report.path("exports").path(0).path("type").asText()).isEqualTo("func [] -> []");
    assertThat(report.path("exports").path(1).path("kind").asText()).isEqualTo("memory");
  }

  @Test
  void text_namesEverything() {
    CommandRun run = CommandRun.of("inspect", module);

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    assertThat(run.text())
        .contains("wasi-reactor", "tail-call", "env mystery", "nothing provides it", "note")
        .contains("clock (calls are refused without): wasi_snapshot_preview1.clock_time_get");
  }

  @Test
  void extismPlugin_showsWhatItNeeds() {
    Path fetch =
        Path.of(System.getProperty("project.root", ".."), "examples", "fetch", "fetch.wasm");

    assertThat(CommandRun.of("inspect", fetch).text())
        .contains("abi       extism")
        .contains("http (fails when it is used without): extism:host/env.http_request")
        .doesNotContain("nothing provides it");
  }

  @Test
  void namesOfTheModule_cannotSteerTheTerminal() {
    assertThat(CommandRun.of("inspect", module).text())
        .doesNotContain("\u001b")
        .contains("clock\\u{1b}[31m");
  }

  @Test
  void moduleThatOnlyComputes_hasNoCapabilities() throws IOException {
    Path plain = Files.write(folder.resolve("plain.wasm"), new ModuleBuilder().build());

    assertThat(CommandRun.of("inspect", plain).text())
        .contains("none: nothing that its tenant must be granted");
  }

  @Test
  void invalidModule_fails() throws IOException {
    Path invalid = Files.write(folder.resolve("invalid.wasm"), new byte[] {0});

    CommandRun.of("inspect", "--json", invalid).assertFails(1, "unexpected end");
  }
}
