package dev.cloister.isolate.wasi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.NumType;
import dev.cloister.isolate.fake.Captured;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class WasiFunctionTest {
  /// The signatures of the specification, as compiled by its tools.
  private static final String SIGNATURES =
      """
      args_get ii:i
      args_sizes_get ii:i
      environ_get ii:i
      environ_sizes_get ii:i
      clock_res_get ii:i
      clock_time_get ili:i
      fd_advise illi:i
      fd_allocate ill:i
      fd_close i:i
      fd_datasync i:i
      fd_fdstat_get ii:i
      fd_fdstat_set_flags ii:i
      fd_fdstat_set_rights ill:i
      fd_filestat_get ii:i
      fd_filestat_set_size il:i
      fd_filestat_set_times illi:i
      fd_pread iiili:i
      fd_prestat_get ii:i
      fd_prestat_dir_name iii:i
      fd_pwrite iiili:i
      fd_read iiii:i
      fd_readdir iiili:i
      fd_renumber ii:i
      fd_seek ilii:i
      fd_sync i:i
      fd_tell ii:i
      fd_write iiii:i
      path_create_directory iii:i
      path_filestat_get iiiii:i
      path_filestat_set_times iiiilli:i
      path_link iiiiiii:i
      path_open iiiiillii:i
      path_readlink iiiiii:i
      path_remove_directory iii:i
      path_rename iiiiii:i
      path_symlink iiiii:i
      path_unlink_file iii:i
      poll_oneoff iiii:i
      proc_exit i:
      proc_raise i:i
      random_get ii:i
      sched_yield :i
      sock_accept iii:i
      sock_recv iiiiii:i
      sock_send iiiii:i
      sock_shutdown ii:i
      """;

  @Test
  void table_isTheSpecification() {
    String table =
        java.util.Arrays.stream(WasiFunction.values())
            .map(function -> function.functionName() + " " + signature(function) + "\n")
            .collect(Collectors.joining());

    assertThat(table).isEqualTo(SIGNATURES);
  }

  @ParameterizedTest
  @EnumSource
  void everyFunction_canBeLinked(WasiFunction function) {
    try (Store store = new Store(HeapLimiter.UNLIMITED);
        WasiPreview1 wasi =
            new WasiPreview1(WasiConfig.builder().stdout(new Captured()).build(), store)) {
      assertThat(wasi.resolve("wasi_snapshot_preview1", function.functionName()))
          .isInstanceOfSatisfying(
              HostFunction.class, host -> assertThat(host.type()).isEqualTo(function.type()));
    }
  }

  @Test
  void otherNames_areNotProvided() {
    assertThat(WasiPreview1.provides("wasi_snapshot_preview1", "fd_read")).isTrue();
    assertThat(WasiPreview1.provides("wasi_snapshot_preview1", "fd_reads")).isFalse();
    assertThat(WasiPreview1.provides("wasi_snapshot_preview2", "fd_read")).isFalse();
  }

  @Test
  void errorCodes_areThoseOfTheSpecification() {
    assertThat(Errno.SUCCESS.code()).isZero();
    assertThat(Errno.BADF.code()).isEqualTo(8);
    assertThat(Errno.FAULT.code()).isEqualTo(21);
    assertThat(Errno.INVAL.code()).isEqualTo(28);
    assertThat(Errno.NOENT.code()).isEqualTo(44);
    assertThat(Errno.NOSYS.code()).isEqualTo(52);
    assertThat(Errno.NOTSOCK.code()).isEqualTo(57);
    assertThat(Errno.PERM.code()).isEqualTo(63);
    assertThat(Errno.NOTCAPABLE.code()).isEqualTo(76);
    assertThat(Errno.values()).hasSize(77);
  }

  private static String signature(WasiFunction function) {
    return function.type().params().stream()
            .map(type -> type == NumType.I64 ? "l" : "i")
            .collect(Collectors.joining())
        + ":"
        + "i".repeat(function.type().results().size());
  }
}
