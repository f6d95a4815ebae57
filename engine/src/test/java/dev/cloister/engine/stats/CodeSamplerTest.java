package dev.cloister.engine.stats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.Seed;
import java.lang.ref.WeakReference;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// Samples of sizes: when they are taken, and that each byte is in one place.
final class CodeSamplerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final long MIB = 1 << 20;

  private static final CodeSizes SIZES =
      new CodeSizes(
          List.of(
              new CodeSizes.Module(3 * MIB, 5 * 1_024, 4 * MIB, MIB, List.of("a", "b")),
              new CodeSizes.Module(1_024, 0, MIB, MIB, List.of("a"))),
          List.of("a", "b", "c"),
          7 * 1_024,
          9 * 1_024);

  private final LinkedBlockingQueue<CodeSample> told = new LinkedBlockingQueue<>();

  private CodeSampler sampler(Duration period) {
    EngineListener listener =
        new EngineListener() {
          @Override
          public void codeSampled(CodeSample sample) {
            told.add(sample);
          }
        };
    return new CodeSampler(period, () -> SIZES, new EngineEvents(List.of(listener)), CLOCK);
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static List<Long> values(CodeSampler sampler, SizeMetric metric) {
    SizeHistogram.Snapshot seen = sampler.histogram(SampleTrigger.REQUEST, metric).snapshot();
    List<Long> bounds = new ArrayList<>();
    for (int i = 0; i < seen.counts().size(); i++) {
      for (long n = seen.counts().get(i); n > 0; n--) {
        bounds.add(SizeHistogram.Snapshot.bound(i));
      }
    }
    return bounds;
  }

  @Test
  void sample_isCountedByMetricAndTrigger() {
    try (CodeSampler sampler = sampler(Duration.ZERO)) {
      assertThat(sampler.last()).isNull();
      CodeSample sample = sampler.sample(SampleTrigger.REQUEST);
      assertThat(sample).isEqualTo(new CodeSample(SampleTrigger.REQUEST, Instant.EPOCH, SIZES));
      assertThat(sampler.last()).isSameAs(sample);
      assertThat(told).containsExactly(sample);
      assertThat(values(sampler, SizeMetric.MODULE_CODE)).containsExactly(1L, 4_096L);
      assertThat(values(sampler, SizeMetric.MODULE_METADATA)).containsExactly(0L, 8L);
      assertThat(values(sampler, SizeMetric.MODULE_CODE_FREED))
          .as("25 percent of the one with 2 MB or more")
          .containsExactly(32L);
      assertThat(values(sampler, SizeMetric.MODULES_PER_ENGINE)).containsExactly(2L);
      assertThat(values(sampler, SizeMetric.MODULES_PER_ISOLATE)).containsExactly(0L, 1L, 2L);
      assertThat(values(sampler, SizeMetric.ENGINE_METADATA)).containsExactly(16L);
      assertThat(values(sampler, SizeMetric.SHARED_CODE)).containsExactly(8L);
      assertThat(values(sampler, SizeMetric.ISOLATE_CODE)).containsExactly(0L, 2_048L, 2_048L);
      assertThat(sampler.samples(SampleTrigger.REQUEST)).isEqualTo(1);
      assertThat(sampler.samples(SampleTrigger.TIMER)).isZero();
      assertThat(sampler.samples(SampleTrigger.GC)).isZero();
    }
  }

  @Test
  void histogram_hasBucketsOfPowersOfTwo() {
    SizeHistogram histogram = new SizeHistogram();
    for (long value : new long[] {0, 1, 2, 3, 4, 5, 1L << 30, (1L << 30) + 1, Long.MAX_VALUE / 4}) {
      histogram.add(value);
    }
    SizeHistogram.Snapshot seen = histogram.snapshot();
    assertThat(seen.counts().subList(0, 5)).containsExactly(1L, 1L, 1L, 2L, 1L);
    assertThat(seen.counts().get(31)).isEqualTo(1);
    assertThat(SizeHistogram.Snapshot.bound(31)).isEqualTo(1L << 30);
    assertThat(seen.counts().get(32)).isEqualTo(2);
    assertThat(seen.total()).isEqualTo(9);
  }

  @Test
  void shares_ofAllIsolates_areTheWhole() {
    Random random = Seed.random();
    for (int round = 0; round < 200; round++) {
      List<String> isolates = new ArrayList<>();
      for (int i = random.nextInt(6); i >= 0; i--) {
        isolates.add("isolate" + i);
      }
      List<CodeSizes.Module> modules = new ArrayList<>();
      for (int i = random.nextInt(8); i > 0; i--) {
        List<String> users = isolates.subList(random.nextInt(isolates.size()), isolates.size());
        modules.add(
            new CodeSizes.Module(random.nextInt(1_000_000), random.nextInt(10_000), 0, 0, users));
      }
      CodeSizes sizes = new CodeSizes(modules, isolates, 5, 7);
      long code = 0;
      long metadata = 0;
      for (CodeSizes.Share share : sizes.shares().values()) {
        code += share.codeBytes();
        metadata += share.metadataBytes();
        assertThat(share.aloneCodeBytes()).isBetween(0L, share.codeBytes());
      }
      assertThat(code).isEqualTo(sizes.moduleCodeBytes());
      assertThat(metadata).isEqualTo(sizes.moduleMetadataBytes());
      assertThat(sizes.total()).isEqualTo(code + metadata + 12);
      assertThat(sizes.shares().keySet()).containsExactlyElementsOf(isolates);
    }
  }

  @Test
  void timer_samplesAgainAndAgain_untilClosed() {
    CodeSampler sampler = sampler(Duration.ofMillis(5));
    await(() -> sampler.samples(SampleTrigger.TIMER) >= 3);
    sampler.close();
    sampler.close();
    // One may be under way.
    long settled = sampler.samples(SampleTrigger.TIMER) + 1;
    sampler.sample(SampleTrigger.REQUEST);
    try (CodeSampler other = sampler(Duration.ofMillis(5))) {
      await(() -> other.samples(SampleTrigger.TIMER) >= 3);
    }
    assertThat(sampler.samples(SampleTrigger.TIMER)).isLessThanOrEqualTo(settled);
  }

  @Test
  void collection_isSampled() {
    try (CodeSampler sampler = sampler(Duration.ofDays(1))) {
      assertThat(GcNotifications.isInstalled()).isTrue();
      await(() -> {
        System.gc();
        return sampler.samples(SampleTrigger.GC) > 0;
      });
      assertThat(told).extracting(CodeSample::trigger).contains(SampleTrigger.GC);
    }
  }

  @Test
  void sampler_thatIsForgotten_isCollected() {
    WeakReference<CodeSampler> forgotten = new WeakReference<>(sampler(Duration.ofMillis(5)));
    await(() -> {
      System.gc();
      return forgotten.refersTo(null);
    });
  }
}
