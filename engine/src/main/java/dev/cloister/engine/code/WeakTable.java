package dev.cloister.engine.code;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Values that live as long as somebody else uses them, by key. Safe to use by any thread.
///
/// A value may refer to its key. Dead entries are dropped as the collector tells of them, so
/// looking up takes constant time however many there are.
final class WeakTable<K, V> {
  private final Map<K, Entry<K, V>> entries = new HashMap<>();
  private final ReferenceQueue<V> dead = new ReferenceQueue<>();

  /// {@return the value of a key}
  ///
  /// @param make makes the value if there is none; may look up other keys
  synchronized V get(K key, Function<? super K, ? extends V> make) {
    removeDead();
    Entry<K, V> known = entries.get(key);
    V value = known == null ? null : known.get();
    if (value == null) {
      value = make.apply(key);
      // The key of a dead entry must not stay: it may be all that keeps something else alive.
      entries.remove(key);
      entries.put(key, new Entry<>(key, value, dead));
    }
    return value;
  }

  /// {@return the value of a key if there is one}
  synchronized @Nullable V find(K key) {
    Entry<K, V> known = entries.get(key);
    return known == null ? null : known.get();
  }

  /// {@return the values that live}
  synchronized List<V> values() {
    List<V> values = new ArrayList<>();
    for (Entry<K, V> entry : entries.values()) {
      V value = entry.get();
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  /// {@return the number of entries whose death is not known yet}
  synchronized int size() {
    removeDead();
    return entries.size();
  }

  private void removeDead() {
    Reference<? extends V> reference;
    while ((reference = dead.poll()) != null) {
      Entry<?, ?> entry = (Entry<?, ?>) reference;
      entries.remove(entry.key, entry);
    }
  }

  private static final class Entry<K, V> extends WeakReference<V> {
    final K key;

    Entry(K key, V value, ReferenceQueue<V> dead) {
      super(value, dead);
      this.key = key;
    }
  }
}
