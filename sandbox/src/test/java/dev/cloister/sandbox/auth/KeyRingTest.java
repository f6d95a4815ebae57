package dev.cloister.sandbox.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.MovableClock;
import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Keys are known by their hash alone, and sessions live no longer than their key.
final class KeyRingTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final TenantName ACME = new TenantName("acme");

  private final SecureRandom random = new SecureRandom();
  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final KeyRing ring = new KeyRing(SecretHash.of("the operator's own key"), clock);

  private ApiKey addKey(Role role) {
    ApiKey key = ApiKey.generate(random);
    ring.add(KeyRecord.create(key.id(), ACME, role, SecretHash.of(key.text()).hex(), NOW, null));
    return key;
  }

  @Test
  void key_isItsHolder_andNoOtherTextIs() {
    ApiKey key = addKey(Role.INVOKER);

    assertThat(ring.identify(key.text()))
        .isEqualTo(new Identity.Known(new Principal.Member(ACME, Role.INVOKER, key.id())));
    assertThat(ring.identify(key.text().substring(1))).isInstanceOf(Identity.Refused.class);
    assertThat(ring.identify("cloister_" + key.id() + "_" + "0".repeat(64)))
        .isEqualTo(new Identity.Refused("this is no key of the server", key.id()));
    assertThat(ring.identify("")).isInstanceOf(Identity.Refused.class);
    assertThat(ring.identify("the operator's own key"))
        .isEqualTo(new Identity.Known(new Principal.Operator()));
  }

  @Test
  void key_ofTheFirstServers_staysValid() {
    String text = "cl_0123456789abcdef_" + "5".repeat(64);
    ring.add(
        KeyRecord.create(
            "0123456789abcdef", ACME, Role.INVOKER, SecretHash.of(text).hex(), NOW, null));

    assertThat(ring.identify(text)).isInstanceOf(Identity.Known.class);
  }

  @Test
  void key_neverShowsItsSecret() {
    ApiKey key = ApiKey.generate(random);

    assertThat(key.text()).matches("cloister_[0-9a-f]{16}_[0-9a-f]{64}");
    assertThat(key.toString()).doesNotContain(key.text());
  }

  @Test
  void removedKey_isNobody() {
    ApiKey first = addKey(Role.INVOKER);
    ApiKey second = addKey(Role.TENANT_ADMIN);
    assertThat(ring.keysOf(ACME)).hasSize(2);

    ring.remove(first.id());
    assertThat(ring.identify(first.text())).isInstanceOf(Identity.Refused.class);
    ring.removeAll(ACME);

    assertThat(ring.identify(second.text())).isInstanceOf(Identity.Refused.class);
    assertThat(ring.keysOf(ACME)).isEmpty();
  }

  @Test
  void expiredKey_isNobody_andSaysSoToItsHolderAlone() {
    MovableClock time = new MovableClock();
    KeyRing timed = new KeyRing(SecretHash.of("the operator's own key"), time);
    ApiKey key = ApiKey.generate(random);
    Instant end = time.instant().plusSeconds(10);
    timed.add(
        KeyRecord.create(
            key.id(), ACME, Role.INVOKER, SecretHash.of(key.text()).hex(), time.instant(), end));
    Sessions sessions = new Sessions(timed, Duration.ofHours(1), 2, random, time);
    String session = sessions.open(new Principal.Member(ACME, Role.INVOKER, key.id()));
    assertThat(timed.identify(key.text())).isInstanceOf(Identity.Known.class);
    assertThat(sessions.find(session)).isNotNull();

    time.advance(Duration.ofSeconds(10));

    assertThat(timed.identify(key.text())).isEqualTo(new Identity.Expired(key.id(), end));
    assertThat(timed.identify("cloister_" + key.id() + "_" + "0".repeat(64)))
        .isInstanceOf(Identity.Refused.class);
    assertThat(sessions.find(session)).isNull();
  }

  @Test
  void replacedSecret_isValidUntilItsEnd_andNoLonger() {
    MovableClock time = new MovableClock();
    KeyRing timed = new KeyRing(SecretHash.of("the operator's own key"), time);
    ApiKey first = ApiKey.generate(random);
    KeyRecord record =
        KeyRecord.create(
            first.id(),
            ACME,
            Role.INVOKER,
            SecretHash.of(first.text()).hex(),
            time.instant(),
            null);
    timed.add(record);
    ApiKey second = ApiKey.generate(first.id(), random);
    Instant until = time.instant().plusSeconds(10);

    timed.replace(record.rotated(SecretHash.of(second.text()).hex(), until));

    assertThat(timed.identify(first.text())).isInstanceOf(Identity.Known.class);
    assertThat(timed.identify(second.text())).isInstanceOf(Identity.Known.class);
    time.advance(Duration.ofSeconds(10));
    assertThat(timed.identify(first.text())).isEqualTo(new Identity.Expired(first.id(), until));
    assertThat(timed.identify(second.text())).isInstanceOf(Identity.Known.class);
  }

  @Test
  void uses_areHandedOutOnce() {
    ApiKey key = addKey(Role.INVOKER);
    assertThat(ring.takeUses()).isEmpty();

    ring.identify(key.text());

    assertThat(ring.takeUses()).isEqualTo(Map.of(key.id(), NOW));
    assertThat(ring.takeUses()).isEmpty();
  }

  @Test
  void session_endsWithTime_withItsKey_andWhenThereAreTooMany() {
    ApiKey key = addKey(Role.TENANT_ADMIN);
    Principal holder = new Principal.Member(ACME, Role.TENANT_ADMIN, key.id());
    Sessions sessions = new Sessions(ring, Duration.ofHours(1), 2, random, clock);

    String first = sessions.open(holder);
    String second = sessions.open(holder);
    String third = sessions.open(new Principal.Operator());

    assertThat(sessions.find(first)).isNull();
    assertThat(sessions.find(second)).isEqualTo(new Session(holder, NOW.plusSeconds(3600)));
    ring.remove(key.id());
    assertThat(sessions.find(second)).isNull();
    assertThat(sessions.find(third)).isNotNull();
    sessions.close(third);
    assertThat(sessions.find(third)).isNull();

    Sessions over = new Sessions(ring, Duration.ZERO, 2, random, clock);
    assertThat(over.find(over.open(new Principal.Operator()))).isNull();
  }

  @Test
  void roles_includeTheOnesBelow() {
    assertThat(Role.OPERATOR.includes(Role.TENANT_ADMIN)).isTrue();
    assertThat(Role.TENANT_ADMIN.includes(Role.TENANT_ADMIN)).isTrue();
    assertThat(Role.INVOKER.includes(Role.TENANT_ADMIN)).isFalse();
    assertThat(Role.named("tenant-admin")).isEqualTo(Role.TENANT_ADMIN);
    assertThat(Role.named("root")).isNull();
  }
}
