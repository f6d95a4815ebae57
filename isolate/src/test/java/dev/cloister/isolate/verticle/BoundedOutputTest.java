package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import org.junit.jupiter.api.Test;

final class BoundedOutputTest {
  private final HeapLedger ledger = new HeapLedger(10_000);

  @Test
  void output_keepsEverythingAndChargesIt() {
    BoundedOutput output = new BoundedOutput(ledger, 5000);
    output.write(new byte[] {9, 1, 2, 9}, 1, 2);
    output.write(new byte[1000], 0, 1000);
    assertThat(ledger.chargedBytes()).isGreaterThanOrEqualTo(1002);

    byte[] bytes = output.toByteArray();

    assertThat(bytes).hasSize(1002).startsWith(1, 2, 0);
    assertThat(ledger.chargedBytes()).isEqualTo(1002);
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.BUFFER, 1002L);
    output.close();
    output.close();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void output_upToItsLimit_isTaken() {
    BoundedOutput output = new BoundedOutput(ledger, 5000);
    output.write(new byte[5000], 0, 5000);

    assertThatThrownBy(() -> output.write(new byte[1], 0, 1))
        .isInstanceOfSatisfying(
            OutputLimitException.class,
            e -> {
              assertThat(e.limit()).isEqualTo("responseBytes");
              assertThat(e.used()).isEqualTo(5001);
              assertThat(e.allowed()).isEqualTo(5000);
            });
    assertThat(output.toByteArray()).hasSize(5000);
  }

  @Test
  void output_beyondTheLedger_isRefusedWithItsName() {
    assertThat(ledger.charge(HeapCategory.FILE, 9_500)).isTrue();
    BoundedOutput output = new BoundedOutput(ledger, 5000);
    output.write(new byte[100], 0, 100);

    assertThatThrownBy(() -> output.write(new byte[500], 0, 500))
        .isInstanceOfSatisfying(
            OutputLimitException.class, e -> assertThat(e.limit()).isEqualTo("memoryBytes"));
    output.close();
    assertThat(ledger.chargedBytes()).isEqualTo(9_500);
  }
}
