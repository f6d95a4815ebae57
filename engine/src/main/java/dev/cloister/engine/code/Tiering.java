package dev.cloister.engine.code;

import dev.cloister.engine.runtime.TierPolicy;
import java.util.concurrent.atomic.AtomicLong;

/// What the modules of one engine have in common when better code is made of them. Any thread.
public final class Tiering {
  private final TierPolicy policy;
  private final HeatSampler sampler;
  private final AtomicLong generations = new AtomicLong();
  private final AtomicLong needless = new AtomicLong();
  private final AtomicLong postponed = new AtomicLong();

  /// Figures of this moment.
  ///
  /// @param samples how often the stack of a thread was taken
  /// @param guestSamples how often guest code was on top of it
  /// @param samplerNanos the time that this took
  /// @param generations the images that were made because functions were hot
  /// @param needless how often that was left, because better code would have been the same
  /// @param postponed how often it was left, because there is too much code
  public record Figures(
      long samples,
      long guestSamples,
      long samplerNanos,
      long generations,
      long needless,
      long postponed) {}

  /// Makes what the modules of an engine have in common.
  public Tiering(TierPolicy policy) {
    this.policy = policy;
    this.sampler = new HeatSampler(policy);
  }

  TierPolicy policy() {
    return policy;
  }

  HeatSampler sampler() {
    return sampler;
  }

  /// Notes that the calling thread is about to run guest code.
  void noteGuest() {
    if (policy.isAutomatic()) {
      sampler.noteGuest();
    }
  }

  void countGeneration() {
    generations.incrementAndGet();
  }

  void countNeedless() {
    needless.incrementAndGet();
  }

  void countPostponed() {
    postponed.incrementAndGet();
  }

  /// {@return figures of this moment}
  public Figures figures() {
    return new Figures(
        sampler.samples(),
        sampler.guestSamples(),
        sampler.nanos(),
        generations.get(),
        needless.get(),
        postponed.get());
  }
}
