package dev.cloister.engine.stats;

import java.time.Instant;

/// Sizes that were sampled.
///
/// @param trigger why
/// @param time when
/// @param sizes what was there
public record CodeSample(SampleTrigger trigger, Instant time, CodeSizes sizes) {}
