package dev.cloister.sandbox.auth;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.sandbox.config.AuthConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Slows down whoever tries wrong keys: for each address and each key, only so many in a time.
///
/// A right key is never damped, or everybody behind an address, and the holder of a key whose
/// public part is known, could be locked out by others. Keys of the server have 256 random bits, so
/// this is no protection of them; it keeps the audit log readable and guesses at poor operator keys
/// slow. Memory is bounded: the sources that failed longest ago are forgotten first. Any thread may
/// call.
public final class FailureDamper {
  private static final int MAX_SOURCES = 10_000;

  /// How many failures of all sources together are recorded in one window.
  private static final int MAX_RECORDED = 200;

  private final Supplier<AuthConfig> config;
  private final Clock clock;

  @GuardedBy("this")
  private final Map<String, Count> sources =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true);

  @GuardedBy("this")
  private final Count recorded = new Count();

  @GuardedBy("this")
  private long failures;

  @GuardedBy("this")
  private long damped;

  /// Creates a damper that nobody failed at yet.
  ///
  /// @param config says how many failures each address and each key may have in which time
  public FailureDamper(Supplier<AuthConfig> config, Clock clock) {
    this.config = config;
    this.clock = clock;
  }

  /// What becomes of a failure.
  ///
  /// @param delay how long the source's wrong keys are not looked at; zero for most
  /// @param isRecorded whether the audit log gets it
  public record Verdict(Duration delay, boolean isRecorded) {}

  /// Counts a wrong key.
  ///
  /// @param remote where it came from, null if that is unknown
  /// @param keyId the public part of the key that was tried, null if it has none
  public synchronized Verdict count(@Nullable String remote, @Nullable String keyId) {
    Instant now = clock.instant();
    failures++;
    Duration wait = add("address " + (remote == null ? "" : AddressText.source(remote)), now);
    if (keyId != null) {
      Duration ofKey = add("key " + keyId, now);
      wait = ofKey.compareTo(wait) > 0 ? ofKey : wait;
    }
    if (wait.isPositive()) {
      damped++;
      return new Verdict(wait, /* isRecorded= */ false);
    }
    return new Verdict(
        Duration.ZERO, recorded.add(now, config.get().failureWindow()) <= MAX_RECORDED);
  }

  /// Returns how many wrong keys there were since the server started.
  public synchronized long failures() {
    return failures;
  }

  /// Returns how many of them were answered with the request to wait.
  public synchronized long damped() {
    return damped;
  }

  @GuardedBy("this")
  private Duration add(String source, Instant now) {
    Count count = sources.computeIfAbsent(source, _ -> new Count());
    if (sources.size() > MAX_SOURCES) {
      sources.remove(sources.keySet().iterator().next());
    }
    AuthConfig present = config.get();
    return count.add(now, present.failureWindow()) > present.maxFailures()
        ? Duration.between(now, count.windowEnd)
        : Duration.ZERO;
  }

  /// The failures of a source in its present window.
  private static final class Count {
    private Instant windowEnd = Instant.MIN;
    private int failures;

    int add(Instant now, Duration window) {
      if (!now.isBefore(windowEnd)) {
        windowEnd = now.plus(window);
        failures = 0;
      }
      failures = Math.min(failures + 1, Integer.MAX_VALUE - 1);
      return failures;
    }
  }
}
