package dev.cloister.sandbox.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.KeyValueStore;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.KeyValueRecord;
import dev.cloister.sandbox.storage.KeyValueUsage;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.MetadataTransaction;
import dev.cloister.sandbox.storage.StorageCorruptException;
import dev.cloister.sandbox.storage.StorageException;
import dev.cloister.sandbox.storage.StorageFullException;
import dev.cloister.sandbox.storage.TenantName;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A tenant's key-value pairs in the metadata store: for guests, and for who manages the tenant.
///
/// A change is on disk when it returns. What the pairs take counts for the tenant's `storageBytes`;
/// it is known in memory and changes with each commit, on the writer's thread.
public final class StoredKeyValues implements KeyValueStore {
  /// The largest value.
  public static final int MAX_VALUE_BYTES = 1 << 20;

  /// The most keys of a tenant.
  public static final int MAX_KEYS = 100_000;

  private static final Logger LOG = LoggerFactory.getLogger(StoredKeyValues.class);

  private final MetadataStore store;
  private final AuditLog audit;
  private final Clock clock;
  private final Tenant owner;
  private final TenantName tenant;

  StoredKeyValues(MetadataStore store, AuditLog audit, Clock clock, Tenant owner) {
    this.store = store;
    this.audit = audit;
    this.clock = clock;
    this.owner = owner;
    this.tenant = owner.name();
  }

  @Override
  public byte @Nullable [] get(String key) {
    requireKey(key);
    return stored(() -> store.keyValue(tenant, key));
  }

  @Override
  public void set(String key, byte[] value) {
    set(key, value, _ -> null);
  }

  @Override
  public boolean delete(String key) {
    return delete(key, _ -> null);
  }

  @Override
  public List<String> list(String prefix, @Nullable String after, int limit) {
    return entries(prefix, after, limit).stream().map(KeyValueRecord::key).toList();
  }

  /// Lists keys as [#list] does, with sizes and times.
  ///
  /// @throws HostServiceException if storage failed
  public List<KeyValueRecord> entries(String prefix, @Nullable String after, int limit) {
    return stored(() -> store.keyValues(tenant, prefix, after, limit));
  }

  /// Sets a value.
  ///
  /// @param record writes down who did it, or does nothing, and then returns null
  /// @return whether the key is new
  /// @throws HostServiceException as [#set(String, byte[])]
  boolean set(
      String key, byte[] value, Function<MetadataTransaction, @Nullable AuditRecord> record) {
    requireKey(key);
    requireValue(value);
    long bytes = sizeBytes(key, value);
    KeyValueRecord entry =
        new KeyValueRecord(key, bytes, clock.instant().truncatedTo(ChronoUnit.MILLIS));
    return change(transaction -> {
      long before = transaction.keyValueBytes(tenant, key);
      KeyValueUsage more = new KeyValueUsage(before < 0 ? 1 : 0, bytes - Math.max(0, before));
      requirePresent();
      requireQuota(more);
      transaction.putKeyValue(tenant, entry, value);
      return new Change(before < 0, more, record.apply(transaction));
    });
  }

  /// Removes a key.
  ///
  /// @param record writes down who did it, or does nothing, and then returns null
  /// @return whether it was there
  /// @throws HostServiceException as [#delete(String)]
  boolean delete(String key, Function<MetadataTransaction, @Nullable AuditRecord> record) {
    requireKey(key);
    return change(transaction -> {
      requirePresent();
      long before = transaction.keyValueBytes(tenant, key);
      if (before < 0) {
        return new Change(false, KeyValueUsage.NONE, null);
      }
      transaction.deleteKeyValue(tenant, key);
      return new Change(true, new KeyValueUsage(-1, -before), record.apply(transaction));
    });
  }

  /// What a transaction did.
  ///
  /// @param isDone what the caller is told
  /// @param more by how much more is stored
  /// @param audit what was written down, if anything
  private record Change(boolean isDone, KeyValueUsage more, @Nullable AuditRecord audit) {}

  private boolean change(Function<MetadataTransaction, Change> work) {
    return stored(() ->
            store.write(
                work,
                done -> {
                  TenantServices services = owner.services();
                  services.setKeyValueUsage(
                      services.keyValueUsage().plus(done.more.count(), done.more.bytes()));
                  AuditRecord entry = done.audit;
                  if (entry != null) {
                    audit.publish(entry);
                  }
                }))
        .isDone;
  }

  /// On the writer's thread, as is [#requireQuota].
  private void requirePresent() {
    if (owner.services().isClosed()) {
      throw new HostServiceException(HostError.FAILED, "the tenant is gone");
    }
  }

  private void requireQuota(KeyValueUsage more) {
    long count = owner.services().keyValueUsage().count() + more.count();
    if (more.count() > 0 && count > MAX_KEYS) {
      throw new HostServiceException(
          HostError.QUOTA, "there would be " + count + " keys; allowed are " + MAX_KEYS);
    }
    long bytes = owner.storedBytes() + more.bytes();
    long allowed = owner.isolate().limits().value(IsolateLimit.STORAGE_BYTES);
    if (more.bytes() > 0 && bytes > allowed) {
      throw new HostServiceException(
          HostError.QUOTA, "storageBytes would be " + bytes + "; allowed are " + allowed);
    }
  }

  /// Returns what a pair counts for.
  static long sizeBytes(String key, byte[] value) {
    return (long) key.getBytes(UTF_8).length + value.length;
  }

  /// Checks that a value is not too large.
  ///
  /// @throws HostServiceException if it is
  static void requireValue(byte[] value) {
    if (value.length > MAX_VALUE_BYTES) {
      throw new HostServiceException(
          HostError.TOO_LARGE,
          "the value has " + value.length + " bytes; allowed are " + MAX_VALUE_BYTES);
    }
  }

  /// Checks that a key is one.
  ///
  /// @throws HostServiceException if it is not
  static void requireKey(String key) {
    int bytes = key.getBytes(UTF_8).length;
    if (bytes == 0 || bytes > MAX_KEY_BYTES) {
      throw new HostServiceException(
          HostError.INVALID, "the key has " + bytes + " bytes; allowed are 1 to " + MAX_KEY_BYTES);
    }
    // The last character would come after what marks the end of a prefix.
    if (key.codePoints()
        .anyMatch(c -> Character.isISOControl(c) || c == Character.MAX_CODE_POINT)) {
      throw new HostServiceException(
          HostError.INVALID, "the key has a character that is not allowed");
    }
  }

  /// Runs `work`; what the operator has to know is logged here, a guest is only told that it
  /// failed.
  private <T extends @Nullable Object> T stored(Supplier<T> work) {
    try {
      return work.get();
    } catch (StorageFullException e) {
      LOG.error("event=storage-full tenant={}", tenant, e);
      throw new HostServiceException(HostError.QUOTA, "the server's storage is full");
    } catch (StorageCorruptException e) {
      LOG.error("event=key-value-damaged tenant={} reason={}", tenant, e.getMessage());
      throw new DamagedValueException();
    } catch (StorageException e) {
      LOG.error("event=storage-failed tenant={}", tenant, e);
      throw new HostServiceException(HostError.FAILED, "the server's storage failed");
    }
  }
}
