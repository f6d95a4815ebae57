package dev.cloister.engine.module;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sections of advice: what is read of them, and what is wrong with others.
final class HintSectionTest {
  private static final String BRANCH = "metadata.code.branch_hint";
  private static final String TARGETS = "metadata.code.call_targets";

  /// Where the instructions of function 1 begin, from its local declarations on.
  private static final int BLOCK = 1;

  private static final int BR_IF = 5;
  private static final int CALL_INDIRECT = 10;

  /// The imported function 0, and the own functions 1, with a branch and an indirect call, and 2.
  private static ModuleBuilder builder() {
    return new ModuleBuilder()
        .importFunction("m", "f", FuncType.EMPTY)
        .table(new TableType(RefType.FUNCREF, Limits.of(1)))
        .function(
            new FuncType(List.of(I32), List.of()),
            code -> {
              code.block().localGet(0).brIf(0).end();
              code.localGet(0).callIndirect(FuncType.EMPTY, 0);
            })
        .function(FuncType.EMPTY, code -> {});
  }

  private static WasmModule decode(ModuleBuilder builder) {
    return ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
  }

  private static byte[] bytes(String numbers) {
    String[] words = numbers.isBlank() ? new String[0] : numbers.split(" ", -1);
    byte[] bytes = new byte[words.length];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = (byte) Integer.parseInt(words[i], 10);
    }
    return bytes;
  }

  private static HintSection read(String section, String numbers) {
    List<HintSection> all = HintSection.all(decode(builder().hints(section, bytes(numbers))));
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  @Test
  void sections_areCountedAndNamed() {
    WasmModule module =
        decode(
            builder()
                .hints(BRANCH, bytes("1 1 1 " + BR_IF + " 1 0"))
                .hints(
                    "metadata.code.instr_freq",
                    bytes("1 1 2 %d 1 32 %d 1 40".formatted(BLOCK, CALL_INDIRECT)))
                .hints(TARGETS, bytes("1 1 1 " + CALL_INDIRECT + " 4 2 60 0 40"))
                .hints("metadata.code.compilation_priority", bytes("2 1 1 0 1 0 2 1 0 2 1 127"))
                .hints("metadata.code.unheard_of", bytes("9 9")));

    assertThat(HintSection.all(module))
        .containsExactly(
            new HintSection(HintKind.BRANCH, 1, 1, null),
            new HintSection(HintKind.INSTRUCTION_FREQUENCY, 1, 2, null),
            new HintSection(HintKind.CALL_TARGETS, 1, 1, null),
            new HintSection(HintKind.COMPILATION_PRIORITY, 2, 2, null));
  }

  @Test
  void module_withoutHints_hasNoSections() {
    assertThat(HintSection.all(decode(builder().custom("note", new byte[] {1})))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        BRANCH + "|''|unexpected end",
        BRANCH + "|1 0 0|function 0 is no own function",
        BRANCH + "|1 3 0|function 3 is no own function",
        BRANCH + "|2 2 0 1 0|function 1 behind 2",
        BRANCH + "|2 1 0 1 0|function 1 behind 1",
        BRANCH + "|1 1 0 7|something behind the last function",
        BRANCH + "|1 1 1 5 1 2|a branch hint that is neither 0 nor 1",
        BRANCH + "|1 1 1 5 2 0 0|a branch hint that is neither 0 nor 1",
        BRANCH + "|1 1 1 5 0|a branch hint that is neither 0 nor 1",
        BRANCH + "|1 1 1 5 9 0|a hint of 9 bytes",
        BRANCH + "|1 1 2 5 1 0 5 1 0|offset 5 in function 1, of 14 bytes, behind 5",
        BRANCH + "|1 1 1 14 1 0|offset 14 in function 1, of 14 bytes, behind -1",
        BRANCH + "|1 1 1 1 1 0|function 1 has no instruction for the hint (@+0x",
        BRANCH + "|1 1 1 4 1 0|function 1 has no instruction for the hint (@+0x",
        TARGETS + "|1 1 1 10 2 3 50|function 3 is unknown",
        TARGETS + "|1 1 1 10 2 1 101|more than 100 percent of the calls",
        TARGETS + "|1 1 1 10 4 1 60 2 41|more than 100 percent of the calls",
        TARGETS + "|1 1 1 10 1 1|unexpected end",
        TARGETS + "|1 1 1 10 1 1 50|a hint that is longer than 1 bytes",
        TARGETS + "|1 1 1 5 2 1 50|function 1 has no instruction for the hint (@+0x",
        "metadata.code.instr_freq|1 1 1 5 0|a frequency without a value",
      })
  void sectionThatIsWrong_isIgnored_andSaysWhy(String section, String numbers, String fault) {
    assertThat(Objects.requireNonNull(read(section, numbers).fault())).startsWith(fault);
  }

  @Test
  void fault_saysWhereInTheModule() {
    byte[] module = builder().hints(BRANCH, bytes("1 1 1 5 1 2")).build();
    HintSection section =
        HintSection.all(ModuleDecoder.decode(module, WasmFeatures.ALL, WasmLimits.defaults()))
            .getFirst();
    String fault = Objects.requireNonNull(section.fault());
    int offset = Integer.parseInt(fault, fault.indexOf("0x") + 2, fault.length() - 1, 16);
    // Behind the value that is wrong.
    assertThat(module[offset - 1]).isEqualTo((byte) 2);
    assertThat(module[offset - 2]).isEqualTo((byte) 1);
  }

  @Test
  void section_behindTheCode_orASecondOne_isIgnored() {
    byte[] content = bytes("1 1 1 5 1 0");
    WasmModule behind = decode(builder().custom(BRANCH, content));
    assertThat(Objects.requireNonNull(HintSection.all(behind).getFirst().fault()))
        .startsWith("the section is behind the code");

    WasmModule twice = decode(builder().hints(BRANCH, content).hints(BRANCH, content));
    assertThat(HintSection.all(twice))
        .containsExactly(
            new HintSection(HintKind.BRANCH, 1, 1, null),
            new HintSection(HintKind.BRANCH, 0, 0, "a second section of its kind"));
  }

  @Test
  void randomSections_neverFailTheModule() {
    Random random = Seed.random();
    List<HintKind> kinds = List.of(HintKind.values());
    int wrong = 0;
    for (int i = 0; i < 5_000; i++) {
      HintKind kind = kinds.get(random.nextInt(kinds.size()));
      byte[] content = new byte[random.nextInt(14)];
      for (int j = 0; j < content.length; j++) {
        content[j] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : random.nextInt(3));
      }
      HintSection section =
          HintSection.all(decode(builder().hints(kind.section(), content))).getFirst();
      assertThat(section.kind()).isEqualTo(kind);
      wrong += section.fault() == null ? 0 : 1;
    }
    assertThat(wrong).isBetween(1, 4_999);
  }
}
