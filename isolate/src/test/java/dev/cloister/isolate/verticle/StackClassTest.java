package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StackClassTest {
  @ParameterizedTest
  @CsvSource({
    "1, 262144",
    "262144, 262144",
    "262145, 524288",
    "1048576, 1048576",
    "5000000, 8388608",
  })
  void stack_isTheNextPowerOfTwo(long stackBytes, long classBytes) {
    assertThat(StackClass.of(stackBytes).bytes()).isEqualTo(classBytes);
  }
}
