package dev.cloister.engine.bytecode;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TypeSpace;
import java.util.List;
import org.junit.jupiter.api.Test;

final class InstructionReaderTest {

  private static final TypeSpace ONE_TYPE =
      new TypeSpace() {
        private final DefinedType type = DefinedType.of(FuncType.EMPTY);

        @Override
        public int typeCount() {
          return 1;
        }

        @Override
        public DefinedType type(int index) {
          return type;
        }
      };

  private static InstructionReader reader(int... bytes) {
    byte[] array = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      array[i] = (byte) bytes[i];
    }
    return new InstructionReader(
        array, 0, array.length, ONE_TYPE, WasmFeatures.ALL, WasmLimits.defaults());
  }

  private static void assertMalformed(String text, int... bytes) {
    assertThatThrownBy(() -> reader(bytes).next())
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith(text);
  }

  @Test
  void instructions_followEachOther() {
    InstructionReader reader = reader(0x41, 0x7F, 0x42, 0x80, 0x01, 0x1A, 0x0B);
    assertThat(reader.next()).isEqualTo(Opcode.I32_CONST);
    assertThat(reader.i32Const()).isEqualTo(-1);
    assertThat(reader.next()).isEqualTo(Opcode.I64_CONST);
    assertThat(reader.offset()).isEqualTo(2);
    assertThat(reader.i64Const()).isEqualTo(128);
    assertThat(reader.position()).isEqualTo(5);
    assertThat(reader.next()).isEqualTo(Opcode.DROP);
    assertThat(reader.next()).isEqualTo(Opcode.END);
    assertThat(reader.atEnd()).isTrue();
  }

  @Test
  void floatConstants_keepTheirBits() {
    InstructionReader reader = reader(0x43, 1, 0, 0xA0, 0x7F, 0x44, 1, 0, 0, 0, 0, 0, 0xF4, 0x7F);
    reader.next();
    assertThat(reader.f32Bits()).isEqualTo(0x7FA00001);
    reader.next();
    assertThat(reader.f64Bits()).isEqualTo(0x7FF4000000000001L);
  }

  @Test
  void blockTypes_haveThreeForms() {
    InstructionReader reader = reader(0x02, 0x40, 0x03, 0x7E, 0x04, 0x05, 0x02, 0x63, 0x70);
    reader.next();
    assertThat(reader.blockKind()).isEqualTo(BlockKind.EMPTY);
    reader.next();
    assertThat(reader.blockKind()).isEqualTo(BlockKind.VALUE);
    assertThat(reader.blockValueType()).isEqualTo(I64);
    reader.next();
    assertThat(reader.blockKind()).isEqualTo(BlockKind.TYPE_INDEX);
    assertThat(reader.blockTypeIndex()).isEqualTo(5);
    reader.next();
    assertThat(reader.blockValueType()).isEqualTo(RefType.FUNCREF);
  }

  @Test
  void memoryAccess_mayNameAMemory() {
    InstructionReader reader =
        reader(0x28, 0x02, 0x10, 0x28, 0x42, 0x03, 0x20, 0xFD, 0x57, 0x03, 0x05, 0x01);
    reader.next();
    assertThat(reader.memoryIndex()).isZero();
    assertThat(reader.memoryOffset()).isEqualTo(16);
    reader.next();
    assertThat(reader.alignment()).isEqualTo(2);
    assertThat(reader.memoryIndex()).isEqualTo(3);
    assertThat(reader.memoryOffset()).isEqualTo(32);
    assertThat(reader.next()).isEqualTo(Opcode.V128_LOAD64_LANE);
    assertThat(reader.lane()).isEqualTo(1);
  }

  @Test
  void labelTable_hasADefault() {
    InstructionReader reader = reader(0x0E, 2, 3, 4, 5);
    reader.next();
    assertThat(reader.tableLength()).isEqualTo(2);
    assertThat(reader.tableLabel(0)).isEqualTo(3);
    assertThat(reader.tableLabel(2)).isEqualTo(5);
    assertThatThrownBy(() -> reader.tableLabel(3)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void catchClauses_areRead() {
    InstructionReader reader = reader(0x1F, 0x40, 4, 0, 7, 1, 1, 8, 2, 2, 3, 3, 4);
    assertThat(reader.next()).isEqualTo(Opcode.TRY_TABLE);
    assertThat(reader.catchCount()).isEqualTo(4);
    assertThat(reader.catchKind(1)).isEqualTo(CatchKind.CATCH_REF);
    assertThat(reader.catchTag(1)).isEqualTo(8);
    assertThat(reader.catchLabel(1)).isEqualTo(2);
    assertThat(reader.catchKind(3)).isEqualTo(CatchKind.CATCH_ALL_REF);
    assertThat(reader.catchLabel(3)).isEqualTo(4);
  }

  @Test
  void castBranch_hasTwoTypes() {
    InstructionReader reader = reader(0xFB, 24, 0x03, 1, 0x6E, 0x6C, 0xFB, 21, 0x00);
    assertThat(reader.next()).isEqualTo(Opcode.BR_ON_CAST);
    assertThat(reader.castSource()).isEqualTo(RefType.ANYREF);
    assertThat(reader.castTarget()).isEqualTo(RefType.I31REF);
    assertThat(reader.next()).isEqualTo(Opcode.REF_TEST_NULL);
    assertThat(reader.heapType()).isSameAs(ONE_TYPE.type(0));
  }

  @Test
  void typedSelect_hasTypes() {
    InstructionReader reader = reader(0x1C, 2, 0x7F, 0x6F);
    assertThat(reader.next()).isEqualTo(Opcode.SELECT_T);
    assertThat(reader.valueTypeCount()).isEqualTo(2);
    assertThat(List.of(reader.valueType(0), reader.valueType(1)))
        .isEqualTo(List.of(I32, RefType.EXTERNREF));
  }

  @Test
  void heapType_isAbstractOrDefined() {
    InstructionReader reader = reader(0xD0, 0x6B);
    reader.next();
    assertThat(reader.heapType()).isEqualTo(AbstractHeapType.STRUCT);
    assertThatThrownBy(() -> reader(0xD0, 0x01).next())
        .isInstanceOf(InvalidModuleException.class)
        .hasMessageStartingWith("unknown type 1");
  }

  @Test
  void malformedInstructions_areRefused() {
    assertMalformed("unexpected end");
    assertMalformed("unexpected end", 0xFC);
    assertMalformed("illegal opcode 27", 0x27);
    assertMalformed("illegal opcode fe 4f", 0xFE, 0x4F);
    assertMalformed("malformed memop flags", 0x28, 0x80, 0x01, 0x00);
    assertMalformed("malformed heap type", 0xD0, 0x7F);
    assertMalformed("malformed block type", 0x02, 0x80, 0x7F);
    assertMalformed("malformed value type", 0x1C, 0x01, 0x40);
    assertMalformed("malformed catch clause", 0x1F, 0x40, 0x01, 0x04);
    assertMalformed("malformed br_on_cast flags", 0xFB, 0x18, 0x04);
    assertMalformed("zero byte expected", 0xFE, 0x03, 0x01);
  }
}
