package dev.cloister.isolate.instance;

import dev.cloister.isolate.plugin.InstancePolicy;

/// How the instances of a plugin are kept. What does not belong to the policy is not looked at.
///
/// @param policy how long they live
/// @param maxUses how many calls a pooled instance serves, at least 1
/// @param maxIdle how many pooled instances wait for a call, at least 1
/// @param idleMillis after how long without a call a pooled instance is dropped, and a stateful one
///   hibernates; at least 1
/// @param maxInstances how many stateful instances there are, at least 1
/// @param crashesToBackOff after how many crashes in a row calls are refused for a while; at least
///   1
/// @param isSnapshot whether the first instance that was initialized is the image that all further
///   ones begin with
public record InstanceSettings(
    InstancePolicy policy,
    long maxUses,
    long maxIdle,
    long idleMillis,
    long maxInstances,
    long crashesToBackOff,
    boolean isSnapshot) {
  /// The settings of a plugin for which nothing was chosen.
  public static final InstanceSettings FRESH = of(InstancePolicy.FRESH);

  private static final long DEFAULT_USES = 1_000;
  private static final long DEFAULT_IDLE = 4;
  private static final long DEFAULT_IDLE_MILLIS = 60_000;
  private static final long DEFAULT_INSTANCES = 100;
  private static final long DEFAULT_CRASHES = 5;

  /// A policy with defaults for everything else.
  public static InstanceSettings of(InstancePolicy policy) {
    return new InstanceSettings(
        policy,
        DEFAULT_USES,
        DEFAULT_IDLE,
        DEFAULT_IDLE_MILLIS,
        DEFAULT_INSTANCES,
        DEFAULT_CRASHES,
        /* isSnapshot= */ false);
  }
}
