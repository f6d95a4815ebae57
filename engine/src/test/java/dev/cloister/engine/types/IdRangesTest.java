package dev.cloister.engine.types;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.Seed;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class IdRangesTest {
  private final IdRanges ids = new IdRanges();

  @Test
  void neighbours_areJoined() {
    assertThat(ids.take(3)).isZero();
    assertThat(ids.take(2)).isEqualTo(3);
    assertThat(ids.take(4)).isEqualTo(5);
    ids.giveBack(0, 3);
    ids.giveBack(3, 2);
    assertThat(ids.take(5)).isZero();
    assertThat(ids.end()).isEqualTo(9);
    ids.giveBack(0, 5);
    ids.giveBack(5, 4);
    assertThat(ids.end()).isZero();
  }

  @Test
  void shortestRun_isUsedFirst() {
    ids.take(10);
    ids.take(1);
    ids.take(3);
    ids.take(1);
    ids.giveBack(0, 10);
    ids.giveBack(11, 3);
    assertThat(ids.take(2)).isEqualTo(11);
    assertThat(ids.take(1)).isEqualTo(13);
    assertThat(ids.take(1)).isZero();
  }

  @Test
  void numbers_inUse_areDistinct_andTheHighestIsBounded() {
    Random random = Seed.random();
    BitSet used = new BitSet();
    List<int[]> runs = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (runs.size() > 50 || (!runs.isEmpty() && random.nextBoolean())) {
        int[] run = runs.remove(random.nextInt(runs.size()));
        used.clear(run[0], run[0] + run[1]);
        ids.giveBack(run[0], run[1]);
      } else {
        int count = 1 + random.nextInt(20);
        int first = ids.take(count);
        assertThat(used.get(first, first + count).isEmpty()).isTrue();
        used.set(first, first + count);
        runs.add(new int[] {first, count});
      }
    }
    assertThat(ids.end()).isLessThan(51 * 20 * 3);
    for (int[] run : runs) {
      ids.giveBack(run[0], run[1]);
    }
    assertThat(ids.end()).isZero();
  }
}
