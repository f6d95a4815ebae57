package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The table of what others keep alive.
final class WeakTableTest {
  private final WeakTable<String, List<String>> table = new WeakTable<>();

  @Test
  void get_returnsTheSameValue_whileSomebodyHasIt() {
    List<String> first = table.get("a", WeakTableTest::listOf);
    assertThat(table.get("b", WeakTableTest::listOf)).isNotSameAs(first);
    assertThat(table.get("a", WeakTableTest::listOf)).isSameAs(first);
  }

  @Test
  void make_mayLookUpOtherKeys() {
    List<String> inner = table.get("inner", WeakTableTest::listOf);
    List<String> outer =
        table.get("outer", key -> new ArrayList<>(table.get("inner", WeakTableTest::listOf)));
    assertThat(table.size()).isEqualTo(2);
    assertThat(outer).isEqualTo(inner);
  }

  @Test
  void entries_thatNobodyHas_areDropped() throws InterruptedException {
    List<String> kept = table.get("kept", WeakTableTest::listOf);
    for (int i = 0; i < 1_000; i++) {
      table.get("dropped " + i, WeakTableTest::listOf);
    }
    while (table.size() > 1) {
      System.gc();
      Thread.sleep(1);
    }
    assertThat(table.get("kept", WeakTableTest::listOf)).isSameAs(kept);
  }

  private static List<String> listOf(String key) {
    return new ArrayList<>(List.of(key));
  }
}
