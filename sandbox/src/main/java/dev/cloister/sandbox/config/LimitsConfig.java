package dev.cloister.sandbox.config;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import org.jspecify.annotations.Nullable;

/// The section `limits`: what tenants get, and how far an operator may raise it for one of them.
///
/// @param defaults the limits of a tenant for which nothing was set
/// @param maximums the largest values that can be set
public record LimitsConfig(IsolateLimits defaults, IsolateLimits maximums) {

  static LimitsConfig from(ConfigSection section) {
    IsolateLimits maximums = limits(section.section("maximums"), IsolateLimits.maxima(), null);
    IsolateLimits defaults =
        limits(section.section("defaults"), IsolateLimits.defaults(), maximums);
    section.end();
    return new LimitsConfig(defaults, maximums);
  }

  private static IsolateLimits limits(
      ConfigSection section, IsolateLimits start, @Nullable IsolateLimits ceiling) {
    IsolateLimits limits = start;
    for (IsolateLimit limit : IsolateLimit.values()) {
      long maximum = ceiling == null ? limit.maximum() : ceiling.value(limit);
      // A default above a lowered maximum comes down with it.
      long defaultValue = Math.min(start.value(limit), maximum);
      String name = limit.limitName();
      long value =
          name.endsWith("Bytes")
              ? section.sizeBytes(name, defaultValue, limit.minimum(), maximum)
              : section.number(name, defaultValue, limit.minimum(), maximum);
      limits = limits.with(limit, value);
    }
    section.end();
    return limits;
  }
}
