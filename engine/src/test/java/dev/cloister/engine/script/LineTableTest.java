package dev.cloister.engine.script;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.FuncType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Line tables of all versions, well formed and not. Addresses count from the content of the code
/// section.
final class LineTableTest {
  /// How long the code of the modules is, so that every address used here is in it.
  private static final int CODE_BYTES = 70_000;

  private static WasmModule module(Map<String, byte[]> sections) {
    ModuleBuilder builder =
        new ModuleBuilder()
            .function(
                FuncType.EMPTY,
                code -> {
                  for (int i = 0; i < CODE_BYTES; i++) {
                    code.op(Opcode.NOP);
                  }
                });
    sections.forEach(builder::custom);
    return ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
  }

  /// {@return a line table on its own, for code whose section starts at 0}
  private static SourceTable table(WasmModule module, byte[] lines) {
    DebugSection section = new DebugSection(WireBytes.adopt(lines), 0, lines.length);
    return LineTable.read(new LineFiles(section, null, null), module, 0);
  }

  /// Asks for addresses of a module with some sections.
  private record Lines(SourceLocator locator, int codeOffset) {
    static Lines of(Map<String, byte[]> sections) {
      WasmModule module = module(sections);
      ModuleHash hash = module.wireBytes().sha256();
      return new Lines(
          new SourceLocator(module, ScriptUrl.of(module, hash), DebugFileLoader.NONE),
          ModuleSections.of(module.wireBytes()).codeOffset());
    }

    static Lines of(LineProgram... units) {
      BinaryWriter section = new BinaryWriter();
      for (LineProgram unit : units) {
        section.bytes(unit.build());
      }
      return of(Map.of(".debug_line", section.toByteArray()));
    }

    @Nullable SourcePosition at(int address) {
      return locator.find(codeOffset + address);
    }

    @Nullable String textAt(int address) {
      SourcePosition found = at(address);
      return found == null ? null : found.toString();
    }
  }

  @ParameterizedTest
  @CsvSource({"2, false", "3, false", "4, false", "4, true", "5, false", "5, true"})
  void rows_ofEachVersion_areFound(int version, boolean is64) {
    int first = version == 5 ? 0 : 1;
    Lines lines =
        Lines.of(
            new LineProgram(version, is64)
                .directory("/project")
                .directory("lib")
                .file("main.c", version == 5 ? 0 : 1)
                .file("part.c", version == 5 ? 1 : 2)
                .address(10)
                .useFile(first)
                .line(6)
                .column(3)
                .copy()
                .special(2, 1)
                .useFile(first + 1)
                .column(0)
                .line(100)
                .advance(4)
                .copy()
                .advance(5)
                .end());
    assertThat(lines.at(9)).isNull();
    assertThat(lines.at(10)).isEqualTo(new SourcePosition("/project/main.c", 7, 3));
    assertThat(lines.textAt(11)).isEqualTo("/project/main.c:7:3");
    assertThat(lines.textAt(12)).isEqualTo("/project/main.c:8:3");
    assertThat(lines.textAt(15)).isEqualTo("/project/main.c:8:3");
    assertThat(lines.textAt(16))
        .isEqualTo(version == 5 ? "/project/lib/part.c:108" : "lib/part.c:108");
    assertThat(lines.textAt(20)).isNotNull();
    assertThat(lines.textAt(21)).as("after the sequence").isNull();
  }

  @Test
  void opcodes_withoutRows_change_onlyTheirRegister() {
    Lines lines =
        Lines.of(
            new LineProgram(4)
                .file("a.c", 0)
                .address(100)
                .copy()
                .bytes(6, 7, 10, 11, 12, 9) // What nobody asks for; an ISA of 9.
                .bytes(0, 2, 4, 7) // A discriminator.
                .bytes(0, 4, 0x80, 1, 2, 3) // Somebody's own.
                .bytes(0, 0) // An extended opcode without anything.
                .bytes(8) // Advances as special opcode 255 does: by 17.
                .bytes(9, 0x03, 0x01) // Advances by 259.
                .line(4)
                .copy()
                .advance(1)
                .end());
    assertThat(lines.textAt(375)).isEqualTo("a.c:1");
    assertThat(lines.textAt(376)).isEqualTo("a.c:5");
  }

