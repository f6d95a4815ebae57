package dev.cloister.isolate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class IsolateLimitsTest {
  @ParameterizedTest
  @EnumSource
  void everyLimit_hasADefaultInItsRangeAndIsFoundByName(IsolateLimit limit) {
    assertThat(limit.defaultValue()).isBetween(limit.minimum(), limit.maximum());
    assertThat(IsolateLimit.named(limit.limitName())).isSameAs(limit);
    assertThat(IsolateLimits.defaults().value(limit)).isEqualTo(limit.defaultValue());
    assertThat(IsolateLimits.maxima().value(limit)).isEqualTo(limit.maximum());
  }

  @ParameterizedTest
  @EnumSource
  void value_outsideItsRange_isRefused(IsolateLimit limit) {
    assertThatThrownBy(() -> IsolateLimits.defaults().with(limit, limit.minimum() - 1))
        .isInstanceOfSatisfying(
            LimitOutOfRangeException.class,
            e -> {
              assertThat(e.limit()).isEqualTo(limit.limitName());
              assertThat(e.value()).isEqualTo(limit.minimum() - 1);
              assertThat(e.minimum()).isEqualTo(limit.minimum());
              assertThat(e.maximum()).isEqualTo(limit.maximum());
            });
    assertThatThrownBy(() -> IsolateLimits.defaults().with(limit, limit.maximum() + 1))
        .isInstanceOf(LimitOutOfRangeException.class);
  }

  @Test
  void with_changesOneAndLeavesTheOriginal() {
    IsolateLimits limits = IsolateLimits.defaults().with(IsolateLimit.CONCURRENCY, 3);

    assertThat(limits.value(IsolateLimit.CONCURRENCY)).isEqualTo(3);
    assertThat(IsolateLimits.defaults().value(IsolateLimit.CONCURRENCY)).isNotEqualTo(3);
    assertThat(limits).isNotEqualTo(IsolateLimits.defaults());
    assertThat(limits).isEqualTo(IsolateLimits.defaults().with(IsolateLimit.CONCURRENCY, 3));
    assertThat(limits).hasSameHashCodeAs(IsolateLimits.defaults().withAll(limits.toMap(), limits));
  }

  @Test
  void withAll_isBoundByTheOperatorsMaxima() {
    IsolateLimits maxima = IsolateLimits.maxima().with(IsolateLimit.DEADLINE_MILLIS, 1000);

    assertThat(
            IsolateLimits.defaults()
                .withAll(Map.of("deadlineMillis", 1000L), maxima)
                .value(IsolateLimit.DEADLINE_MILLIS))
        .isEqualTo(1000);
    assertThatThrownBy(
            () -> IsolateLimits.defaults().withAll(Map.of("deadlineMillis", 1001L), maxima))
        .isInstanceOfSatisfying(
            LimitOutOfRangeException.class, e -> assertThat(e.maximum()).isEqualTo(1000));
  }

  @Test
  void withAll_withAnUnknownName_isRefused() {
    assertThatThrownBy(() ->
            IsolateLimits.defaults().withAll(Map.of("memorybytes", 1L), IsolateLimits.maxima()))
        .isInstanceOfSatisfying(
            UnknownLimitException.class, e -> assertThat(e.limit()).isEqualTo("memorybytes"));
  }

  @Test
  void deadline_isAtLeastTenMillis() {
    assertThat(IsolateLimit.DEADLINE_MILLIS.minimum()).isEqualTo(10);
  }
}
