package dev.cloister.sandbox.storage;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Goes through the key-value pairs of a tenant, in the order of their keys. Valid as long as the
/// transaction in which it reads; one thread uses it.
///
/// It has the keys of one page in memory and one value: values may be large, and there may be many.
public final class KeyValueCursor {
  private static final int PAGE = 1_000;

  private final SqlSession session;
  private final TenantName tenant;
  private final Deque<KeyValueRecord> page = new ArrayDeque<>();
  private String last = "";
  private boolean isAtEnd;

  KeyValueCursor(SqlSession session, TenantName tenant) {
    this.session = session;
    this.tenant = tenant;
  }

  /// Returns the next pair, or null if there is no other.
  ///
  /// @throws StorageException if the store cannot be read
  /// @throws StorageCorruptException if the value is not what was stored
  public @Nullable KeyValuePair next() {
    if (page.isEmpty() && !isAtEnd) {
      List<KeyValueRecord> next = KeyValueTable.list(session, tenant, "", last, PAGE);
      page.addAll(next);
      isAtEnd = next.size() < PAGE;
    }
    @Nullable KeyValueRecord record = page.poll();
    if (record == null) {
      return null;
    }
    last = record.key();
    byte @Nullable [] value = KeyValueTable.value(session, tenant, record.key());
    if (value == null) {
      throw new StorageCorruptException("a key of " + tenant + " has no value");
    }
    return new KeyValuePair(record, value);
  }
}
