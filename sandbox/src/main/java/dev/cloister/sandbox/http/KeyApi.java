package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.ApiKey;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.KeyRegistry;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.ReplacedSecret;
import dev.cloister.sandbox.storage.Role;
import java.io.IOException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// Keys: of tenants, and the operator's.
final class KeyApi {
  private static final long MAX_LIFE_SECONDS = Duration.ofDays(3_650).toSeconds();
  private static final long DEFAULT_OVERLAP_SECONDS = Duration.ofHours(1).toSeconds();
  private static final long MAX_OVERLAP_SECONDS = Duration.ofDays(30).toSeconds();
  private static final String OPERATOR = "operator";

  private final TenantRegistry tenants;
  private final KeyRegistry keys;
  private final Clock clock;

  KeyApi(TenantRegistry tenants, KeyRegistry keys, Clock clock) {
    this.tenants = tenants;
    this.keys = keys;
    this.clock = clock;
  }

  /// The body that makes a key.
  ///
  /// @param expiresAt when it stops being valid
  /// @param expiresIn after how many seconds it stops being valid; one of both, or none
  record Creation(@Nullable String role, @Nullable String expiresAt, @Nullable Long expiresIn) {}

  /// The body that replaces a key's secret.
  ///
  /// @param overlapSeconds how long the present one stays valid
  record Rotation(@Nullable Long overlapSeconds) {}

  /// A key with its secret; the only answer that ever has it.
  record Created(String id, String key, String role, @Nullable String expiresAt) {}

  /// A key with its new secret.
  record Rotated(String id, String key, String role, String replacedValidUntil) {}

  /// A key as it is listed.
  record View(
      String id,
      String role,
      String createdAt,
      @Nullable String expiresAt,
      boolean expired,
      @Nullable String replacedValidUntil,
      @Nullable String lastUsedAt) {}

  Answer create(ApiRequest request) {
    tenants.require(request.tenant());
    Creation body = Json.read(request.body(), Creation.class);
    @Nullable String name = body.role();
    @Nullable Role role = name == null ? null : Role.named(name);
    if (role == null || role == Role.OPERATOR) {
      throw Problem.invalid("role", name, "tenant-admin or invoker").asException();
    }
    @Nullable Instant expiresAt = expiresAt(body);
    ApiKey key = keys.create(request.tenant(), role, expiresAt, request.author());
    return Answer.json(201, new Created(key.id(), key.text(), role.text(), text(expiresAt)));
  }

  Answer list(ApiRequest request) {
    tenants.require(request.tenant());
    return Answer.json(
        200,
        Page.byName(
            request,
            keys.list(request.tenant()),
            use -> use.record().createdAt() + " " + use.record().id(),
            this::view));
  }

  Answer get(ApiRequest request) {
    tenants.require(request.tenant());
    return Answer.json(200, view(keys.find(request.tenant(), request.path("key"))));
  }

  Answer rotate(ApiRequest request) {
    tenants.require(request.tenant());
    Instant until = replacedUntil(request);
    ApiKey key = keys.rotate(request.tenant(), request.path("key"), until, request.author());
    String role = keys.find(request.tenant(), key.id()).record().role().text();
    return Answer.json(200, new Rotated(key.id(), key.text(), role, until.toString()));
  }

  Answer delete(ApiRequest request) {
    tenants.require(request.tenant());
    keys.delete(request.tenant(), request.path("key"), request.author());
    return Answer.empty(204);
  }

  Answer rotateOperator(ApiRequest request) throws IOException {
    Instant until = replacedUntil(request);
    ApiKey key = keys.rotateOperator(until, request.author());
    return Answer.json(200, new Rotated(key.id(), key.text(), OPERATOR, until.toString()));
  }

  private View view(KeyRing.KeyUse use) {
    KeyRecord record = use.record();
    @Nullable ReplacedSecret replaced = record.replaced();
    boolean isOverlap = replaced != null && clock.instant().isBefore(replaced.validUntil());
    return new View(
        record.id(),
        record.role().text(),
        record.createdAt().toString(),
        text(record.expiresAt()),
        record.isExpired(clock.instant()),
        isOverlap && replaced != null ? replaced.validUntil().toString() : null,
        text(use.lastUsedAt()));
  }

  private @Nullable Instant expiresAt(Creation body) {
    Instant now = now();
    Instant latest = now.plusSeconds(MAX_LIFE_SECONDS);
    @Nullable String time = body.expiresAt();
    @Nullable Long seconds = body.expiresIn();
    if (time != null && seconds != null) {
      throw Problem.invalid("expiresIn", seconds, "absent where expiresAt is given").asException();
    }
    if (seconds != null) {
      checkRange("expiresIn", seconds, 1, MAX_LIFE_SECONDS);
      return now.plusSeconds(seconds);
    }
    if (time == null) {
      return null;
    }
    try {
      Instant expiresAt = Instant.parse(time).truncatedTo(ChronoUnit.MILLIS);
      if (expiresAt.isAfter(now) && !expiresAt.isAfter(latest)) {
        return expiresAt;
      }
    } catch (DateTimeException _) {
      // Falls through to the problem below.
    }
    throw Problem.invalid(
            "expiresAt",
            time,
            "a time such as 2030-01-31T12:00:00Z, after now and before " + latest)
        .asException();
  }

  private Instant replacedUntil(ApiRequest request) {
    @Nullable Long seconds =
        request.body().length == 0
            ? null
            : Json.read(request.body(), Rotation.class).overlapSeconds();
    if (seconds == null) {
      return now().plusSeconds(DEFAULT_OVERLAP_SECONDS);
    }
    checkRange("overlapSeconds", seconds, 0, MAX_OVERLAP_SECONDS);
    return now().plusSeconds(seconds);
  }

  private static void checkRange(String what, long value, long minimum, long maximum) {
    if (value < minimum || value > maximum) {
      throw Problem.invalid(what, value, "a number from " + minimum + " to " + maximum)
          .asException();
    }
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }
}
