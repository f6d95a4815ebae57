package dev.cloister.isolate.instance;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.module.ModuleHash;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Which plugins of a tenant crash again and again, and for how long their calls are refused.
///
/// A crash costs a kept instance, and making the next one costs the server; so after some crashes
/// in a row the plugin pauses, twice as long after each further one. Then calls are admitted again;
/// the first that ends well ends the count. Any thread.
public final class CrashWatch {
  private static final long FIRST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long MAX_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Object lock = new Object();

  /// Of the versions whose last call crashed.
  @GuardedBy("lock")
  private final Map<VersionKey, Crashes> crashes = new HashMap<>(0);

  /// Makes one without memories.
  public CrashWatch() {}

  /// Crashes in a row, and until when the plugin pauses because of them.
  private record Crashes(long count, boolean isPausing, long endNanos) {}

  /// How long calls of `version` are to be refused, in nanoseconds; 0 if they are not.
  public long pauseNanos(VersionKey version, long nowNanos) {
    synchronized (lock) {
      Crashes known = crashes.get(version);
      return known == null || !known.isPausing ? 0 : Math.max(0, known.endNanos - nowNanos);
    }
  }

  /// How many calls of `version` crashed since one ended well.
  public long count(VersionKey version) {
    synchronized (lock) {
      Crashes known = crashes.get(version);
      return known == null ? 0 : known.count;
    }
  }

  /// Notes that a call of `version` crashed.
  ///
  /// @param crashesToBackOff after how many crashes in a row the plugin pauses
  /// @return for how long it pauses, in nanoseconds; 0 if it does not
  public long crashed(VersionKey version, long crashesToBackOff, long nowNanos) {
    synchronized (lock) {
      Crashes known = crashes.get(version);
      long count = known == null ? 1 : known.count + 1;
      long pauseNanos = pauseNanos(count - crashesToBackOff);
      crashes.put(version, new Crashes(count, pauseNanos > 0, nowNanos + pauseNanos));
      return pauseNanos;
    }
  }

  /// Notes that a call of `version` ended well.
  public void returned(VersionKey version) {
    synchronized (lock) {
      crashes.remove(version);
    }
  }

  /// Forgets what a plugin did.
  public void forget(String plugin) {
    synchronized (lock) {
      crashes.keySet().removeIf(version -> version.plugin().equals(plugin));
    }
  }

  /// Forgets what a version did.
  public void forget(String plugin, ModuleHash module) {
    returned(new VersionKey(plugin, module));
  }

  private static long pauseNanos(long crashesBeyond) {
    if (crashesBeyond < 0) {
      return 0;
    }
    long doublings = Math.min(crashesBeyond, 6); // 64 s is above the most
    return Math.min(FIRST_PAUSE_NANOS << doublings, MAX_PAUSE_NANOS);
  }
}
