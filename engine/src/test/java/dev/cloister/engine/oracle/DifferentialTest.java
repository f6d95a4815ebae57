package dev.cloister.engine.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.module.InstructionText;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.VectorUse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Random modules do in compiled code of every kind what the interpreter does.
///
/// Strategy: each program has an own seed, and uses all that the engine supports. Its functions are
/// called with random arguments, several times, so that calls work on what others left. Invariants:
/// see [Comparison]. A program that fails is made smaller and printed with its seed; `-Dprogram=N`
/// runs only that one. `-Ddifferential.seconds=N` makes the test longer than the few seconds of an
/// ordinary run.
final class DifferentialTest {
  private static final long SECONDS = Long.getLong("differential.seconds", 8);
  private static final long SHRINK_SECONDS = 30;

  /// So little that nearly every function is divided.
  private static final int FEW_BYTES = 800;

  /// How many kinds of code each program is compared in; its seed says which.
  private static final int KINDS = 3;

  private final Map<String, Comparison> comparisons = new LinkedHashMap<>();

  DifferentialTest() {
    for (CodeKind kind : CodeKind.values()) {
      EngineConfig config = EngineConfig.defaults().withCodeKind(kind);
      comparisons.put(kind.label(), new Comparison(config));
      comparisons.put(
          kind.label() + ", divided", new Comparison(config.withMethodBytes(FEW_BYTES)));
    }
    EngineConfig debug = EngineConfig.defaults().withCodeKind(CodeKind.DEBUG);
    comparisons.put("watched", new Comparison(debug, /* isWatched= */ true));
    comparisons.put(
        "watched, divided",
        new Comparison(debug.withMethodBytes(FEW_BYTES), /* isWatched= */ true));
    comparisons.put(
        "vector objects",
        new Comparison(
            EngineConfig.defaults()
                .withCodeKind(CodeKind.OPTIMIZED)
                .withVectorUse(VectorUse.ALWAYS)));
  }

  @AfterEach
  void closeEngines() {
    comparisons.values().forEach(Comparison::close);
  }

  @Test
  void smallPrograms_doWhatTheInterpreterDoes() {
    run(/* isLarge= */ false, SECONDS);
    assertThat(calls()).as("calls that were compared").isGreaterThan(20);
  }

  /// Functions that do not fit into one JVM method are divided.
  @Test
  void largePrograms_doWhatTheInterpreterDoes() {
    run(/* isLarge= */ true, SECONDS / 2);
  }

  private void run(boolean isLarge, long seconds) {
    Long only = Long.getLong("program");
    if (only != null) {
      compare(only, isLarge);
      return;
    }
    Random seeds = Seed.random();
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    int programs = 0;
    while (System.nanoTime() < end) {
      compare(seeds.nextLong(), isLarge);
      programs++;
    }
    System.out.println(programs + " programs, " + calls() + " calls");
  }

  private int calls() {
    return comparisons.values().stream().mapToInt(comparison -> comparison.calls).sum();
  }

  private void compare(long seed, boolean isLarge) {
    Program program = Programs.make(seed, WasmFeatures.ALL, isLarge);
    try {
      decode(program);
    } catch (ModuleException e) {
      throw new AssertionError("program " + seed + " is not valid: " + text(program), e);
    }
    String difference = difference(program, seed);
    if (difference == null) {
      return;
    }
    Program smallest =
        Shrinker.shrink(
            program,
            SHRINK_SECONDS,
            candidate -> isValid(candidate) && difference(candidate, seed) != null);
    System.out.println(text(smallest));
    throw new AssertionError(
        (isLarge ? "large program " : "program ")
            + seed
            + " (-Dprogram): "
            + difference
            + "\nsmallest: "
            + difference(smallest, seed));
  }

  private static boolean isValid(Program program) {
    try {
      decode(program);
      return true;
    } catch (Tree.BrokenTree | ModuleException e) {
      return false;
    }
  }

  private static WasmModule decode(Program program) {
    return ModuleDecoder.decode(program.module().build(), WasmFeatures.ALL, WasmLimits.defaults());
  }

  private @Nullable String difference(Program program, long seed) {
    List<String> kinds = new ArrayList<>(comparisons.keySet());
    Collections.shuffle(kinds, new Random(seed));
    for (String kind : kinds.subList(0, KINDS)) {
      String difference;
      try {
        difference = Objects.requireNonNull(comparisons.get(kind)).difference(program, seed);
      } catch (RuntimeException | Error e) {
        difference = e + " at " + Arrays.stream(e.getStackTrace()).limit(12).toList();
      }
      if (difference != null) {
        return kind + ": " + difference;
      }
    }
    return null;
  }

  private static String text(Program program) {
    StringBuilder text = new StringBuilder();
    byte[] bytes = program.module().build();
    if (!isValid(program)) {
      return "an invalid module: " + Base64.getEncoder().encodeToString(bytes);
    }
    WasmModule module = decode(program);
    text.append("globals ").append(program.globals());
    text.append("\nmemories ").append(program.memories());
    text.append("\ntables ").append(program.tables()).append("\n");
    for (int i = 1; i < module.functionCount(); i++) {
      Program.Function function = program.functions().get(i - 1);
      text.append("func ").append(i).append(' ').append(function.type());
      text.append(" locals ").append(function.locals()).append('\n');
      for (InstructionText line : module.disassemble(i)) {
        text.append("  ").append(line.offset()).append(' ').append(line.text()).append('\n');
      }
    }
    text.append(Base64.getEncoder().encodeToString(bytes));
    return Objects.requireNonNull(text.toString());
  }
}
