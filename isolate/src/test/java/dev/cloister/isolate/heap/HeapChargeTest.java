package dev.cloister.isolate.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.LimitExceededException;
import org.junit.jupiter.api.Test;

final class HeapChargeTest {
  private final HeapLedger ledger = new HeapLedger(100);
  private final HeapCharge charge = new HeapCharge(ledger, HeapCategory.BUFFER);

  @Test
  void bytes_areChargedAndGivenBackTogether() {
    charge.add(60);
    charge.add(30);
    charge.remove(20);
    assertThat(ledger.chargedBytes()).isEqualTo(70);
    assertThat(charge.bytes()).isEqualTo(70);

    charge.close();
    charge.close();

    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void moreThanThereIs_isRefusedWithItsLimit_andChangesNothing() {
    charge.add(60);

    assertThatThrownBy(() -> charge.add(41))
        .isInstanceOfSatisfying(
            LimitExceededException.class,
            e -> {
              assertThat(e.limit()).isEqualTo("memoryBytes");
              assertThat(e.used()).isEqualTo(101);
              assertThat(e.allowed()).isEqualTo(100);
            });
    assertThat(ledger.chargedBytes()).isEqualTo(60);
    charge.close();
  }

  @Test
  void afterTheEnd_nothingIsChargedAndNothingGivenBackTwice() {
    charge.add(10);
    charge.close();

    charge.remove(10);

    assertThatThrownBy(() -> charge.add(1)).isInstanceOf(IllegalStateException.class);
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void givingBackMoreThanThereIs_isABug() {
    charge.add(10);

    assertThatThrownBy(() -> charge.remove(11)).isInstanceOf(IllegalStateException.class);
    charge.close();
  }

  @Test
  void freeCharge_isNeverRefused() {
    HeapCharge free = HeapCharge.free();

    free.add(1L << 50);

    assertThat(free.bytes()).isEqualTo(1L << 50);
    free.close();
  }
}
