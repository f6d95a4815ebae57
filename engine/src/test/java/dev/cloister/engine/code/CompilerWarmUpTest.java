package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class CompilerWarmUpTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void programsAreThoseOfTheBenchmark() throws IOException {
    Path workloads = Path.of(System.getProperty("project.root", "..")).resolve("bench/workloads");
    List<String> names =
        Stream.concat(Stream.of(CompilerWarmUp.SMALL), CompilerWarmUp.LARGE.stream()).toList();
    for (String name : names) {
      assertThat(CompilerWarmUp.read(name))
          .isEqualTo(Files.readAllBytes(workloads.resolve(name + ".wasm")));
    }
  }

  @Test
  void compilesBothModulesAndEnds() throws InterruptedException {
    CompilerWarmUp warmUp = new CompilerWarmUp(/* smallRounds= */ 3, /* largeRounds= */ 1);
    warmUp.startAnyway();
    assertThat(warmUp.thread().join(PATIENCE)).isTrue();
    assertThat(warmUp.done()).isEqualTo(4);
  }

  @Test
  void endsWhenItIsClosed() throws InterruptedException {
    CompilerWarmUp warmUp = new CompilerWarmUp(Integer.MAX_VALUE - 1, /* largeRounds= */ 1);
    warmUp.startAnyway();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (warmUp.done() == 0 && System.nanoTime() < end) {
      Thread.sleep(1);
    }
    warmUp.close();
    assertThat(warmUp.thread().join(PATIENCE)).isTrue();
    assertThat(warmUp.done()).isPositive();
  }

  @Test
  void isNeverBegunAgain() throws InterruptedException {
    try (CompilerWarmUp first = new CompilerWarmUp(1, 0);
        CompilerWarmUp second = new CompilerWarmUp(1, 0)) {
      first.start();
      second.start();
      first.thread().join();
      assertThat(second.thread().getState()).isEqualTo(Thread.State.NEW);
    }
  }

  @Test
  void isNotBegunOnceClosed() throws InterruptedException {
    CompilerWarmUp warmUp = new CompilerWarmUp(1, 0);
    warmUp.close();
    warmUp.startAnyway();
    assertThat(warmUp.thread().join(PATIENCE)).isTrue();
    assertThat(warmUp.done()).isZero();
  }
}
