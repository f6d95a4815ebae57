package dev.cloister.engine.bytecode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class OpcodeTest {

  @Test
  void everyOpcode_isFoundByItsCode() {
    for (Opcode opcode : Opcode.values()) {
      assertThat(Opcode.of(opcode.prefix(), opcode.code())).isEqualTo(opcode);
    }
    assertThat(Opcode.values()).hasSize(575);
  }

  @Test
  void unknownCode_isNull() {
    assertThat(Opcode.of(0, 0xFF)).isNull();
    assertThat(Opcode.of(0, 0x27)).isNull();
    assertThat(Opcode.of(Opcode.PREFIX_SIMD, 154)).isNull();
    assertThat(Opcode.of(Opcode.PREFIX_MISC, 1_000_000)).isNull();
    assertThat(Opcode.of(Opcode.PREFIX_MISC, -1)).isNull();
    assertThatThrownBy(() -> Opcode.of(0xFA, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void constant_isTheMnemonicInCapitals() {
    Set<String> mnemonics = new HashSet<>();
    for (Opcode opcode : Opcode.values()) {
      String fromMnemonic =
          opcode.mnemonic().toUpperCase(Locale.ROOT).replace('.', '_').replace(' ', '_');
      assertThat(opcode.name()).isEqualTo(opcode == Opcode.SELECT_T ? "SELECT_T" : fromMnemonic);
      assertThat(mnemonics.add(opcode.mnemonic()) || opcode == Opcode.SELECT_T).isTrue();
    }
  }

  @Test
  void accesses_haveAWidthAndASignature() {
    for (Opcode opcode : Opcode.values()) {
      boolean isAccess =
          opcode.immediates() == ImmediateKind.MEMORY_ACCESS
              || opcode.immediates() == ImmediateKind.MEMORY_ACCESS_LANE;
      assertThat(opcode.accessWidthLog2() >= 0).as(opcode.mnemonic()).isEqualTo(isAccess);
      assertThat(opcode.signature() != null || !isAccess).as(opcode.mnemonic()).isTrue();
    }
  }

  @Test
  void signatures_areReadFromTheTable() {
    assertThat(Opcode.I64_SHL.signature())
        .isEqualTo(new FuncType(List.of(NumType.I64, NumType.I64), List.of(NumType.I64)));
    assertThat(Opcode.F64_PROMOTE_F32.signature())
        .isEqualTo(new FuncType(List.of(NumType.F32), List.of(NumType.F64)));
    assertThat(Opcode.I64_ADD128.signature())
        .extracting(type -> type.results().size())
        .isEqualTo(2);
    assertThat(Opcode.CALL.signature()).isNull();
  }
}
