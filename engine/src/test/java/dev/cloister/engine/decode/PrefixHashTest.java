package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The hash of a stream, however it is cut, is that of the decoded module.
final class PrefixHashTest {
  private static final WasmLimits LIMITS = WasmLimits.defaults();

  /// A valid module of random sections.
  private static byte[] module(Random random) {
    ModuleBuilder builder = new ModuleBuilder();
    if (random.nextBoolean()) {
      builder.custom("before", new byte[random.nextInt(200)]);
    }
    if (random.nextBoolean()) {
      builder.importFunction("host", "f" + random.nextInt(10), FuncType.EMPTY);
    }
    if (random.nextBoolean()) {
      byte[] data = new byte[random.nextInt(300)];
      random.nextBytes(data);
      builder.memory(1).data(0, data);
    }
    int functions = random.nextInt(4);
    for (int i = 0; i < functions; i++) {
      int value = random.nextInt();
      builder.exportFunction(
          "e" + i, new FuncType(List.of(), List.of(I32)), code -> code.i32Const(value));
    }
    return builder.build();
  }

  @Test
  void hash_ofAStream_isThatOfTheModule_howeverItIsCut() {
    Random random = Seed.random();
    List<Long> hashes = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      byte[] bytes = module(random);
      WasmModule module = ModuleDecoder.decode(bytes.clone(), WasmFeatures.ALL, LIMITS);
      long expected = PrefixHash.of(module);
      hashes.add(expected);
      for (int cut = 0; cut < 5; cut++) {
        Decoding decoding = Decoding.chunked(bytes, WasmFeatures.ALL, LIMITS, random);
        assertThat(decoding.verdict()).isEqualTo("valid");
        assertThat(decoding.prefixHash()).isEqualTo(expected);
      }
    }
    // It tells modules apart.
    assertThat(hashes.stream().distinct().count()).isGreaterThan(100);
  }

  /// The decoder is held at the bodies and told to go on at any later byte: nothing changes.
  @Test
  void decoder_thatIsHeld_hasTheSameOutcome() {
    Random random = Seed.random();
    for (int i = 0; i < 300; i++) {
      byte[] bytes = module(random);
      for (int faults = random.nextInt(3); faults > 0; faults--) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      String expected = Decoding.whole(bytes, WasmFeatures.ALL, LIMITS).verdict();
      int resumeAt = random.nextInt(bytes.length + 1);
      assertThat(held(bytes, resumeAt)).isEqualTo(expected);
    }
  }

  private static String held(byte[] bytes, int resumeAt) {
    StreamingDecoder decoder = new StreamingDecoder(WasmFeatures.ALL, LIMITS);
    decoder.onPrefix(_ -> false);
    try {
      for (int at = 0; at < bytes.length; at++) {
        if (at == resumeAt && decoder.isHeld()) {
          decoder.resume();
        }
        decoder.push(bytes, at, 1);
      }
      decoder.finish();
      return "valid";
    } catch (WasmException e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }

  @Test
  void heldDecoder_validatesNothing() {
    byte[] bytes =
        new ModuleBuilder()
            .function(FuncType.EMPTY, _ -> {})
            .data(0, new byte[9])
            .memory(1)
            .build();
    StreamingDecoder decoder = new StreamingDecoder(WasmFeatures.ALL, LIMITS);
    decoder.onPrefix(_ -> false);
    decoder.push(bytes, 0, bytes.length);

    assertThat(decoder.isHeld()).isTrue();
    assertThat(decoder.validatedBodyCount()).isZero();
    assertThat(decoder.size()).isEqualTo(bytes.length);
    assertThat(decoder.finish().functionCount()).isEqualTo(1);
    assertThat(decoder.validatedBodyCount()).isEqualTo(1);
  }
}
