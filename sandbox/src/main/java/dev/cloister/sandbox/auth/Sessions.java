package dev.cloister.sandbox.auth;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The console's sessions, in memory: a restart signs everybody out.
///
/// Only hashes of the tokens are kept. A session lives no longer than the key that opened it. Any
/// thread may call.
public final class Sessions {
  private static final int TOKEN_BYTES = 32;

  private final KeyRing keys;
  private final Duration duration;
  private final int maxSessions;
  private final SecureRandom random;
  private final Clock clock;

  /// By token hash, oldest first.
  @GuardedBy("entries")
  private final Map<SecretHash, Entry> entries = new LinkedHashMap<>();

  private record Entry(String keyId, Instant expiresAt) {}

  /// Creates an empty set of sessions.
  ///
  /// @param maxSessions how many there may be; a further one ends the oldest
  public Sessions(
      KeyRing keys, Duration duration, int maxSessions, SecureRandom random, Clock clock) {
    this.keys = keys;
    this.duration = duration;
    this.maxSessions = maxSessions;
    this.random = random;
    this.clock = clock;
  }

  /// Opens a session for `principal` and returns its token.
  public String open(Principal principal) {
    String token = ApiKey.randomHex(random, TOKEN_BYTES);
    String keyId =
        switch (principal) {
          case Principal.Operator() -> KeyRing.OPERATOR_ID;
          case Principal.Member member -> member.keyId();
          case Principal.User _ ->
              throw new IllegalArgumentException("sessions belong to keys, not to tokens");
        };
    Entry entry = new Entry(keyId, clock.instant().plus(duration));
    synchronized (entries) {
      removeExpired();
      if (entries.size() >= maxSessions) {
        Iterator<SecretHash> oldest = entries.keySet().iterator();
        oldest.next();
        oldest.remove();
      }
      entries.put(SecretHash.of(token), entry);
    }
    return token;
  }

  /// Returns the session of a token, or null if there is none, it is over or its key is gone.
  public @Nullable Session find(String token) {
    @Nullable Entry entry;
    synchronized (entries) {
      entry = entries.get(SecretHash.of(token));
    }
    if (entry == null || !clock.instant().isBefore(entry.expiresAt)) {
      return null;
    }
    @Nullable Principal principal = keys.holder(entry.keyId);
    return principal == null ? null : new Session(principal, entry.expiresAt);
  }

  /// Ends the session of a token, if there is one.
  public void close(String token) {
    synchronized (entries) {
      entries.remove(SecretHash.of(token));
    }
  }

  /// Returns how long a session lasts.
  public Duration duration() {
    return duration;
  }

  @GuardedBy("entries")
  private void removeExpired() {
    Instant now = clock.instant();
    // All last equally long, so the expired ones are the oldest.
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext() && !now.isBefore(oldest.next().expiresAt)) {
      oldest.remove();
    }
  }
}
