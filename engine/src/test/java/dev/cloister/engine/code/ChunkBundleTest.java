package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.ChunkFacts;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Chunks are the same after they were bytes.
final class ChunkBundleTest {
  private static ChunkBundle bundle() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("x/C7", new byte[] {1, 2, 3});
    files.put("x/C7_0", new byte[0]);
    return new ChunkBundle(
        files,
        new ChunkFacts(
            Map.of(70_000, 2, 70_001, 4), Set.of(Opcode.I8X16_SHUFFLE, Opcode.V128_CONST)));
  }

  @Test
  void bundle_whenRead_isAsItWas() {
    ChunkBundle read = Objects.requireNonNull(ChunkBundle.read(bundle().toBytes()));
    assertThat(read.facts()).isEqualTo(bundle().facts());
    assertThat(read.files().keySet()).containsExactly("x/C7", "x/C7_0");
    assertThat(read.files().get("x/C7")).containsExactly(1, 2, 3);
    assertThat(read.files().get("x/C7_0")).isEmpty();
  }

  @Test
  void bytesThatAreNoBundle_areRefused() {
    byte[] bytes = bundle().toBytes();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> ChunkBundle.read(cut)).isInstanceOf(IllegalArgumentException.class);
    }
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> ChunkBundle.read(longer)).hasMessageContaining("more than classes");
  }
}
