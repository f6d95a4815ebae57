package dev.cloister.engine.codegen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.fixture.RetainedSize;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.InstanceLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is kept of a module besides its bytes and its code is less than its bytes, measured on real
/// programs by walking over all objects. Types count, though modules share them.
final class MetadataTest {
  static Stream<Path> programs() throws IOException {
    try (Stream<Path> files = Files.list(Corpora.require("programs"))) {
      return files.filter(file -> file.toString().endsWith(".wasm")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("programs")
  void metadata_isSmallerThanTheBytes_andEstimatedFairly(Path file) throws IOException {
    WasmModule module =
        ModuleDecoder.decode(Files.readAllBytes(file), WasmFeatures.ALL, WasmLimits.defaults());
    InstanceLayout layout = new InstanceLayout(module);
    ModulePlan plan = new ModulePlan(module, layout);
    List<Object> excluded = List.of(module.wireBytes(), module.features());
    long retained = RetainedSize.of(excluded, module, layout, plan);
    assertThat(retained).isLessThan(module.wireBytes().size());
    assertThat((double) module.metadataBytes() / retained).isBetween(0.7, 1.3);
  }
}
