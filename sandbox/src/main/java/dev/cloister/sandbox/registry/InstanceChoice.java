package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.isolate.instance.InstanceSettings;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.sandbox.problem.Problem;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How a plugin's instances are kept, as a tenant chose it. What does not belong to the policy is
/// null.
///
/// @param policy `fresh`, `pooled` or `stateful`
/// @param maxUses how many calls a pooled instance serves
/// @param maxIdle how many pooled instances wait for a call
/// @param idleMillis after how long without a call a pooled instance is dropped, and a stateful one
///   hibernates
/// @param maxInstances how many stateful instances there are
/// @param crashesToBackOff after how many crashes in a row calls are refused for a while
/// @param snapshot whether the first instance that was initialized is the image that all further
///   ones begin with; null if not
@JsonInclude(JsonInclude.Include.NON_NULL)
public record InstanceChoice(
    String policy,
    @Nullable Long maxUses,
    @Nullable Long maxIdle,
    @Nullable Long idleMillis,
    @Nullable Long maxInstances,
    @Nullable Long crashesToBackOff,
    @Nullable Boolean snapshot) {
  /// What holds for a plugin for which nothing was chosen.
  static final InstanceChoice FRESH = of("fresh", null, null, null, null, null, null);

  private static final long MAX_USES = 1_000_000;
  private static final long MAX_IDLE = 64;
  private static final long MIN_IDLE_MILLIS = 100;
  private static final long MAX_IDLE_MILLIS = TimeUnit.DAYS.toMillis(1);
  private static final long MAX_INSTANCES = 100_000;
  private static final long MAX_CRASHES = 1_000;

  /// Fills in what the policy has and the tenant did not choose.
  @JsonCreator
  static InstanceChoice of(
      @JsonProperty("policy") @Nullable String policy,
      @JsonProperty("maxUses") @Nullable Long maxUses,
      @JsonProperty("maxIdle") @Nullable Long maxIdle,
      @JsonProperty("idleMillis") @Nullable Long idleMillis,
      @JsonProperty("maxInstances") @Nullable Long maxInstances,
      @JsonProperty("crashesToBackOff") @Nullable Long crashesToBackOff,
      @JsonProperty("snapshot") @Nullable Boolean snapshot) {
    String chosen = policy == null ? InstancePolicy.FRESH.label() : policy;
    @Nullable InstancePolicy known = InstancePolicy.named(chosen);
    boolean isPooled = known == InstancePolicy.POOLED;
    boolean isStateful = known == InstancePolicy.STATEFUL;
    InstanceSettings defaults = InstanceSettings.FRESH;
    return new InstanceChoice(
        chosen,
        orDefault(maxUses, isPooled, defaults.maxUses()),
        orDefault(maxIdle, isPooled, defaults.maxIdle()),
        orDefault(idleMillis, isPooled || isStateful, defaults.idleMillis()),
        orDefault(maxInstances, isStateful, defaults.maxInstances()),
        orDefault(crashesToBackOff, isPooled || isStateful, defaults.crashesToBackOff()),
        snapshot);
  }

  /// Returns the same for who calls the plugin.
  public InstanceSettings settings() {
    InstanceSettings defaults = InstanceSettings.of(instancePolicy());
    return new InstanceSettings(
        defaults.policy(),
        value(maxUses, defaults.maxUses()),
        value(maxIdle, defaults.maxIdle()),
        value(idleMillis, defaults.idleMillis()),
        value(maxInstances, defaults.maxInstances()),
        value(crashesToBackOff, defaults.crashesToBackOff()),
        isSnapshot());
  }

  /// Returns whether instances begin with the image of an initialized one.
  @JsonIgnore
  public boolean isSnapshot() {
    return snapshot != null && snapshot;
  }

  /// Returns the policy.
  public InstancePolicy instancePolicy() {
    @Nullable InstancePolicy known = InstancePolicy.named(policy);
    if (known == null) {
      throw Problem.invalid("instance.policy", policy, String.join(", ", InstancePolicy.labels()))
          .asException();
    }
    return known;
  }

  /// Checks what a tenant chose.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a value is out of range or of no use
  void check() {
    InstancePolicy known = instancePolicy();
    boolean isPooled = known == InstancePolicy.POOLED;
    boolean isStateful = known == InstancePolicy.STATEFUL;
    check("maxUses", maxUses, isPooled, 1, MAX_USES);
    check("maxIdle", maxIdle, isPooled, 1, MAX_IDLE);
    check("idleMillis", idleMillis, isPooled || isStateful, MIN_IDLE_MILLIS, MAX_IDLE_MILLIS);
    check("maxInstances", maxInstances, isStateful, 1, MAX_INSTANCES);
    check("crashesToBackOff", crashesToBackOff, isPooled || isStateful, 1, MAX_CRASHES);
  }

  private void check(
      String name, @Nullable Long value, boolean isOfPolicy, long minimum, long maximum) {
    if (value == null) {
      return;
    }
    if (!isOfPolicy) {
      throw Problem.invalid("instance." + name, value, "absent with the policy " + policy)
          .asException();
    }
    if (value < minimum || value > maximum) {
      throw Problem.invalid("instance." + name, value, "from " + minimum + " to " + maximum)
          .asException();
    }
  }

  private static @Nullable Long orDefault(
      @Nullable Long chosen, boolean isOfPolicy, long defaultValue) {
    return chosen == null && isOfPolicy ? (Long) defaultValue : chosen;
  }

  private static long value(@Nullable Long chosen, long defaultValue) {
    return chosen == null ? defaultValue : chosen;
  }
}
