package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StreamingDecoderTest {

  private static final FuncType CONSTANT = new FuncType(List.of(), List.of(I32));

  private final StreamingDecoder decoder =
      new StreamingDecoder(WasmFeatures.ALL, WasmLimits.defaults());

  private static ModuleBuilder twoFunctions() {
    return new ModuleBuilder()
        .memory(1)
        .exportFunction("one", CONSTANT, code -> code.i32Const(1))
        .exportFunction("two", CONSTANT, code -> code.i32Const(2))
        .data(0, new byte[100]);
  }

  private static byte[] twoFunctionsSecondInvalid() {
    return new ModuleBuilder()
        .exportFunction("one", CONSTANT, code -> code.i32Const(1))
        .exportFunction("two", CONSTANT, code -> code.i64Const(2))
        .data(0, new byte[100])
        .build();
  }

  @Test
  void module_byteByByte_isTheSameAsWhole() {
    byte[] bytes = twoFunctions().build();
    for (byte b : bytes) {
      decoder.push(new byte[] {b}, 0, 1);
    }
    WasmModule module = decoder.finish();
    assertThat(module.wireBytes().copy(0, bytes.length)).isEqualTo(bytes);
    assertThat(module.wireBytes().size()).isEqualTo(bytes.length);
    assertThat(module.exports())
        .isEqualTo(ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults()).exports());
  }

  @Test
  void chunk_isTheCallersAgainAfterPush() {
    byte[] bytes = twoFunctions().build();
    byte[] chunk = bytes.clone();
    decoder.push(chunk, 0, chunk.length);
    Arrays.fill(chunk, (byte) -1);
    assertThat(decoder.finish().wireBytes().copy(0, bytes.length)).isEqualTo(bytes);
  }

  @Test
  void body_isValidatedAsSoonAsItIsComplete() {
    byte[] bytes = twoFunctions().build();
    int firstBodyEnd =
        ModuleDecoder.decode(bytes.clone(), WasmFeatures.ALL, WasmLimits.defaults()).bodyEnd(0);
    decoder.push(bytes, 0, firstBodyEnd - 1);
    assertThat(decoder.validatedBodyCount()).isZero();
    decoder.push(bytes, firstBodyEnd - 1, 1);
    assertThat(decoder.validatedBodyCount()).isEqualTo(1);
  }

  @Test
  void fault_isThrownByTheByteThatMakesItCertain_andEverAfter() {
    byte[] bytes = twoFunctionsSecondInvalid();
    int certain = 0;
    InvalidModuleException thrown = null;
    for (int i = 0; i < bytes.length && thrown == null; i++) {
      try {
        decoder.push(bytes, i, 1);
      } catch (InvalidModuleException e) {
        certain = i;
        thrown = e;
      }
    }
    assertThat(thrown).hasMessageContaining("in function 1");
    // The data section, of more than 100 bytes, has not come yet.
    assertThat(certain).isLessThan(bytes.length - 100);
    assertThatThrownBy(() -> decoder.push(bytes, 0, 1)).isSameAs(thrown);
    assertThatThrownBy(decoder::finish).isSameAs(thrown);
  }

  @Test
  void firstFault_inTheOrderOfTheModule_wins() {
    // The module is cut in its data section, and its second body is invalid.
    byte[] bytes = twoFunctionsSecondInvalid();
    byte[] cut = Arrays.copyOf(bytes, bytes.length - 10);
    assertThat(Decoding.whole(cut, WasmFeatures.ALL, WasmLimits.defaults()).verdict())
        .isEqualTo(Decoding.stream(cut, WasmFeatures.ALL, WasmLimits.defaults(), _ -> 1).verdict())
        .contains("in function 1");
  }

  @Test
  void truncatedModule_isRefusedByFinish_unlessItIsWholeAgain() {
    byte[] bytes = twoFunctions().build();
    List<Integer> validLengths = new ArrayList<>();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      if (Decoding.whole(cut, WasmFeatures.ALL, WasmLimits.defaults()).fault() == null) {
        validLengths.add(length);
      }
    }
    int typeSectionEnd = 8 + 2 + bytes[9];
    int codeSectionEnd = bytes.length - 2 - bytes[bytes.length - 100 - 7];
    assertThat(validLengths).containsExactly(8, typeSectionEnd, codeSectionEnd);
  }

  @Test
  void prefixHash_dependsOnWhatComesBeforeTheBodies() {
    byte[] bytes = twoFunctions().build();
    long hash = hashOfPrefix(bytes);
    byte[] otherBody =
        new ModuleBuilder()
            .memory(1)
            .exportFunction("one", CONSTANT, code -> code.i32Const(1))
            .exportFunction("two", CONSTANT, code -> code.i32Const(3))
            .data(0, new byte[100])
            .build();
    byte[] otherName =
        new ModuleBuilder()
            .memory(1)
            .exportFunction("one", CONSTANT, code -> code.i32Const(1))
            .exportFunction("tWo", CONSTANT, code -> code.i32Const(2))
            .data(0, new byte[100])
            .build();
    assertThat(hashOfPrefix(otherBody)).isEqualTo(hash);
    assertThat(hashOfPrefix(otherName)).isNotEqualTo(hash);
  }

  private static long hashOfPrefix(byte[] bytes) {
    StreamingDecoder decoder = new StreamingDecoder(WasmFeatures.ALL, WasmLimits.defaults());
    assertThatThrownBy(decoder::prefixHash).isInstanceOf(IllegalStateException.class);
    int at = 0;
    while (!decoder.isPrefixComplete()) {
      decoder.push(bytes, at++, 1);
    }
    assertThat(at).isLessThan(bytes.length - 100);
    return decoder.prefixHash();
  }

  @Test
  void abort_endsTheModule() {
    byte[] bytes = twoFunctions().build();
    for (int length : new int[] {0, 3, 8, 12, bytes.length - 1, bytes.length}) {
      StreamingDecoder aborted = new StreamingDecoder(WasmFeatures.ALL, WasmLimits.defaults());
      aborted.push(bytes, 0, length);
      aborted.abort();
      aborted.abort();
      assertThatThrownBy(() -> aborted.push(bytes, 0, 1)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(aborted::finish).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void finish_twice_isRefused() {
    byte[] bytes = twoFunctions().build();
    decoder.push(bytes, 0, bytes.length);
    decoder.finish();
    assertThatThrownBy(decoder::finish).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sectionLargerThanTheModuleMayBe_isRefusedAtItsSize() {
    WasmLimits limits = WasmLimits.defaults().with(WasmLimit.MODULE_SIZE, 1_000);
    StreamingDecoder small = new StreamingDecoder(WasmFeatures.ALL, limits);
    byte[] bytes = {0, 'a', 's', 'm', 1, 0, 0, 0, 0, (byte) 0xFF, (byte) 0xFF, 0x7F};
    assertThatThrownBy(() -> small.push(bytes, 0, bytes.length))
        .isInstanceOfSatisfying(
            LimitExceededException.class, fault -> assertThat(fault.allowed()).isEqualTo(1_000));
  }

  @Test
  void emptyStream_isRefused() {
    assertThatThrownBy(decoder::finish)
        .isInstanceOf(MalformedException.class)
        .hasMessage("unexpected end (@+0x0)");
  }
}
