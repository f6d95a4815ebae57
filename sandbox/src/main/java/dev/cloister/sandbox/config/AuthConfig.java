package dev.cloister.sandbox.config;

import dev.cloister.isolate.egress.AddressRange;
import dev.cloister.sandbox.signature.SignatureMode;
import java.time.Duration;
import java.util.List;

/// The section `auth`: keys and the console's sessions.
///
/// @param sessionDuration how long a session lasts
/// @param maxSessions how many sessions there may be at once
/// @param keysPerTenant how many keys a tenant may have
/// @param maxFailures how many wrong keys an address, or a key's public part, may have in a window
/// @param failureWindow how long such a window is
/// @param minSignatures how strict tenants are at least with signatures of modules
/// @param trustedProxies whose word on where requests came from is taken
/// @param oidc whose signed tokens are taken beside keys
public record AuthConfig(
    Duration sessionDuration,
    int maxSessions,
    int keysPerTenant,
    int maxFailures,
    Duration failureWindow,
    SignatureMode minSignatures,
    List<AddressRange> trustedProxies,
    OidcConfig oidc) {
  private static final int DEFAULT_SESSIONS = 1_000;
  private static final int MAX_SESSIONS = 1_000_000;
  private static final int DEFAULT_KEYS = 100;
  private static final int MAX_KEYS = 100_000;

  private static final int DEFAULT_FAILURES = 20;
  private static final int MAX_FAILURES = 1_000_000;

  /// Copies the list.
  public AuthConfig {
    trustedProxies = List.copyOf(trustedProxies);
  }

  static AuthConfig from(ConfigSection section) {
    AuthConfig config =
        new AuthConfig(
            section.duration(
                "sessionDuration",
                Duration.ofHours(12),
                Duration.ofMinutes(1),
                Duration.ofDays(30)),
            (int) section.number("maxSessions", DEFAULT_SESSIONS, 1, MAX_SESSIONS),
            (int) section.number("keysPerTenant", DEFAULT_KEYS, 1, MAX_KEYS),
            (int) section.number("maxFailures", DEFAULT_FAILURES, 1, MAX_FAILURES),
            section.duration(
                "failureWindow", Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofDays(1)),
            section.choice("minSignatures", SignatureMode.OFF, List.of(SignatureMode.values())),
            section.list("trustedProxies", AddressRange::parse),
            OidcConfig.from(section.section("oidc")));
    section.end();
    return config;
  }

  /// Returns this section with what of `newer` can change while the server runs.
  AuthConfig reloaded(AuthConfig newer) {
    return new AuthConfig(
        sessionDuration,
        maxSessions,
        newer.keysPerTenant,
        newer.maxFailures,
        newer.failureWindow,
        newer.minSignatures,
        newer.trustedProxies,
        oidc);
  }
}
