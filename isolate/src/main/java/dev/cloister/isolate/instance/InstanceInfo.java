package dev.cloister.isolate.instance;

import org.jspecify.annotations.Nullable;

/// A stateful instance at one moment.
///
/// @param key which one
/// @param isBusy whether a call has it
/// @param isHibernating whether its state is an image rather than a store
/// @param obstacle why it stays awake although no call had it for long, in words; null if it is not
///   so
/// @param waiting the calls that wait for it
/// @param calls the calls that it has served, with the one that has it
/// @param idleNanos for how long no call has had it; 0 if one has
public record InstanceInfo(
    StateKey key,
    boolean isBusy,
    boolean isHibernating,
    @Nullable String obstacle,
    int waiting,
    long calls,
    long idleNanos) {}
