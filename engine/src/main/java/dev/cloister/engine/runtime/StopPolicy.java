package dev.cloister.engine.runtime;

import java.util.concurrent.TimeUnit;

/// How running guests are stopped; see [Stopper].
///
/// @param tickNanos stops that are asked for within one tick are prepared together
/// @param armings how often the code of a module is made to look within `armingWindowNanos`, at
///   most; from 1 to [#MAX_EVENTS]
/// @param armingWindowNanos what `armings` refers to
/// @param quarantineStops as many stops of one isolate's guests on one module within
///   `quarantineWindowNanos` let its new instances of that module run code that polls; from 1 to
///   [#MAX_EVENTS]
/// @param quarantineWindowNanos what `quarantineStops` refers to
public record StopPolicy(
    long tickNanos,
    int armings,
    long armingWindowNanos,
    int quarantineStops,
    long quarantineWindowNanos) {
  /// The most events that a policy may count.
  public static final int MAX_EVENTS = 1_000;

  /// Checks the settings.
  public StopPolicy {
    requireEvents("armings", armings);
    requireEvents("quarantineStops", quarantineStops);
    if (tickNanos < 1 || armingWindowNanos < 1 || quarantineWindowNanos < 1) {
      throw new IllegalArgumentException("times must be positive");
    }
  }

  private static void requireEvents(String name, int value) {
    if (value < 1 || value > MAX_EVENTS) {
      throw new IllegalArgumentException(name + " must be from 1 to 1000, is " + value);
    }
  }

  /// {@return a tick of 20 ms, four armings a second, quarantine after three stops in a minute}
  public static StopPolicy defaults() {
    return new StopPolicy(
        TimeUnit.MILLISECONDS.toNanos(20),
        4,
        TimeUnit.SECONDS.toNanos(1),
        3,
        TimeUnit.MINUTES.toNanos(1));
  }
}
