package dev.cloister.sandbox.auth;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/// Limits how often a wrong key can be tried for a session, over all callers together.
///
/// Guessing a key is hopeless anyway; this keeps a guesser from filling the audit log. A right key
/// is never throttled. Any thread may call.
public final class SignInThrottle {
  private static final int MAX_FAILURES = 20;
  private static final Duration WINDOW = Duration.ofSeconds(10);

  private final Clock clock;

  @GuardedBy("this")
  private Instant windowEnd = Instant.MIN;

  @GuardedBy("this")
  private int failures;

  /// Creates a throttle that allows 20 failures in 10 seconds.
  public SignInThrottle(Clock clock) {
    this.clock = clock;
  }

  /// Counts a wrong key and returns how long no further one is looked at: zero for most.
  public synchronized Duration countFailure() {
    Instant now = clock.instant();
    if (!now.isBefore(windowEnd)) {
      windowEnd = now.plus(WINDOW);
      failures = 0;
    }
    failures++;
    return failures > MAX_FAILURES ? Duration.between(now, windowEnd) : Duration.ZERO;
  }
}
