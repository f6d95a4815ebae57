package dev.cloister.sandbox.config;

import dev.cloister.sandbox.storage.Role;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// The section `auth.oidc`: whose signed tokens are taken beside keys (OpenID Connect, RFC 7519).
///
/// @param issuer who makes the tokens, as their claim `iss` says it; empty for nobody
/// @param audience what their claim `aud` must have
/// @param jwksUri where the issuer's keys are; empty to ask the issuer
/// @param algorithms the algorithms that are taken, all of them with public keys
/// @param clockSkew how far the issuer's clock may be from ours
/// @param roleClaim the claim with the role
/// @param tenantClaim the claim with the tenant
/// @param maxRole the most that a token can give
public record OidcConfig(
    String issuer,
    String audience,
    String jwksUri,
    List<String> algorithms,
    Duration clockSkew,
    String roleClaim,
    String tenantClaim,
    Role maxRole) {
  /// All algorithms that can be taken. `none` and those with a shared secret are not among them.
  private static final List<String> KNOWN =
      List.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

  private static final List<String> DEFAULT_ALGORITHMS = List.of("RS256", "ES256");

  /// Copies the list.
  public OidcConfig {
    algorithms = algorithms.isEmpty() ? DEFAULT_ALGORITHMS : List.copyOf(algorithms);
  }

  static OidcConfig from(ConfigSection section) {
    String issuer = section.checkedText("issuer", "", OidcConfig::requireSafe);
    OidcConfig config =
        new OidcConfig(
            issuer,
            section.optionalText("audience"),
            section.checkedText("jwksUri", "", OidcConfig::requireSafe),
            section.list("algorithms", OidcConfig::algorithm),
            section.duration(
                "clockSkew", Duration.ofMinutes(1), Duration.ZERO, Duration.ofMinutes(10)),
            section.text("roleClaim", "cloister_role"),
            section.text("tenantClaim", "cloister_tenant"),
            section.choice("maxRole", Role.TENANT_ADMIN, List.of(Role.values())));
    if (config.isOn() && config.audience.isEmpty()) {
      section.fault("audience is needed beside issuer");
    }
    section.end();
    return config;
  }

  /// Returns whether tokens are taken at all.
  public boolean isOn() {
    return !issuer.isEmpty();
  }

  private static String algorithm(String name) {
    if (!KNOWN.contains(name)) {
      throw new IllegalArgumentException(
          "expected " + String.join(", ", KNOWN) + ", got \"" + name + "\"");
    }
    return name;
  }

  /// Keys that come without TLS could be anybody's, unless they come from this machine.
  private static void requireSafe(String text) {
    if (text.isEmpty()) {
      return;
    }
    URI uri = URI.create(text);
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    boolean isSafe = scheme.equals("https") || (scheme.equals("http") && isLoopback(uri));
    if (!isSafe || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "expected https://HOST/PATH, or http:// on a loopback address, got \"" + text + "\"");
    }
  }

  private static boolean isLoopback(URI uri) {
    String host = String.valueOf(uri.getHost());
    try {
      return InetAddress.ofLiteral(host.replace("[", "").replace("]", "")).isLoopbackAddress();
    } catch (IllegalArgumentException _) {
      // A name, which somebody else may resolve.
      return false;
    }
  }
}
