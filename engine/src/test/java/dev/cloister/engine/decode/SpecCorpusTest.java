package dev.cloister.engine.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Every binary module of the specification's test suite: the verdict, the kind of fault and its
/// wording, and that none of them depends on how the bytes are cut.
///
/// Faults that are worded differently are listed with a reason in `known-wording.txt`; an entry
/// that is not needed fails the test.
final class SpecCorpusTest {

  private static final WasmLimits LIMITS = WasmLimits.defaults();
  private static final int SMALL_BYTES = 4_000;
  private static final int TINY_BYTES = 80;

  /// Modules with a fault that are smaller are cut at every byte, as are tiny ones.
  private static final int FAULTY_BYTES = 300;

  private static final int RANDOM_CUTS = 3;

  @Test
  void modules_ofTheTestSuite_haveTheVerdictOfTheScript() throws IOException {
    Map<String, String> knownWording = readKnownWording();
    List<String> failures = new ArrayList<>();
    int count = 0;
    for (SpecScript module : SpecScript.readAll(Corpora.require("spec-testsuite"))) {
      count++;
      Decoding decoding = Decoding.sync(module.bytes(), module.features(), LIMITS);
      boolean isRight = isRight(module, decoding.fault());
      boolean isWordedRight =
          decoding.fault() == null
              || Objects.requireNonNull(decoding.fault().getMessage()).startsWith(module.text());
      boolean isKnown = knownWording.remove(module.place()) != null;
      if (!isRight || isWordedRight == isKnown) {
        failures.add(
            module.place()
                + (isKnown && isWordedRight ? " is listed without need" : "")
                + " wants "
                + module.kind()
                + " '"
                + module.text()
                + "', got "
                + decoding.verdict());
      }
    }
    assertThat(failures).isEmpty();
    assertThat(knownWording).as("entries for no command").isEmpty();
    assertThat(count).isGreaterThan(6_000);
  }

  private static boolean isRight(SpecScript module, @Nullable WasmException fault) {
    return switch (module.kind()) {
      case VALID -> fault == null;
      case MALFORMED -> fault instanceof MalformedException;
      case INVALID -> fault instanceof InvalidModuleException;
    };
  }

  @Test
  void modules_cutAnywhere_haveTheSameVerdictAndPrefixHash() throws IOException {
    long seed = Long.getLong("seed", 20260101);
    Random random = new Random(seed);
    for (SpecScript module : SpecScript.readAll(Corpora.require("spec-testsuite"))) {
      byte[] bytes = module.bytes();
      String place = module.place() + " with -Dseed=" + seed;
      Decoding whole = Decoding.whole(bytes, module.features(), LIMITS);
      assertThat(Decoding.sync(bytes, module.features(), LIMITS).verdict())
          .as(place)
          .isEqualTo(whole.verdict());
      if (bytes.length <= SMALL_BYTES) {
        checkSame(whole, Decoding.stream(bytes, module.features(), LIMITS, _ -> 1), place);
      }
      int most = module.kind() == SpecScript.Kind.VALID ? TINY_BYTES : FAULTY_BYTES;
      for (int cut = 1; bytes.length <= most && cut < bytes.length; cut++) {
        int first = cut;
        checkSame(
            whole,
            Decoding.stream(bytes, module.features(), LIMITS, at -> at == 0 ? first : bytes.length),
            place);
      }
      for (int i = 0; i < RANDOM_CUTS; i++) {
        checkSame(whole, Decoding.chunked(bytes, module.features(), LIMITS, random), place);
      }
    }
  }

  private static void checkSame(Decoding whole, Decoding cut, String place) {
    // Strings are compared first, since AssertJ takes its time.
    if (!cut.verdict().equals(whole.verdict()) || cut.prefixHash() != whole.prefixHash()) {
      assertThat(cut.verdict()).as(place).isEqualTo(whole.verdict());
      assertThat(cut.prefixHash()).as(place).isEqualTo(whole.prefixHash());
    }
  }

  /// Reads lines `script:line reason`; lines that start with `#` are for people.
  private static Map<String, String> readKnownWording() throws IOException {
    Map<String, String> known = new HashMap<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    SpecCorpusTest.class.getResourceAsStream("known-wording.txt")),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          String[] parts = line.split(" ", 2);
          known.put(parts[0], parts[1]);
        }
      }
    }
    return known;
  }
}
