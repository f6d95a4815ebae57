package dev.cloister.isolate.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.isolate.abi.CallContext;
import dev.cloister.isolate.abi.GuestProgram;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.FakeClock;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.RandomSource;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class GuestInstanceTest {
  private static final Guests GUESTS = new Guests();
  private static final InstanceLimits LIMITS = new InstanceLimits(1 << 20, 100, 1 << 20);
  private static final long ANY_FUEL = 0;

  private final HeapLedger ledger = new HeapLedger(64 << 20);

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @Test
  void callsOfOneInstance_findWhatTheLastLeft_andTheirOwnStreams() {
    try (ModuleHandle module = GUESTS.compile(Modules.counter());
        GuestInstance instance = newInstance()) {
      for (int call = 1; call <= 3; call++) {
        Captured output = new Captured();
        instance.begin(context(output), LIMITS, ANY_FUEL);
        GuestProgram program =
            instance.program(GuestProgram.class, module, GuestProgram::link, null);
        assertThat(program.call(Objects.requireNonNull(program.function("count"))))
            .containsExactly(call);
        instance.end();
        assertThat(output.bytes()).isEqualTo("count".getBytes(StandardCharsets.UTF_8));
      }
    }
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void memory_staysChargedBetweenCalls() {
    try (ModuleHandle module = GUESTS.compile(Modules.counter());
        GuestInstance instance = newInstance()) {
      instance.begin(context(new Captured()), LIMITS, ANY_FUEL);
      instance.program(GuestProgram.class, module, GuestProgram::link, null);
      instance.end();

      assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.LINEAR_MEMORY, 65_536L);
    }
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void hostFunctions_outsideOfCalls_haveNoStreams() {
    try (ModuleHandle module = GUESTS.compile(Modules.counter());
        GuestInstance instance = newInstance()) {
      instance.begin(context(new Captured()), LIMITS, ANY_FUEL);
      GuestProgram program = instance.program(GuestProgram.class, module, GuestProgram::link, null);
      instance.end();

      assertThatThrownBy(() -> program.call(Objects.requireNonNull(program.function("count"))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no call is being served");
    }
  }

  private GuestInstance newInstance() {
    return new GuestInstance(
        ledger, new InstanceLimits(1 << 20, 100, 1 << 20), new FakeClock(), RandomSource.secure());
  }

  private static CallContext context(Captured output) {
    return new CallContext(
        InputSource.EMPTY, output, output, BlockingRegion.NONE, HostServices.NONE);
  }
}
