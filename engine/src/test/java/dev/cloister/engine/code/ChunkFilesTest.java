package dev.cloister.engine.code;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Chunks are generated when they are needed, or a little before.
@Timeout(120)
final class ChunkFilesTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final int FUNCTIONS = 300;

  /// A module in which each function calls the one a hundred further on.
  private static byte[] chain() {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < FUNCTIONS; i++) {
      int function = i;
      module.exportFunction(
          "f" + i,
          INT,
          code -> {
            code.localGet(0);
            if (function + 100 < FUNCTIONS) {
              code.call(function + 100);
            }
          });
    }
    return module.build();
  }

  private static ModulePlan plan(byte[] bytes) {
    WasmModule module = ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
    return new ModulePlan(module, new InstanceLayout(module));
  }

  @Test
  void callees_areThoseThatAreCalledDirectly() {
    ModulePlan plan = plan(chain());
    for (int chunk = 0; chunk < plan.chunkCount(); chunk++) {
      BitSet expected = new BitSet();
      for (int f = 0; f + 100 < FUNCTIONS; f++) {
        if (plan.chunkOf(f) == chunk) {
          expected.set(plan.chunkOf(f + 100));
        }
      }
      assertThat(plan.calleesOf(chunk)).isEqualTo(expected);
    }
  }

  @Test
  void calleesOfWhatIsTaken_areGeneratedAhead_once() {
    ModulePlan plan = plan(chain());
    try (CompileThreads threads = new CompileThreads(2)) {
      ImageArchive archive =
          new ImageArchive(
              FunctionTiers.of(CodeKind.BASELINE),
              plan,
              ClassFileArchive.NONE,
              threads.statistics());
      ChunkFiles files = new ChunkFiles(archive, plan, threads);
      assertThat(files.takeIfGenerated(0, "C0")).isNull();
      byte[] first = threads.run(() -> files.take(0, "C0"));
      assertThat(first).isNotNull();
      assertThat(files.takenCount()).isEqualTo(1);

      files.generateCallees(0);

      int callee = plan.calleesOf(0).nextSetBit(0);
      byte[] ahead = files.takeIfGenerated(callee, "C" + callee);
      while (ahead == null) {
        Thread.onSpinWait();
        ahead = files.takeIfGenerated(callee, "C" + callee);
      }
      assertThat(ahead).isEqualTo(threads.run(() -> files.take(callee, "C" + callee)));
      assertThat(files.takenCount()).isEqualTo(2);
      // What was taken is not generated ahead again, and nobody has asked for the others.
      files.generateCallees(0);
      assertThat(threads.run(() -> files.takeIfGenerated(callee, "C" + callee))).isNull();
      int last = plan.chunkCount() - 1;
      assertThat(files.takeIfGenerated(last, "C" + last)).isNull();
    }
  }

  @Test
  void largeProgram_runsInAHeapOfEightTimesItsSize() throws IOException, InterruptedException {
    Path module = Corpora.require("programs/starlingmonkey.wasm");
    Process process =
        new ProcessBuilder(LargeProgram.command(module)).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
