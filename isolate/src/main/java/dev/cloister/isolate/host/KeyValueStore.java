package dev.cloister.isolate.host;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a tenant's plugins keep beyond their calls: bytes by key, shared by all of them.
///
/// Keys are texts of 1 to [#MAX_KEY_BYTES] bytes in UTF-8 without control characters. Any thread;
/// every method may block, so guests call it within [HostCall#blocking].
public interface KeyValueStore {
  /// The longest key, in bytes of UTF-8.
  int MAX_KEY_BYTES = 512;

  /// A store that keeps nothing and refuses to.
  KeyValueStore NONE = new NoKeyValueStore();

  /// The value of `key`, which is the caller's, or null.
  ///
  /// @throws HostServiceException if the key is invalid, or storage failed
  byte @Nullable [] get(String key);

  /// Makes `value` that of `key`. When it returns, the value is on disk.
  ///
  /// @throws HostServiceException if the key is invalid, the value too large or a quota used up, or
  ///   if storage failed; then nothing has changed
  void set(String key, byte[] value);

  /// Removes `key`; when it returns, that is on disk.
  ///
  /// @return whether it was there
  /// @throws HostServiceException if the key is invalid, or storage failed
  boolean delete(String key);

  /// The keys that begin with `prefix` and come after `after`, in the order of their UTF-8 bytes.
  ///
  /// @param after the last key of the list before, or null for the first one
  /// @param limit the most keys to return, at least 1
  /// @throws HostServiceException if storage failed
  List<String> list(String prefix, @Nullable String after, int limit);
}