  @Test
  void standardOpcode_ofAnotherTable_isPassedOverByItsCount() {
    // A table of 14 standard opcodes: the last has two operands.
    byte[] unit =
        new BinaryWriter()
            .fixed(4, 2)
            .fixed(8 + 13 + 6, 4)
            .bytes(1, 1, 1, -5, 14, 15, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 2)
            .bytes(0, 'b', 0, 0, 0, 0, 0)
            .bytes(0, 5, 2, 9, 0, 0, 0, 14, 0x81, 1, 0x82, 1, 3, 5, 1, 2, 3, 0, 1, 1)
            .toByteArray();
    Lines lines =
        Lines.of(
            Map.of(
                ".debug_line", new BinaryWriter().fixed(unit.length, 4).bytes(unit).toByteArray()));
    assertThat(lines.textAt(10)).isEqualTo("b:6");
  }

  @Test
  void lineZero_isNoPlace() {
    Lines lines =
        Lines.of(
            new LineProgram(4)
                .file("a.c", 0)
                .address(5)
                .copy()
                .special(2, -1)
                .special(2, 3)
                .advance(2)
                .end());
    assertThat(lines.textAt(6)).isEqualTo("a.c:1");
    assertThat(lines.textAt(7)).isNull();
    assertThat(lines.textAt(9)).isEqualTo("a.c:3");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 0xffff_ffffL, 0xffff_fffeL, 0x7fff_ffffL, CODE_BYTES + 100})
  void sequence_ofDroppedFunction_isPassedOver(long tombstone) {
    Lines lines =
        Lines.of(
            new LineProgram(4)
                .file("dropped.c", 0)
                .address(tombstone)
                .copy()
                .advance(60_000)
                .end()
                .address(50)
                .line(8)
                .copy()
                .advance(10)
                .end());
    assertThat(lines.textAt(40)).isNull();
    assertThat(lines.textAt(55)).isEqualTo("dropped.c:9");
    assertThat(lines.textAt(1_000)).isNull();
  }

  @Test
  void units_inAnyOrder_areFound() {
    Lines lines =
        Lines.of(
            new LineProgram(4).file("late.c", 0).address(500).copy().advance(10).end(),
            new LineProgram(9).file("unknown.c", 0).address(300).copy().advance(10).end(),
            new LineProgram(5)
                .directory(".")
                .file("early.c", 0)
                .useFile(0)
                .address(100)
                .useFile(0)
                .copy()
                .advance(10)
                .end());
    assertThat(lines.textAt(505)).isEqualTo("late.c:1");
    assertThat(lines.textAt(305)).as("a version that is not known").isNull();
    assertThat(lines.textAt(105)).isEqualTo("early.c:1");
  }

  @Test
  void sequence_ofManyRows_isFoundAsRowByRow() {
    Random random = Seed.random();
    TreeMap<Integer, String> expected = new TreeMap<>();
    LineProgram program =
        new LineProgram(4).file("a.c", 0).file("b.c", 0).file("c.c", 0).address(10);
    int address = 10;
    int line = 1;
    int file = 1;
    while (address < CODE_BYTES - 1_000) {
      if (random.nextInt(3) == 0) {
        file = 1 + random.nextInt(3);
        program.useFile(file);
      }
      int advance = random.nextInt(4) == 0 ? 0 : random.nextInt(9);
      int lines = line < 20 ? random.nextInt(9) : random.nextInt(13) - 5;
      if (random.nextBoolean()) {
        program.special(advance, lines);
      } else {
        program.line(lines).advance(advance).copy();
      }
      address += advance;
      line += lines;
      expected.put(address, (char) ('a' + file - 1) + ".c:" + line);
    }
    Lines found = Lines.of(program.advance(1).end());
    for (int i = expected.firstKey(); i <= address; i++) {
      assertThat(found.textAt(i)).as("at %d", i).isEqualTo(expected.floorEntry(i).getValue());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x0e, 0x1f})
  void path_inAnotherSection_isRead(int form) {
    byte[] header =
        new BinaryWriter()
            .bytes(1, 1, 1, -5, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1)
            .bytes(1, 1, form, 1)
            .fixed(6, 4)
            .bytes(2, 1, form, 2, 0x0b, 1)
            .fixed(0, 4)
            .bytes(0)
            .toByteArray();
    byte[] unit =
        new BinaryWriter()
            .fixed(5, 2)
            .bytes(4, 0)
            .fixed(header.length, 4)
            .bytes(header)
            .bytes(0, 5, 2, 9, 0, 0, 0, 4, 0, 1, 2, 3, 0, 1, 1)
            .toByteArray();
    byte[] strings = "m.rs\0\0/src\0".getBytes(StandardCharsets.UTF_8);
    byte[] lines = new BinaryWriter().fixed(unit.length, 4).bytes(unit).toByteArray();
    String section = form == 0x0e ? ".debug_str" : ".debug_line_str";
    assertThat(Lines.of(Map.of(".debug_line", lines, section, strings)).textAt(10))
        .isEqualTo("/src/m.rs:1");
    assertThat(Lines.of(Map.of(".debug_line", lines)).textAt(10)).as("no texts").isNull();
    assertThat(Lines.of(Map.of(".debug_line", lines, section, new byte[3])).textAt(10))
        .as("texts cut short")
        .isNull();
  }

  @Test
  void opcodesWithoutRows_longerThanIsReadForOneQuestion_giveNothing() {
    LineProgram program = new LineProgram(4).file("a.c", 0).address(10).copy();
    for (int i = 0; i < 200_000; i++) {
      program.bytes(6);
    }
    Lines lines = Lines.of(program.advance(5).copy().advance(5).end());
    assertThat(lines.textAt(12)).isNull();
    assertThat(lines.textAt(16)).isEqualTo("a.c:1");
  }

  @Test
  void sequences_moreThanThereAreFunctions_areBounded() {
    LineProgram program = new LineProgram(4).file("a.c", 0);
    for (int i = 0; i < 2_000; i++) {
      program.address(10 + 2 * i).copy().advance(1).end();
    }
    Lines lines = Lines.of(program);
    assertThat(lines.textAt(10)).isEqualTo("a.c:1");
    assertThat(lines.textAt(10 + 2 * 1_999)).isNull();
  }

  @Test
  void table_largerThanIsRead_isLeftOut() {
    byte[] unit = new LineProgram(4).file("a.c", 0).address(10).copy().advance(5).end().build();
    WasmModule module = module(Map.of());
    assertThat(table(module, Arrays.copyOf(unit, LineTable.MAX_BYTES)).find(10)).isNotNull();
    assertThat(table(module, Arrays.copyOf(unit, LineTable.MAX_BYTES + 1)).find(10)).isNull();
  }

  @Test
  void units_thatAreMalformed_endTheTableAfterSome() {
    byte[] unit = new LineProgram(4).file("a.c", 0).address(10).copy().advance(5).end().build();
    byte[] bad = new byte[4]; // A unit of no bytes.
    for (int count : new int[] {15, 16}) {
      BinaryWriter section = new BinaryWriter();
      for (int i = 0; i < count; i++) {
        section.bytes(bad);
      }
      Lines lines = Lines.of(Map.of(".debug_line", section.bytes(unit).toByteArray()));
      assertThat(lines.textAt(10)).isEqualTo(count < 16 ? "a.c:1" : null);
    }
  }

  @Test
  void module_withoutFunctions_hasNoLines() {
    WasmModule module =
        ModuleDecoder.decode(
            new ModuleBuilder()
                .custom(".debug_line", new LineProgram(4).address(1).copy().end().build())
                .build(),
            WasmFeatures.ALL,
            WasmLimits.defaults());
    SourceLocator locator =
        new SourceLocator(
            module, ScriptUrl.of(module, module.wireBytes().sha256()), DebugFileLoader.NONE);
    assertThat(locator.symbols().hasEmbeddedDwarf()).isTrue();
    assertThat(locator.find(10)).isNull();
  }

  @Test
  void damagedTables_giveAPlaceOrNothing() {
    byte[] good =
        new BinaryWriter()
            .bytes(
                new LineProgram(5)
                    .directory("/project")
                    .file("a.c", 0)
                    .useFile(0)
                    .address(10)
                    .useFile(0)
                    .special(3, 4)
                    .special(3, 4)
                    .advance(50)
                    .end()
                    .build())
            .bytes(
                new LineProgram(3)
                    .directory("lib")
                    .file("b.c", 1)
                    .address(100)
                    .copy()
                    .special(3, 4)
                    .advance(900)
                    .end()
                    .build())
            .toByteArray();
    WasmModule module = module(Map.of());
    assertThat(table(module, good).find(105)).isEqualTo(new SourcePosition("lib/b.c", 5, 0));
    Random random = Seed.random();
    for (int i = 0; i < 4_000; i++) {
      byte[] damaged = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      if (random.nextInt(4) == 0) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
      }
      SourceTable table = table(module, damaged);
      for (int address = 0; address < 1_100; address += 7) {
        SourcePosition found = table.find(address);
        assertThat(found == null || found.line() > 0).isTrue();
      }
    }
  }
}
