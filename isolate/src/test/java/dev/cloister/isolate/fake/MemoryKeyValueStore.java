package dev.cloister.isolate.fake;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.KeyValueStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A key-value store in memory that holds a few values of a few bytes. One thread at a time.
public final class MemoryKeyValueStore implements KeyValueStore {
  /// The most values that it holds.
  public static final int MAX_VALUES = 4;

  /// The longest value.
  public static final int MAX_VALUE_BYTES = 1024;

  private final TreeMap<Key, byte[]> values = new TreeMap<>();

  /// Makes an empty one.
  public MemoryKeyValueStore() {}

  /// A key in the order of its bytes.
  private record Key(String text) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      return Arrays.compareUnsigned(bytes(), other.bytes());
    }

    private byte[] bytes() {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }

  @Override
  public byte @Nullable [] get(String key) {
    byte[] value = values.get(key(key));
    return value == null ? null : value.clone();
  }

  @Override
  public void set(String key, byte[] value) {
    if (value.length > MAX_VALUE_BYTES) {
      throw new HostServiceException(HostError.TOO_LARGE, "the value is too large");
    }
    Key named = key(key);
    if (!values.containsKey(named) && values.size() == MAX_VALUES) {
      throw new HostServiceException(HostError.QUOTA, "there are too many values");
    }
    values.put(named, value.clone());
  }

  @Override
  public boolean delete(String key) {
    return values.remove(key(key)) != null;
  }

  @Override
  public List<String> list(String prefix, @Nullable String after, int limit) {
    List<String> found = new ArrayList<>();
    for (Key key : values.keySet()) {
      boolean isAfter = after == null || key.compareTo(new Key(after)) > 0;
      if (isAfter && key.text().startsWith(prefix) && found.size() < limit) {
        found.add(key.text());
      }
    }
    return found;
  }

  private static Key key(String text) {
    if (text.isEmpty() || text.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
      throw new HostServiceException(HostError.INVALID, "the key is empty or too long");
    }
    return new Key(text);
  }
}
