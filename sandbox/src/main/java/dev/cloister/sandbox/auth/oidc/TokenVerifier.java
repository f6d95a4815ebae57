package dev.cloister.sandbox.auth.oidc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.auth.SecretHash;
import dev.cloister.sandbox.config.OidcConfig;
import dev.cloister.sandbox.storage.InvalidNameException;
import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds out who sends a token of the issuer: its signature, by a key of the issuer and an
/// algorithm that is taken, its issuer, audience and times, then what its claims say of role and
/// tenant.
///
/// What was found out is remembered until the token ends, for some thousand tokens. Any thread may
/// call; nothing blocks.
public final class TokenVerifier implements AutoCloseable {
  private static final int MAX_TOKEN_CHARACTERS = 8 << 10;
  private static final int MAX_SUBJECT_CHARACTERS = 255;
  private static final int MAX_REMEMBERED = 4_096;

  private final OidcConfig config;
  private final Clock clock;
  private final IssuerKeys keys;

  /// By the hash of the token.
  @GuardedBy("remembered")
  private final Map<SecretHash, Remembered> remembered =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true);

  /// @param keys the keys that proved it; others may not
  private record Remembered(Identity.Known identity, Instant end, JWKSet keys) {}

  /// Creates a verifier, which fetches the issuer's keys when it needs them first.
  public TokenVerifier(OidcConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.keys = new IssuerKeys(config, clock);
  }

  /// Returns whether a text has the form of a token: three parts, the first of which is JSON.
  public static boolean isToken(String text) {
    int first = text.indexOf('.');
    return text.startsWith("ey") && first > 0 && text.indexOf('.', first + 1) > 0;
  }

  /// Returns who sends a token; [Identity.Pending] if the issuer's keys must be fetched first.
  public Identity identify(String token) {
    if (!config.isOn()) {
      return refused("this server takes no tokens");
    }
    if (token.length() > MAX_TOKEN_CHARACTERS) {
      return refused("the token is longer than " + MAX_TOKEN_CHARACTERS + " characters");
    }
    @Nullable JWKSet present = keys.present();
    SignedJWT parsed;
    try {
      parsed = SignedJWT.parse(token);
    } catch (ParseException _) {
      return refused("the token is malformed");
    }
    if (present == null || isByUnknownKey(parsed, present)) {
      return new Identity.Pending(
          keys.fetch().thenApply(fetched -> decide(token, parsed, fetched)));
    }
    return decide(token, parsed, present);
  }

  @Override
  public void close() {
    keys.close();
  }

  private static boolean isByUnknownKey(SignedJWT token, JWKSet keys) {
    @Nullable String id = token.getHeader().getKeyID();
    return id != null && keys.getKeyByKeyId(id) == null;
  }

  private Identity decide(String token, SignedJWT parsed, @Nullable JWKSet keySet) {
    if (keySet == null) {
      return new Identity.Unavailable("the keys of the issuer cannot be had at the moment");
    }
    SecretHash hash = SecretHash.of(token);
    Identity.@Nullable Known known = recall(hash, keySet);
    if (known != null) {
      return known;
    }
    try {
      JWTClaimsSet claims = processor(keySet).process(parsed, null);
      Identity identity = identity(claims);
      if (identity instanceof Identity.Known proved) {
        remember(hash, proved, claims.getExpirationTime(), keySet);
      }
      return identity;
    } catch (BadJOSEException | JOSEException | ParseException e) {
      return refused("the token is not valid: " + e.getMessage());
    }
  }

  private DefaultJWTProcessor<SecurityContext> processor(JWKSet keySet) {
    Set<JWSAlgorithm> algorithms =
        config.algorithms().stream().map(JWSAlgorithm::parse).collect(Collectors.toSet());
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            config.audience(),
            new JWTClaimsSet.Builder().issuer(config.issuer()).build(),
            Set.of("sub", "exp")) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        };
    claims.setMaxClockSkew((int) config.clockSkew().toSeconds());
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(algorithms, new ImmutableJWKSet<>(keySet)));
    processor.setJWTClaimsSetVerifier(claims);
    return processor;
  }

  private Identity identity(JWTClaimsSet claims) throws ParseException {
    String subject = claims.getSubject();
    if (subject.isEmpty() || subject.length() > MAX_SUBJECT_CHARACTERS) {
      return refused(
          "the token's subject must have 1 to " + MAX_SUBJECT_CHARACTERS + " characters");
    }
    @Nullable Role role = role(claims.getClaim(config.roleClaim()));
    if (role == null) {
      return refused(
          "the token's claim "
              + config.roleClaim()
              + " has no role up to "
              + config.maxRole().text());
    }
    if (role == Role.OPERATOR) {
      return new Identity.Known(new Principal.User(subject, role, null));
    }
    try {
      @Nullable String tenant = claims.getStringClaim(config.tenantClaim());
      return tenant == null
          ? refused("the token has no claim " + config.tenantClaim())
          : new Identity.Known(new Principal.User(subject, role, new TenantName(tenant)));
    } catch (InvalidNameException _) {
      return refused("the token's claim " + config.tenantClaim() + " is no tenant's name");
    }
  }

  /// Returns the largest role of a claim, which is one or a list; null if it has none that counts.
  private @Nullable Role role(@Nullable Object claim) {
    List<?> names =
        claim instanceof List<?> list ? list : claim == null ? List.of() : List.of(claim);
    @Nullable Role largest = null;
    for (Object name : names) {
      @Nullable Role role = Role.named(String.valueOf(name));
      if (role != null
          && config.maxRole().includes(role)
          && (largest == null || role.includes(largest))) {
        largest = role;
      }
    }
    return largest;
  }

  private Identity.@Nullable Known recall(SecretHash hash, JWKSet keySet) {
    synchronized (remembered) {
      Remembered found = remembered.get(hash);
      // Keys that were fetched anew may lack the one that signed.
      return found != null && found.keys.equals(keySet) && clock.instant().isBefore(found.end)
          ? found.identity
          : null;
    }
  }

  private void remember(SecretHash hash, Identity.Known identity, Date end, JWKSet keySet) {
    synchronized (remembered) {
      remembered.put(hash, new Remembered(identity, end.toInstant(), keySet));
      if (remembered.size() > MAX_REMEMBERED) {
        remembered.remove(remembered.keySet().iterator().next());
      }
    }
  }

  private static Identity.Refused refused(String reason) {
    return new Identity.Refused(reason, null);
  }
}
