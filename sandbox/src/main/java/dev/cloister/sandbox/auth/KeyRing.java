package dev.cloister.sandbox.auth;

import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.ReplacedSecret;
import dev.cloister.sandbox.storage.TenantName;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// All keys of the server in memory: answers on an event loop whether a key is right.
///
/// Any thread may read. Keys are added and removed after their change is durable.
public final class KeyRing {
  /// The id of the operator key.
  static final String OPERATOR_ID = "operator";

  // What an unknown id is compared with, so that it takes as long as a known one.
  private static final SecretHash NO_KEY = SecretHash.of("");

  private final OperatorKey operator;
  private final Clock clock;
  private final Map<String, Entry> keys = new ConcurrentHashMap<>();
  private final Map<TenantName, Set<String>> idsByTenant = new ConcurrentHashMap<>();

  /// Creates a ring that holds the operator key only.
  public KeyRing(OperatorKey operator, Clock clock) {
    this.operator = operator;
    this.clock = clock;
  }

  /// Creates a ring that holds the operator key only, which cannot be replaced.
  public KeyRing(SecretHash operatorHash, Clock clock) {
    this(OperatorKey.fixed(operatorHash), clock);
  }

  /// A key and when it was used last.
  ///
  /// @param record the key
  /// @param lastUsedAt when it was used last, null for never
  public record KeyUse(KeyRecord record, @Nullable Instant lastUsedAt) {}

  /// Returns whose key `text` is. It takes as long for a key that does not exist as for one that
  /// does.
  public Identity identify(String text) {
    Instant now = clock.instant();
    SecretHash presented = SecretHash.of(text);
    @Nullable String id = ApiKey.idOf(text);
    @Nullable Entry entry = id == null ? null : keys.get(id);
    boolean isOperator = operator.secret().isSame(presented, now);
    boolean isCurrent = (entry == null ? NO_KEY : entry.secretHash).isSame(presented);
    boolean isReplaced = (entry == null ? NO_KEY : entry.replacedHash).isSame(presented);
    if (isOperator) {
      return new Identity.Known(new Principal.Operator());
    }
    if (entry == null || !(isCurrent || isReplaced)) {
      return new Identity.Refused("this is no key of the server", id);
    }
    @Nullable Instant end = isCurrent ? entry.record.expiresAt() : entry.replacedEnd();
    if (end != null && !now.isBefore(end)) {
      return new Identity.Expired(entry.record.id(), end);
    }
    entry.lastUsedAt = now;
    return new Identity.Known(principal(entry.record));
  }

  /// Returns the holder of a key that was proved before, or null if the key is gone or expired.
  @Nullable Principal holder(String keyId) {
    if (keyId.equals(OPERATOR_ID)) {
      return new Principal.Operator();
    }
    @Nullable Entry entry = keys.get(keyId);
    return entry == null || entry.record.isExpired(clock.instant())
        ? null
        : principal(entry.record);
  }

  /// Returns whether the operator's key can be replaced while the server runs.
  public boolean isOperatorReplaceable() {
    return operator.isReplaceable();
  }

  /// Replaces the operator's key, durably, and returns the new one; sessions stay.
  ///
  /// @param replacedUntil until when the present key stays valid
  /// @throws IOException if the new key cannot be stored; the present one stays
  public ApiKey rotateOperator(Instant replacedUntil) throws IOException {
    return operator.rotate(replacedUntil);
  }

  /// Adds a key.
  public void add(KeyRecord key) {
    keys.put(key.id(), new Entry(key));
    idsByTenant.computeIfAbsent(key.tenant(), _ -> ConcurrentHashMap.newKeySet()).add(key.id());
  }

  /// Gives a key another secret.
  public void replace(KeyRecord key) {
    keys.computeIfPresent(key.id(), (_, entry) -> entry.with(key));
  }

  /// Returns when keys were used last, for those that were used since this was called before.
  ///
  /// One thread calls it.
  public Map<String, Instant> takeUses() {
    Map<String, Instant> uses = new HashMap<>();
    for (Entry entry : keys.values()) {
      @Nullable Instant usedAt = entry.lastUsedAt;
      if (usedAt != null && !usedAt.equals(entry.takenUse)) {
        entry.takenUse = usedAt;
        uses.put(entry.record.id(), usedAt);
      }
    }
    return uses;
  }

  /// Removes a key; it is refused from now on.
  public void remove(String id) {
    @Nullable Entry entry = keys.remove(id);
    if (entry != null) {
      idsByTenant.getOrDefault(entry.record.tenant(), Set.of()).remove(id);
    }
  }

  /// Removes all keys of a tenant.
  public void removeAll(TenantName tenant) {
    @Nullable Set<String> ids = idsByTenant.remove(tenant);
    if (ids != null) {
      ids.forEach(keys::remove);
    }
  }

  /// Returns a tenant's keys, oldest first.
  public List<KeyUse> keysOf(TenantName tenant) {
    return idsByTenant.getOrDefault(tenant, Set.of()).stream()
        .map(keys::get)
        .filter(entry -> entry != null)
        .map(entry -> new KeyUse(entry.record, entry.lastUsedAt))
        .sorted(
            Comparator.comparing((KeyUse use) -> use.record().createdAt())
                .thenComparing(use -> use.record().id()))
        .toList();
  }

  private static Principal principal(KeyRecord key) {
    return new Principal.Member(key.tenant(), key.role(), key.id());
  }

  private static final class Entry {
    final KeyRecord record;
    final SecretHash secretHash;
    final SecretHash replacedHash;
    volatile @Nullable Instant lastUsedAt;

    /// What of it was handed out to be stored; belongs to the thread that stores it.
    @Nullable Instant takenUse;

    Entry(KeyRecord record) {
      @Nullable ReplacedSecret replaced = record.replaced();
      this.record = record;
      this.secretHash = SecretHash.parse(record.secretHash());
      this.replacedHash = replaced == null ? NO_KEY : SecretHash.parse(replaced.secretHash());
      this.lastUsedAt = record.lastUsedAt();
      this.takenUse = record.lastUsedAt();
    }

    Entry with(KeyRecord changed) {
      Entry entry = new Entry(changed);
      entry.lastUsedAt = lastUsedAt;
      return entry;
    }

    /// When the secret that was replaced stops being valid, as the key itself may before it.
    @Nullable Instant replacedEnd() {
      @Nullable ReplacedSecret replaced = record.replaced();
      @Nullable Instant end = record.expiresAt();
      return replaced == null || (end != null && end.isBefore(replaced.validUntil()))
          ? end
          : replaced.validUntil();
    }
  }
}
