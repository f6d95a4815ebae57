package dev.cloister.sandbox.auth;

import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.TenantName;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
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

  private final SecretHash operatorHash;
  private final Clock clock;
  private final Map<String, Entry> keys = new ConcurrentHashMap<>();
  private final Map<TenantName, Set<String>> idsByTenant = new ConcurrentHashMap<>();

  /// Creates a ring that holds the operator key only.
  public KeyRing(SecretHash operatorHash, Clock clock) {
    this.operatorHash = operatorHash;
    this.clock = clock;
  }

  /// A key and when it was used last.
  ///
  /// @param record the key
  /// @param lastUsedAt when it was used last since the server started
  public record KeyUse(KeyRecord record, @Nullable Instant lastUsedAt) {}

  /// Returns whose key `text` is. It takes as long for a key that does not exist as for one that
  /// does.
  public Identity identify(String text) {
    SecretHash presented = SecretHash.of(text);
    @Nullable String id = ApiKey.idOf(text);
    @Nullable Entry entry = id == null ? null : keys.get(id);
    boolean isOperator = operatorHash.isSame(presented);
    boolean isMember = (entry == null ? NO_KEY : entry.secretHash).isSame(presented);
    if (isOperator) {
      return new Identity.Known(new Principal.Operator());
    }
    if (entry == null || !isMember) {
      return new Identity.Refused("this is no key of the server", id);
    }
    entry.lastUsedAt = clock.instant();
    return new Identity.Known(principal(entry.record));
  }

  /// Returns the holder of a key that was proved before, or null if the key is gone.
  @Nullable Principal holder(String keyId) {
    if (keyId.equals(OPERATOR_ID)) {
      return new Principal.Operator();
    }
    @Nullable Entry entry = keys.get(keyId);
    return entry == null ? null : principal(entry.record);
  }

  /// Adds a key.
  public void add(KeyRecord key) {
    keys.put(key.id(), new Entry(key));
    idsByTenant.computeIfAbsent(key.tenant(), _ -> ConcurrentHashMap.newKeySet()).add(key.id());
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
    volatile @Nullable Instant lastUsedAt;

    Entry(KeyRecord record) {
      this.record = record;
      this.secretHash = new SecretHash(record.secretHash());
    }
  }
}
