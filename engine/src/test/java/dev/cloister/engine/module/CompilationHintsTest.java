package dev.cloister.engine.module;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.types.FuncType;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The section `metadata.code.compilation_priority`, also where it is wrong.
final class CompilationHintsTest {
  /// Hints of a module with the imported function 0 and own functions 1 to 3.
  private static CompilationHints read(int... content) {
    byte[] bytes = new byte[content.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) content[i];
    }
    ModuleBuilder builder = new ModuleBuilder().importFunction("m", "f", FuncType.EMPTY);
    for (int i = 0; i < 3; i++) {
      builder.function(FuncType.EMPTY, code -> code.i32Const(1).drop());
    }
    builder.hints("metadata.code.compilation_priority", bytes);
    return CompilationHints.of(
        ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults()));
  }

  private static BitSet set(int... functions) {
    BitSet set = new BitSet();
    IntStream.of(functions).forEach(set::set);
    return set;
  }

  private static void assertSaysNothing(CompilationHints hints) {
    assertThat(hints).isEqualTo(CompilationHints.NONE);
  }

  @Test
  void hints_areReadByFunction() {
    // Function 1: compiled first, not optimized specially. 2: optimized. 3: runs once, and a hint
    // within its body, which is passed over.
    CompilationHints hints = read(3, 1, 1, 0, 1, 0, 2, 1, 0, 2, 7, 0, 3, 2, 0, 2, 9, 127, 4, 1, 77);

    assertThat(hints.early()).isEqualTo(set(1));
    assertThat(hints.optimized()).isEqualTo(set(2));
    assertThat(hints.onceOnly()).isEqualTo(set(3));
  }

  @Test
  void module_withoutTheSection_saysNothing() {
    assertSaysNothing(
        CompilationHints.of(
            ModuleDecoder.decode(
                new ModuleBuilder().build(), WasmFeatures.ALL, WasmLimits.defaults())));
    assertSaysNothing(read(0));
  }

  @Test
  void section_thatIsWrong_saysNothing() {
    // Imported, unknown, twice, descending.
    assertSaysNothing(read(1, 0, 1, 0, 1, 0));
    assertSaysNothing(read(1, 4, 1, 0, 1, 0));
    assertSaysNothing(read(2, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0));
    assertSaysNothing(read(2, 2, 1, 0, 1, 0, 1, 1, 0, 1, 0));
    // Cut off: everywhere; too long; a number that ends behind its hint.
    int[] right = {1, 1, 1, 0, 2, 0, 3};
    for (int length = 0; length < right.length; length++) {
      assertSaysNothing(read(Arrays.copyOf(right, length)));
    }
    assertSaysNothing(read(1, 1, 1, 0, 200, 1, 0));
    assertSaysNothing(read(1, 1, 1, 0, 1, 0x80, 1, 0));
    assertSaysNothing(read(0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 0));
  }

  /// Random bytes, or hints that are right but for one number.
  private static int[] content(Random random) {
    if (random.nextBoolean()) {
      return random.ints(random.nextInt(16), 0, 5).toArray();
    }
    int[] content = {2, 1, 1, 0, 1, 0, 3, 1, 0, 2, 7, 0};
    content[random.nextInt(content.length)] = random.nextInt(5);
    return content;
  }

  @Test
  void sections_ofRandomBytes_nameOwnFunctionsOnly() {
    Random random = Seed.random();
    int named = 0;
    for (int i = 0; i < 2_000; i++) {
      CompilationHints hints = read(content(random));
      BitSet all = new BitSet();
      all.or(hints.early());
      all.or(hints.optimized());
      all.or(hints.onceOnly());
      assertThat(all.isEmpty() || (all.nextSetBit(0) >= 1 && all.length() <= 4)).isTrue();
      named += all.cardinality();
    }
    assertThat(named).isPositive();
  }
}
