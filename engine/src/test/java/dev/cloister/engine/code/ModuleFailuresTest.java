package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.code.ModuleFailures.Failure;
import dev.cloister.engine.code.ModuleFailures.Scope;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ModuleHash;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ModuleFailuresTest {
  private static final Scope SCOPE = scope(WasmLimits.defaults(), "");

  private final AtomicLong now = new AtomicLong();
  private final ModuleFailures failures = new ModuleFailures(now::get);

  private static Scope scope(WasmLimits limits, String salt) {
    return new Scope(WasmFeatures.ALL, CompileTimeImports.NONE, limits, salt);
  }

  private static Failure failure(int number) {
    byte[] bytes = ("module " + number).getBytes(StandardCharsets.UTF_8);
    return new Failure(
        ModuleHash.of(bytes), bytes.length, new MalformedException("fault " + number, number));
  }

  @Test
  void fault_isFoundByContentAndByPrefix() {
    Failure first = failure(1);
    failures.add(first, 77L, SCOPE);
    failures.add(failure(2), null, SCOPE);

    assertThat(failures.find(first.hash(), SCOPE)).isSameAs(first.fault());
    assertThat(failures.find(failure(3).hash(), SCOPE)).isNull();
    assertThat(failures.withPrefix(77, SCOPE)).containsExactly(first);
    assertThat(failures.withPrefix(78, SCOPE)).isEmpty();
    assertThat(failures.hits()).isEqualTo(1);
  }

  /// What is a fault for one need not be for another.
  @Test
  void fault_holdsForEqualLimitsAndSaltsOnly() {
    Failure failure = failure(1);
    failures.add(failure, 77L, SCOPE);
    Scope lower = scope(WasmLimits.defaults().with(WasmLimit.FUNCTIONS, 5), "");
    Scope salted = scope(WasmLimits.defaults(), "salt");

    assertThat(failures.find(failure.hash(), lower)).isNull();
    assertThat(failures.find(failure.hash(), salted)).isNull();
    assertThat(failures.withPrefix(77, salted)).isEmpty();
  }

  @Test
  void fault_isForgottenInTime() {
    failures.add(failure(1), 77L, SCOPE);
    now.addAndGet(ModuleFailures.LIFE_NANOS / 2);
    failures.add(failure(2), 77L, SCOPE);
    now.addAndGet(ModuleFailures.LIFE_NANOS / 2);

    assertThat(failures.find(failure(1).hash(), SCOPE)).isNull();
    assertThat(failures.withPrefix(77, SCOPE)).hasSize(1);
    assertThat(failures.find(failure(2).hash(), SCOPE)).isNotNull();
    now.addAndGet(ModuleFailures.LIFE_NANOS);
    assertThat(failures.size()).isZero();
    assertThat(failures.withPrefix(77, SCOPE)).isEmpty();
  }

  @Test
  void faults_areBounded_theOldestGoesFirst() {
    for (int i = 0; i < 3 * ModuleFailures.MAX_FAILURES; i++) {
      failures.add(failure(i), 77L, SCOPE);
      assertThat(failures.size()).isLessThanOrEqualTo(ModuleFailures.MAX_FAILURES);
    }
    assertThat(failures.find(failure(0).hash(), SCOPE)).isNull();
    assertThat(failures.find(failure(3 * ModuleFailures.MAX_FAILURES - 1).hash(), SCOPE))
        .isNotNull();
    assertThat(failures.withPrefix(77, SCOPE)).hasSize(ModuleFailures.MAX_OF_PREFIX);
  }
}
