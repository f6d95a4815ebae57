package dev.cloister.engine.runtime;

import java.util.concurrent.TimeUnit;

/// When functions get better code by themselves.
///
/// @param isAutomatic whether they do; if not, the rest is of no account
/// @param sampleNanos how often the stacks of running guests are looked at, at most
/// @param vectorSamples as many samples in a function with vectors count as one more unit of
///   *priority*: better code is asked for at the first unit and at each power of two from four on
/// @param otherSamples the same for other functions; they gain less, and what the JIT has compiled
///   of the module has to be compiled again
/// @param maxGenerations how many images may be made for a module by themselves
/// @param intervalNanos the time between two of them; it doubles each time
public record TierPolicy(
    boolean isAutomatic,
    long sampleNanos,
    int vectorSamples,
    int otherSamples,
    int maxGenerations,
    long intervalNanos) {
  /// Checks the settings.
  public TierPolicy {
    if (sampleNanos < 1 || vectorSamples < 1 || otherSamples < 1 || maxGenerations < 1) {
      throw new IllegalArgumentException("settings of tiers must be positive");
    }
    if (intervalNanos < 0) {
      throw new IllegalArgumentException("intervalNanos must not be negative");
    }
  }

  /// {@return no better code but on request}
  public static TierPolicy onRequest() {
    return new TierPolicy(/* isAutomatic= */ false, 1, 1, 1, 1, 0);
  }

  /// {@return samples 10 ms apart or more; functions with vectors are hot after five of them,
  /// others after 250}
  public static TierPolicy automatic() {
    return new TierPolicy(
        /* isAutomatic= */ true,
        TimeUnit.MILLISECONDS.toNanos(10),
        5,
        250,
        8,
        TimeUnit.SECONDS.toNanos(1));
  }
}
