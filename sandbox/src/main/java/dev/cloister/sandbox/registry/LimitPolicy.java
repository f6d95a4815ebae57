package dev.cloister.sandbox.registry;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.sandbox.config.LimitsConfig;
import dev.cloister.sandbox.problem.NearestName;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes a tenant's limits of the configured defaults and maximums and what was set for it alone.
public final class LimitPolicy {
  private volatile LimitsConfig config;

  LimitPolicy(LimitsConfig config) {
    this.config = config;
  }

  /// Takes other defaults and maximums for what is made from now on.
  void change(LimitsConfig newConfig) {
    config = newConfig;
  }

  /// Returns the limits of tenants for which nothing was set.
  public IsolateLimits defaults() {
    return config.defaults();
  }

  /// Returns the largest values that can be set.
  public IsolateLimits maximums() {
    return config.maximums();
  }

  /// Returns the limits that hold for a tenant. A value set before the maximum was lowered counts
  /// as the maximum.
  IsolateLimits effective(Map<String, Long> own) {
    IsolateLimits limits = config.defaults();
    for (IsolateLimit limit : IsolateLimit.values()) {
      @Nullable Long value = own.get(limit.limitName());
      if (value != null) {
        limits = limits.with(limit, Math.min(value, config.maximums().value(limit)));
      }
    }
    return limits;
  }

  /// Returns `own` with `changes` applied; a null value goes back to the default.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a name or value is not allowed
  Map<String, Long> change(Map<String, Long> own, Map<String, @Nullable Long> changes) {
    Map<String, Long> result = new HashMap<>(own);
    changes.forEach((name, value) -> {
      IsolateLimit limit = require(name, value);
      if (value == null) {
        result.remove(name);
      } else {
        checkRange(limit, value);
        result.put(name, value);
      }
    });
    return result;
  }

  private static IsolateLimit require(String name, @Nullable Long value) {
    @Nullable IsolateLimit limit = IsolateLimit.named(name);
    if (limit != null) {
      return limit;
    }
    List<String> known = Arrays.stream(IsolateLimit.values()).map(IsolateLimit::limitName).toList();
    @Nullable String nearest = NearestName.of(name, known);
    throw Problem.of(
            ProblemType.INVALID_LIMIT,
            "there is no limit \""
                + name
                + "\""
                + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"))
        .with("limit", name)
        .with("actual", value)
        .with("allowed", known)
        .asException();
  }

  private void checkRange(IsolateLimit limit, long value) {
    long minimum = limit.minimum();
    long maximum = config.maximums().value(limit);
    if (value < minimum || value > maximum) {
      throw Problem.of(
              ProblemType.INVALID_LIMIT,
              limit.limitName() + " must be between " + minimum + " and " + maximum)
          .with("limit", limit.limitName())
          .with("actual", value)
          .with("allowed", Map.of("minimum", minimum, "maximum", maximum))
          .asException();
    }
  }
}
