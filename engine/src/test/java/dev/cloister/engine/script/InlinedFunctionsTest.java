package dev.cloister.engine.script;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.InlinedCall;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which functions were inlined at an instruction, in DWARF 4 and 5, well formed and not. Addresses
/// count from the content of the code section.
///
/// Function `outer`, from 100 to 200, has `middle` inlined from 110 to 150, in line 20, and in that
/// `leaf` from 120 to 130 and from 140 to 145, in line 10. Function `plain`, from 200 to 300, has
/// nothing.
final class InlinedFunctionsTest {
  private static final int OUTER = 100;
  private static final int CODE_BYTES = 400;

  private static final SourcePosition IN_OUTER = new SourcePosition("a.c", 20, 7);
  private static final SourcePosition IN_MIDDLE = new SourcePosition("a.c", 10, 0);
  private static final InlinedCall MIDDLE = new InlinedCall("middle", IN_OUTER);
  private static final InlinedCall LEAF = new InlinedCall("leaf", IN_MIDDLE);

  private static byte[] text(String text) {
    return (text + '\0').getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] lines(int version) {
    LineProgram lines = new LineProgram(version);
    if (version == 5) {
      // Numbers of files begin with 0 and with 1; entries say 1 in both.
      lines.directory("").file("unused.c", 0);
    }
    return lines.file("a.c", 0).address(OUTER).copy().advance(200).end().build();
  }

  /// The unit around some content behind its version.
  private static byte[] unit(int version, BinaryWriter content) {
    return new BinaryWriter()
        .fixed(content.size() + 2L, 4)
        .fixed(version, 2)
        .bytes(content.toByteArray())
        .toByteArray();
  }

  /// As clang writes it: references within the unit, addresses and sizes in place.
  private static Map<String, byte[]> version4() {
    byte[] table =
        new BinaryWriter()
            // 1: unit with its line table and lowest address. 2: function with a name.
            .bytes(1, 0x11, 1, 0x10, 0x17, 0x11, 0x01, 0, 0)
            .bytes(2, 0x2e, 0, 0x03, 0x0e, 0, 0)
            // 3: function with addresses. 4: the same without children.
            .bytes(3, 0x2e, 1, 0x11, 0x01, 0x12, 0x06, 0, 0)
            .bytes(4, 0x2e, 0, 0x11, 0x01, 0x12, 0x06, 0, 0)
            // 5: inlined, with addresses. 6: inlined, with ranges. 7: a block.
            .bytes(5, 0x1d, 1, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06)
            .bytes(0x58, 0x0b, 0x59, 0x0b, 0x57, 0x0b, 0, 0)
            .bytes(6, 0x1d, 0, 0x31, 0x13, 0x55, 0x17, 0x58, 0x0b, 0x59, 0x0b, 0, 0)
            .bytes(7, 0x0b, 1, 0, 0)
            .bytes(0)
            .toByteArray();
    BinaryWriter content = new BinaryWriter().fixed(0, 4).bytes(4);
    content.bytes(1).fixed(0, 4).fixed(OUTER, 4);
    int middle = 6 + content.size();
    content.bytes(2).fixed(0, 4);
    int leaf = 6 + content.size();
    content.bytes(2).fixed(7, 4);
    content.bytes(3).fixed(OUTER, 4).fixed(100, 4).bytes(7);
    content.bytes(5).fixed(middle, 4).fixed(110, 4).fixed(40, 4).bytes(1, 20, 7);
    content.bytes(6).fixed(leaf, 4).fixed(0, 4).bytes(1, 10);
    content.bytes(0, 0, 0);
    content.bytes(4).fixed(200, 4).fixed(100, 4).bytes(0);
    byte[] ranges =
        new BinaryWriter()
            .fixed(20, 4)
            .fixed(30, 4)
            .fixed(0xffff_ffffL, 4)
            .fixed(0, 4)
            .fixed(140, 4)
            .fixed(145, 4)
            .fixed(0, 8)
            .toByteArray();
    return Map.of(
        ".debug_info", unit(4, content),
        ".debug_abbrev", table,
        ".debug_ranges", ranges,
        ".debug_str", new BinaryWriter().bytes(text("middle")).bytes(text("leaf")).toByteArray(),
        ".debug_line", lines(4));
  }

