package dev.cloister.isolate.host;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The key-value store of a host that has none.
final class NoKeyValueStore implements KeyValueStore {
  @Override
  public byte @Nullable [] get(String key) {
    return null;
  }

  @Override
  public void set(String key, byte[] value) {
    throw new HostServiceException(HostError.QUOTA, "this host keeps no values");
  }

  @Override
  public boolean delete(String key) {
    return false;
  }

  @Override
  public List<String> list(String prefix, @Nullable String after, int limit) {
    return List.of();
  }
}
