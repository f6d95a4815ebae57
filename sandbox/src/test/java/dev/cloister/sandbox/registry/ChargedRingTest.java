package dev.cloister.sandbox.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Entries are strings that take ten bytes a character.
final class ChargedRingTest {
  private final HeapLedger ledger = new HeapLedger(1_000);
  private final ChargedRing<String> ring =
      new ChargedRing<>(ledger, 100, entry -> 10 * entry.length());

  @Test
  void entries_areCharged_andTheOldestMakeRoom() {
    List.of("aaaa", "bbbb", "cc").forEach(ring::add);
    assertThat(ledger.chargedBytes()).isEqualTo(100);

    ring.add("d");

    assertThat(kept()).containsExactly("bbbb", "cc", "d");
    assertThat(ledger.chargedBytes()).isEqualTo(70);
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.LOG, 70L);
  }

  @Test
  void entryThatIsTooLargeAlone_isNotKept_andCostsTheOthersNothing() {
    ring.add("aaaa");

    ring.add("bbbbbbbbbbb");

    assertThat(kept()).containsExactly("aaaa");
  }

  @Test
  void fullLedger_makesTheRingSmaller() {
    ring.add("aaa");
    ring.add("bbb");
    assertThat(ledger.charge(HeapCategory.LINEAR_MEMORY, 930)).isTrue();

    ring.add("cccc");
    assertThat(kept()).containsExactly("bbb", "cccc");

    assertThat(ledger.charge(HeapCategory.LINEAR_MEMORY, 0)).isTrue();
    ring.add("dddddddd");
    assertThat(kept()).as("there is no memory for it alone").isEmpty();
    assertThat(ledger.chargedBytes()).isEqualTo(930);
  }

  @Test
  void closedRing_holdsNothing() {
    ring.add("aaa");

    ring.close();
    ring.close();
    ring.add("bbb");

    assertThat(kept()).isEmpty();
    assertThat(ledger.chargedBytes()).isZero();
  }

  private List<String> kept() {
    return ring.stream(_ -> true).toList();
  }
}
