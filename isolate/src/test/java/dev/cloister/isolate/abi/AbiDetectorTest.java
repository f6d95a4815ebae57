package dev.cloister.isolate.abi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.isolate.fake.Guests;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class AbiDetectorTest {
  private static final Guests GUESTS = new Guests();

  private static final FuncType PROC_EXIT = new FuncType(List.of(NumType.I32), List.of());

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @Test
  void moduleWithoutSigns_isPlain() {
    assertThat(detect(new ModuleBuilder().exportFunction("add", FuncType.EMPTY, code -> {})))
        .isEqualTo(Abi.PLAIN);
  }

  @Test
  void startExport_isACommand() {
    assertThat(detect(new ModuleBuilder().exportFunction("_start", FuncType.EMPTY, code -> {})))
        .isEqualTo(Abi.WASI_COMMAND);
  }

  @Test
  void startExportOfAnotherType_isNoCommand() {
    assertThat(
            detect(
                new ModuleBuilder()
                    .exportFunction(
                        "_start", new FuncType(List.of(NumType.I32), List.of()), code -> {})))
        .isEqualTo(Abi.PLAIN);
  }

  @Test
  void wasiImportWithoutStart_isAReactor() {
    assertThat(
            detect(
                new ModuleBuilder()
                    .importFunction("wasi_snapshot_preview1", "proc_exit", PROC_EXIT)))
        .isEqualTo(Abi.WASI_REACTOR);
  }

  @Test
  void initializeExport_isAReactor() {
    assertThat(
            detect(new ModuleBuilder().exportFunction("_initialize", FuncType.EMPTY, code -> {})))
        .isEqualTo(Abi.WASI_REACTOR);
  }

  @Test
  void extismImport_isExtismWhateverElse() {
    assertThat(
            detect(
                new ModuleBuilder()
                    .importFunction("wasi_snapshot_preview1", "proc_exit", PROC_EXIT)
                    .importFunction(
                        "extism:host/env",
                        "input_length",
                        new FuncType(List.of(), List.of(NumType.I64)))
                    .exportFunction("_start", FuncType.EMPTY, code -> {})))
        .isEqualTo(Abi.EXTISM);
  }

  private static Abi detect(ModuleBuilder module) {
    return AbiDetector.detect(GUESTS.engine().validate(module.build()));
  }
}
