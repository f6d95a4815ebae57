package dev.cloister.sandbox.config;

import java.time.Duration;

/// The section `auth`: keys and the console's sessions.
///
/// @param sessionDuration how long a session lasts
/// @param maxSessions how many sessions there may be at once
/// @param keysPerTenant how many keys a tenant may have
public record AuthConfig(Duration sessionDuration, int maxSessions, int keysPerTenant) {
  private static final int DEFAULT_SESSIONS = 1_000;
  private static final int MAX_SESSIONS = 1_000_000;
  private static final int DEFAULT_KEYS = 100;
  private static final int MAX_KEYS = 100_000;

  static AuthConfig from(ConfigSection section) {
    AuthConfig config =
        new AuthConfig(
            section.duration(
                "sessionDuration",
                Duration.ofHours(12),
                Duration.ofMinutes(1),
                Duration.ofDays(30)),
            (int) section.number("maxSessions", DEFAULT_SESSIONS, 1, MAX_SESSIONS),
            (int) section.number("keysPerTenant", DEFAULT_KEYS, 1, MAX_KEYS));
    section.end();
    return config;
  }
}
