package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class KnownUnsupportedTest {
  private static final Path SCRIPT = Path.of("corpus/simd/add/add.json");
  private static final Verdict PASSED = Verdict.Passed.PASSED;
  private static final Verdict FAILED = new Verdict.Failed("1", "2");

  @Test
  void listedScript_thatFails_isSkippedWithItsReason() {
    assertThat(verdicts("simd/add/add.json | no vectors", PASSED, FAILED))
        .containsExactly(PASSED, new Verdict.Skipped("no vectors"));
  }

  @Test
  void listedScript_thatPasses_isAFailure() {
    List<Verdict> verdicts = verdicts("simd/add/add.json | no vectors", PASSED, PASSED);

    assertThat(verdicts).hasSize(3);
    assertThat(verdicts.getLast()).isInstanceOf(Verdict.Failed.class);
  }

  @Test
  void listedCommand_thatFails_isSkipped_andOthersAreNot() {
    assertThat(verdicts("simd/add/add.json:2 | no vectors", FAILED, FAILED))
        .containsExactly(FAILED, new Verdict.Skipped("no vectors"));
  }

  @Test
  void listedCommand_thatPasses_isAFailure() {
    List<Verdict> verdicts = verdicts("simd/add/add.json:2 | no vectors", PASSED, PASSED);

    assertThat(verdicts.getFirst()).isEqualTo(PASSED);
    assertThat(verdicts.getLast()).isInstanceOf(Verdict.Failed.class);
  }

  @Test
  void listedFolder_coversItsScripts() {
    assertThat(verdicts("corpus/simd/ | no vectors", FAILED))
        .containsExactly(new Verdict.Skipped("no vectors"));
  }

  @Test
  void paths_areComparedBySegments() {
    assertThat(verdicts("dd/add.json | no vectors", FAILED)).containsExactly(FAILED);
    assertThat(verdicts("imd/ | no vectors", FAILED)).containsExactly(FAILED);
  }

  @Test
  void commentsAndBlankLines_sayNothing() {
    assertThat(verdicts("# simd/add/add.json | no vectors", FAILED)).containsExactly(FAILED);
    assertThat(verdicts("  ", FAILED)).containsExactly(FAILED);
  }

  @Test
  void lineWithoutReason_isRefused() {
    assertThatThrownBy(() -> KnownUnsupported.parse(List.of("simd/add/add.json")))
        .isInstanceOf(ScriptException.class);
    assertThatThrownBy(() -> KnownUnsupported.parse(List.of("simd/add/add.json |")))
        .isInstanceOf(ScriptException.class);
  }

  @Test
  void listOfTheEngine_canBeRead() {
    assertThat(KnownUnsupported.ofEngine()).isNotNull();
  }

  private static List<Verdict> verdicts(String list, Verdict... verdicts) {
    List<CommandResult> results =
        IntStream.range(0, verdicts.length)
            .mapToObj(i -> new CommandResult(SCRIPT, i + 1, "assert_return", verdicts[i]))
            .toList();
    return KnownUnsupported.parse(List.of(list)).apply(SCRIPT, results).stream()
        .map(CommandResult::verdict)
        .toList();
  }
}