  /// With tables of addresses, texts and ranges, and values in the table of abbreviations.
  private static Map<String, byte[]> version5() {
    byte[] table =
        new BinaryWriter()
            .bytes(1, 0x11, 1, 0x10, 0x17, 0x11, 0x1b, 0x72, 0x17, 0x73, 0x17, 0x74, 0x17, 0, 0)
            .bytes(2, 0x2e, 0, 0x03, 0x25, 0, 0)
            .bytes(3, 0x2e, 1, 0x11, 0x1b, 0x12, 0x06, 0, 0)
            .bytes(4, 0x2e, 0, 0x11, 0x1b, 0x12, 0x06, 0, 0)
            .bytes(5, 0x1d, 1, 0x31, 0x10, 0x11, 0x29, 0x12, 0x06)
            .bytes(0x58, 0x21, 1, 0x59, 0x0b, 0x57, 0x0b, 0, 0)
            .bytes(6, 0x1d, 0, 0x31, 0x13, 0x55, 0x23, 0x58, 0x21, 1, 0x59, 0x0b, 0, 0)
            .bytes(7, 0x0b, 1, 0, 0)
            // 8: what a function was declared as.
            .bytes(8, 0x2e, 0, 0x47, 0x13, 0, 0)
            .bytes(0)
            .toByteArray();
    BinaryWriter content = new BinaryWriter().bytes(1, 4).fixed(0, 4);
    content.bytes(1).fixed(0, 4).bytes(0).fixed(8, 4).fixed(8, 4).fixed(12, 4);
    int middle = 6 + content.size();
    content.bytes(2, 0);
    int declared = 6 + content.size();
    content.bytes(2, 1);
    int leaf = 6 + content.size();
    content.bytes(8).fixed(declared, 4);
    content.bytes(3, 0).fixed(100, 4).bytes(7);
    content.bytes(5).fixed(middle, 4).bytes(1).fixed(40, 4).bytes(20, 7);
    content.bytes(6).fixed(leaf, 4).bytes(0, 10);
    content.bytes(0, 0, 0);
    content.bytes(4, 2).fixed(100, 4).bytes(0);
    Map<String, byte[]> sections = new HashMap<>();
    sections.put(".debug_info", unit(5, content));
    sections.put(".debug_abbrev", table);
    sections.put(
        ".debug_addr",
        new BinaryWriter().fixed(0, 8).fixed(OUTER, 4).fixed(110, 4).fixed(200, 4).toByteArray());
    // A list of offsets with one entry; then a range from the unit's address on, and one in place.
    sections.put(
        ".debug_rnglists",
        new BinaryWriter()
            .fixed(0, 8)
            .fixed(1, 4)
            .fixed(4, 4)
            .bytes(4, 20, 30)
            .bytes(7)
            .fixed(140, 4)
            .bytes(5, 0)
            .toByteArray());
    sections.put(
        ".debug_str_offsets", new BinaryWriter().fixed(0, 8).fixed(0, 4).fixed(7, 4).toByteArray());
    sections.put(
        ".debug_str", new BinaryWriter().bytes(text("middle")).bytes(text("leaf")).toByteArray());
    sections.put(".debug_line", lines(5));
    return sections;
  }

  private static Map<String, byte[]> sections(int version) {
    return version == 4 ? version4() : version5();
  }

  private record Answers(SourceLocator locator, int codeOffset) {
    static Answers of(Map<String, byte[]> sections) {
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
      WasmModule module =
          ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
      return new Answers(
          new SourceLocator(
              module, ScriptUrl.of(module, module.wireBytes().sha256()), DebugFileLoader.NONE),
          ModuleSections.of(module.wireBytes()).codeOffset());
    }

    List<InlinedCall> at(int address) {
      return locator.inlinedAt(codeOffset + address);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void instructions_areInTheFunctionsThatWereInlinedThere(int version) {
    Answers answers = Answers.of(sections(version));
    for (int address = 0; address < CODE_BYTES; address++) {
      boolean isInLeaf = (address >= 120 && address < 130) || (address >= 140 && address < 145);
      boolean isInMiddle = address >= 110 && address < 150;
      assertThat(answers.at(address))
          .as("at %d", address)
          .isEqualTo(isInLeaf ? List.of(LEAF, MIDDLE) : isInMiddle ? List.of(MIDDLE) : List.of());
    }
    assertThat(answers.locator().find(answers.codeOffset() + 120))
        .isEqualTo(new SourcePosition("a.c", 1, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void sectionsThatAreMissing_tellLess(int version) {
    for (String missing : sections(version).keySet()) {
      Map<String, byte[]> left = new HashMap<>(sections(version));
      left.remove(missing);
      Answers answers = Answers.of(left);
      assertThat(answers.at(125)).as("without %s", missing).hasSizeLessThanOrEqualTo(2);
      if (missing.equals(".debug_str")) {
        assertThat(answers.at(115)).containsExactly(new InlinedCall(null, IN_OUTER));
      }
    }
  }

  /// Whatever is wrong, questions are answered.
  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void damagedSections_areNoFault(int version) {
    Random random = Seed.random();
    int changed = 0;
    for (int round = 0; round < 3_000; round++) {
      Map<String, byte[]> damaged = new HashMap<>();
      sections(version).forEach((name, bytes) -> damaged.put(name, bytes.clone()));
      List<byte[]> contents = List.copyOf(damaged.values());
      for (int n = random.nextInt(3); n >= 0; n--) {
        byte[] bytes = contents.get(random.nextInt(contents.size()));
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Answers answers = Answers.of(damaged);
      for (int address : new int[] {100, 115, 125, 142, 199, 250}) {
        assertThat(answers.at(address)).hasSizeLessThanOrEqualTo(64);
      }
      changed += answers.at(125).equals(List.of(LEAF, MIDDLE)) ? 0 : 1;
    }
    assertThat(changed).isBetween(1, 2_999);
  }

  @Test
  void functionsThatTheLinkerDropped_areNotFound() {
    Map<String, byte[]> sections = new HashMap<>(version5());
    // Address 0 in place of that of `outer`.
    sections.put(
        ".debug_addr",
        new BinaryWriter().fixed(0, 8).fixed(0, 4).fixed(10, 4).fixed(200, 4).toByteArray());
    Answers answers = Answers.of(sections);

    assertThat(answers.at(15)).isEmpty();
    assertThat(answers.at(115)).isEmpty();
  }
}
