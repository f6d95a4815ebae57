package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ArgsEnvTest {
  private final TestMemory memory = new TestMemory();

  @Test
  void arguments_areTerminatedAndPointedTo() {
    ArgsEnv args = args("prog", "", "ä");

    assertThat(args.argsSizesGet(memory.guest(), 0, 4)).isZero();
    assertThat(memory.int32(0)).isEqualTo(3);
    assertThat(memory.int32(4)).isEqualTo(5 + 1 + 3);
    assertThat(args.argsGet(memory.guest(), 16, 100)).isZero();
    assertThat(memory.int32(16)).isEqualTo(100);
    assertThat(memory.int32(20)).isEqualTo(105);
    assertThat(memory.int32(24)).isEqualTo(106);
    assertThat(memory.text(100, 9)).isEqualTo("prog\0\0ä\0");
  }

  @Test
  void environment_isNamesAndValues() {
    ArgsEnv env = new ArgsEnv(WasiConfig.builder().environment(Map.of("A", "b=c")).build());

    assertThat(env.environSizesGet(memory.guest(), 0, 4)).isZero();
    assertThat(memory.int32(0)).isEqualTo(1);
    assertThat(memory.int32(4)).isEqualTo(6);
    assertThat(env.environGet(memory.guest(), 16, 100)).isZero();
    assertThat(memory.text(100, 6)).isEqualTo("A=b=c\0");
  }

  @Test
  void nulInAnArgument_doesNotSplitIt() {
    ArgsEnv args = args("a\0b");

    assertThat(args.argsGet(memory.guest(), 16, 100)).isZero();
    assertThat(memory.text(100, 3)).isEqualTo("ab\0");
  }

  @Test
  void placeOutside_isAFaultBeforeAnythingIsWritten() {
    ArgsEnv args = args("prog");
    int end = TestMemory.SIZE_BYTES;

    assertErrno(Errno.FAULT, () -> args.argsGet(memory.guest(), end - 3, 0));
    assertErrno(Errno.FAULT, () -> args.argsGet(memory.guest(), 0, end - 4));
    assertErrno(Errno.FAULT, () -> args.argsSizesGet(memory.guest(), end, 0));
    assertThat(memory.int32(0)).isZero();
  }

  private static ArgsEnv args(String... arguments) {
    return new ArgsEnv(WasiConfig.builder().arguments(List.of(arguments)).build());
  }
}
