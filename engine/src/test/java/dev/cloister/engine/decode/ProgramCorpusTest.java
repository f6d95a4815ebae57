package dev.cloister.engine.decode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.module.WasmModule;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Real programs, generated modules and mutated ones: all valid ones are accepted, all others
/// refused, and a module takes little memory.
final class ProgramCorpusTest {

  private static final WasmFeatures FEATURES =
      WasmFeatures.WASM_3.with(WasmFeature.THREADS, WasmFeature.LEGACY_EXCEPTIONS);

  private static WasmModule decode(Path file) throws IOException {
    return ModuleDecoder.decode(Files.readAllBytes(file), FEATURES, WasmLimits.defaults());
  }

  private static List<Path> modules(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(Corpora.require(folder))) {
      return files.filter(file -> file.toString().endsWith(".wasm")).sorted().toList();
    }
  }

  @Test
  void programs_areValid_andTheirMetadataIsSmallerThanTheirBytes() throws IOException {
    for (Path file : modules("programs")) {
      WasmModule module = decode(file);
      assertThat(module.metadataBytes()).as(file.toString()).isLessThan(module.wireBytes().size());
    }
  }

  @Test
  void generatedModules_areValid() throws IOException {
    for (Path file : modules("fuzz-seeds/valid")) {
      assertThat(decode(file).functionCount()).as(file.toString()).isPositive();
    }
  }

  @Test
  void mutatedModules_haveTheRecordedVerdict() throws IOException {
    Path folder = Corpora.require("fuzz-seeds/mutated");
    List<String> failures = new ArrayList<>();
    for (JsonNode seed : new ObjectMapper().readTree(folder.resolve("index.json").toFile())) {
      byte[] bytes = Files.readAllBytes(folder.resolve(seed.get("file").asText()));
      String verdict = Decoding.sync(bytes, FEATURES, WasmLimits.defaults()).verdict();
      if (verdict.equals("valid") != seed.get("valid").asBoolean()) {
        failures.add(seed.get("file").asText() + ": " + verdict);
      }
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void largeProgram_decodesInLittleHeap() throws IOException, InterruptedException {
    Path file = Corpora.require("programs/starlingmonkey.wasm");
    Path classes = Path.of(Objects.requireNonNull(System.getProperty("main.classes")));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx24m",
                "-cp",
                classes + System.getProperty("path.separator") + testClasses(),
                Main.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static String testClasses() {
    try {
      return Path.of(
              ProgramCorpusTest.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Decodes one file in a JVM of its own.
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
      WasmModule module = decode(Path.of(args[0]));
      if (module.functionCount() < 10_000) {
        throw new IllegalStateException("too few functions: " + module.functionCount());
      }
    }
  }
}
