package dev.cloister.isolate.verticle;

import dev.cloister.isolate.wasi.RandomSource;
import dev.cloister.isolate.wasi.WasiClock;
import java.util.function.Supplier;

/// Where the guests of this server get time and chance from.
///
/// @param clocks makes the clocks of one guest, whose monotonic one begins with it
/// @param random random bytes; called by many threads
public record WasiHost(Supplier<WasiClock> clocks, RandomSource random) {
  /// The clocks of this machine and the generator of its operating system.
  public static WasiHost system() {
    return new WasiHost(WasiClock::system, RandomSource.secure());
  }
}
