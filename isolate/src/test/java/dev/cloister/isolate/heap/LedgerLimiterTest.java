package dev.cloister.isolate.heap;

import static dev.cloister.engine.runtime.HeapKind.GC_OBJECT;
import static dev.cloister.engine.runtime.HeapKind.GLOBAL;
import static dev.cloister.engine.runtime.HeapKind.LINEAR_MEMORY;
import static dev.cloister.engine.runtime.HeapKind.TABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.runtime.Table;
import org.junit.jupiter.api.Test;

final class LedgerLimiterTest {
  private final HeapLedger ledger = new HeapLedger(1000);
  private final LedgerLimiter limiter =
      new LedgerLimiter(
          ledger,
          /* memoryPerInstanceBytes= */ 400,
          /* tableElements= */ 10,
          /* gcHeapBytes= */ 200);

  @Test
  void reserve_chargesTheLedger() {
    assertThat(limiter.reserve(LINEAR_MEMORY, 300)).isTrue();
    assertThat(limiter.reserve(GLOBAL, 50)).isTrue();

    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.LINEAR_MEMORY, 300L);
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.GLOBAL, 50L);
    assertThat(limiter.refusal()).isNull();
  }

  @Test
  void memory_beyondTheInstanceLimit_isRefusedWithItsName() {
    assertThat(limiter.reserve(LINEAR_MEMORY, 300)).isTrue();

    assertThat(limiter.reserve(LINEAR_MEMORY, 101)).isFalse();

    assertThat(limiter.refusal()).isEqualTo(new HeapRefusal("memoryPerInstanceBytes", 401, 400));
    assertThat(ledger.chargedBytes()).isEqualTo(300);
  }

  @Test
  void memory_beyondTheTenantLimit_isRefusedWithItsName() {
    assertThat(ledger.charge(HeapCategory.BUFFER, 900)).isTrue();

    assertThat(limiter.reserve(LINEAR_MEMORY, 101)).isFalse();

    assertThat(limiter.refusal()).isEqualTo(new HeapRefusal("memoryBytes", 1001, 1000));
  }

  @Test
  void table_beyondItsElements_isRefusedInElements() {
    assertThat(limiter.reserve(TABLE, 10 * Table.ELEMENT_BYTES)).isTrue();

    assertThat(limiter.reserve(TABLE, Table.ELEMENT_BYTES)).isFalse();

    assertThat(limiter.refusal()).isEqualTo(new HeapRefusal("tableElements", 11, 10));
  }

  @Test
  void objects_beyondTheHeapLimit_areRefusedWithItsName() {
    assertThat(limiter.reserve(GC_OBJECT, 200)).isTrue();

    assertThat(limiter.reserve(GC_OBJECT, 1)).isFalse();

    assertThat(limiter.refusal()).isEqualTo(new HeapRefusal("gcHeapBytes", 201, 200));
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.GC_OBJECT, 200L);
  }

  @Test
  void budget_isTheLowerOfBothLimits() {
    assertThat(limiter.budget(LINEAR_MEMORY)).isEqualTo(400);
    assertThat(limiter.budget(TABLE)).isEqualTo(10 * Table.ELEMENT_BYTES);
    assertThat(limiter.budget(GC_OBJECT)).isEqualTo(200);
    assertThat(limiter.budget(GLOBAL)).isEqualTo(1000);
    ledger.changeCap(100);
    assertThat(limiter.budget(GC_OBJECT)).isEqualTo(100);
  }

  @Test
  void refusal_isTheFirstOne() {
    assertThat(limiter.reserve(LINEAR_MEMORY, 500)).isFalse();
    assertThat(limiter.reserve(LINEAR_MEMORY, 600)).isFalse();

    assertThat(limiter.refusal()).isEqualTo(new HeapRefusal("memoryPerInstanceBytes", 500, 400));
  }

  @Test
  void refusal_isForgottenWhenASmallerChargeFits() {
    assertThat(limiter.reserve(LINEAR_MEMORY, 500)).isFalse();
    assertThat(limiter.reserve(LINEAR_MEMORY, 400)).isTrue();

    assertThat(limiter.refusal()).isNull();
  }

  @Test
  void release_moreThanTheStoreHolds_isABug() {
    assertThat(limiter.reserve(LINEAR_MEMORY, 10)).isTrue();

    assertThatThrownBy(() -> limiter.release(LINEAR_MEMORY, 11))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> limiter.release(TABLE, 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void close_returnsEverythingAndRefusesTheRest() {
    assertThat(limiter.reserve(LINEAR_MEMORY, 300)).isTrue();
    assertThat(limiter.reserve(TABLE, 16)).isTrue();
    limiter.release(LINEAR_MEMORY, 100);

    limiter.close();
    limiter.close();
    limiter.release(LINEAR_MEMORY, 200);

    assertThat(ledger.chargedBytes()).isZero();
    assertThat(limiter.reserve(LINEAR_MEMORY, 1)).isFalse();
    assertThat(ledger.chargedBytes()).isZero();
  }
}
