package dev.cloister.isolate.abi;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.host.Capability;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CapabilityNeedsTest {
  private static final FuncType ANY = new FuncType(List.of(I32), List.of(I32));

  @Test
  void needs_ofAModule_nameTheImports() {
    byte[] module =
        new ModuleBuilder()
            .importFunction("cloister", "kv_set", ANY)
            .importFunction("cloister", "kv_get", ANY)
            .importFunction("cloister", "log", ANY)
            .importFunction("wasi_snapshot_preview1", "random_get", ANY)
            .importFunction("wasi_snapshot_preview1", "fd_write", ANY)
            .importFunction("env", "clock_time_get", ANY)
            .build();
    try (Guests guests = new Guests()) {
      assertThat(CapabilityNeeds.of(guests.compile(module).module()))
          .containsExactly(
              Map.entry(Capability.KV, List.of("cloister.kv_set", "cloister.kv_get")),
              Map.entry(Capability.RANDOM, List.of("wasi_snapshot_preview1.random_get")));
    }
  }

  @Test
  void needs_ofAPlainModule_areNone() {
    byte[] module =
        new ModuleBuilder()
            .exportFunction("f", new FuncType(List.of(), List.of(I64)), code -> code.i64Const(1))
            .build();
    try (Guests guests = new Guests()) {
      assertThat(CapabilityNeeds.of(guests.compile(module).module())).isEmpty();
    }
  }

  @Test
  void needs_ofFunctions_areByModule() {
    assertThat(CapabilityNeeds.of("wasi_snapshot_preview1", "clock_time_get"))
        .isEqualTo(Capability.CLOCK);
    assertThat(CapabilityNeeds.of("wasi_snapshot_preview1", "poll_oneoff"))
        .isEqualTo(Capability.CLOCK);
    assertThat(CapabilityNeeds.of("wasi_snapshot_preview1", "path_open"))
        .isEqualTo(Capability.FILESYSTEM);
    assertThat(CapabilityNeeds.of("wasi_snapshot_preview1", "proc_exit")).isNull();
    assertThat(CapabilityNeeds.of("extism:host/env", "http_request")).isEqualTo(Capability.HTTP);
    assertThat(CapabilityNeeds.of("extism:host/env", "config_get")).isNull();
    assertThat(CapabilityNeeds.of("cloister", "nothing")).isNull();
  }
}
