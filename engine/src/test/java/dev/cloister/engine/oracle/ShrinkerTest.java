package dev.cloister.engine.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.WasmModule;
import org.junit.jupiter.api.Test;

/// What is left of a program that fails for one instruction is little more than that.
final class ShrinkerTest {
  private static final long SECONDS = 20;

  @Test
  void program_thatFailsForOneInstruction_isMadeSmall() {
    Program program = null;
    for (long seed = 1; program == null; seed++) {
      Program made = Programs.make(seed, WasmFeatures.ALL, /* isLarge= */ false);
      program = contains(made, "memory.fill") ? made : null;
    }

    Program smallest =
        Shrinker.shrink(program, SECONDS, candidate -> contains(candidate, "memory.fill"));

    assertThat(contains(smallest, "memory.fill")).isTrue();
    assertThat(smallest.size()).isLessThan(program.size()).isLessThan(30);
  }

  private static boolean contains(Program program, String mnemonic) {
    try {
      WasmModule module =
          ModuleDecoder.decode(program.module().build(), WasmFeatures.ALL, WasmLimits.defaults());
      for (int i = 1; i < module.functionCount(); i++) {
        if (module.disassemble(i).stream().anyMatch(line -> line.text().startsWith(mnemonic))) {
          return true;
        }
      }
      return false;
    } catch (Tree.BrokenTree | ModuleException _) {
      return false;
    }
  }
}
