package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Modules that were found faulty a short while ago, so that whoever sends the same bytes again and
/// again gets the same answer without the work of finding it.
///
/// A fault becomes certain with some number of bytes, whatever follows; these bytes are known here
/// by their digest. Bounded in number and time: a few seconds later everything is forgotten. Safe
/// to use by any thread.
public final class ModuleFailures {
  /// How long a fault is known, in nanoseconds.
  public static final long LIFE_NANOS = 10_000_000_000L;

  /// How many faults are known at once; the oldest goes first.
  public static final int MAX_FAILURES = 256;

  /// How many of them may begin in the same way: each costs a stream with this prefix a digest.
  static final int MAX_OF_PREFIX = 4;

  /// What else a fault depends on.
  ///
  /// @param features that the module might have used
  /// @param imports as of [NativeModuleCache.Key]
  /// @param limits that it had to keep
  /// @param salt as of [NativeModuleCache.Key]
  public record Scope(
      WasmFeatures features, CompileTimeImports imports, WasmLimits limits, String salt) {}

  /// A known fault.
  ///
  /// @param hash the digest of the bytes that made it certain
  /// @param length their number
  /// @param fault what was thrown
  public record Failure(ModuleHash hash, int length, WasmException fault) {}

  private record ContentKey(ModuleHash hash, Scope scope) {}

  private record PrefixKey(long prefix, Scope scope) {}

  private record Entry(Failure failure, @Nullable PrefixKey prefix, long addedNanos) {}

  private final LongSupplier nanoTime;
  private final OrderedLock lock = new OrderedLock(LockRank.MODULE_FAILURES);

  /// The oldest first.
  @GuardedBy("lock")
  private final Map<ContentKey, Entry> entries = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final Map<PrefixKey, List<Failure>> byPrefix = new HashMap<>();

  @GuardedBy("lock")
  private long hits;

  /// Creates an empty table.
  ///
  /// @param nanoTime a clock like [System#nanoTime]
  public ModuleFailures(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /// {@return the fault of the module with this digest, if it is known}
  public @Nullable WasmException find(ModuleHash hash, Scope scope) {
    lock.lock();
    try {
      forgetOld();
      Entry entry = entries.get(new ContentKey(hash, scope));
      if (entry == null) {
        return null;
      }
      hits++;
      return entry.failure.fault();
    } finally {
      lock.unlock();
    }
  }

  /// {@return the known faults of modules with this prefix hash}
  public List<Failure> withPrefix(long prefix, Scope scope) {
    lock.lock();
    try {
      forgetOld();
      return List.copyOf(byPrefix.getOrDefault(new PrefixKey(prefix, scope), List.of()));
    } finally {
      lock.unlock();
    }
  }

  /// Notes that a fault of [#withPrefix] was met again.
  public void countHit() {
    lock.lock();
    try {
      hits++;
    } finally {
      lock.unlock();
    }
  }

  /// Notes a fault.
  ///
  /// @param prefix the prefix hash of the module, null if the fault came before it was known
  public void add(Failure failure, @Nullable Long prefix, Scope scope) {
    ContentKey key = new ContentKey(failure.hash(), scope);
    PrefixKey prefixKey = prefix == null ? null : new PrefixKey(prefix, scope);
    lock.lock();
    try {
      forgetOld();
      if (entries.containsKey(key)) {
        return;
      }
      entries.put(key, new Entry(failure, prefixKey, nanoTime.getAsLong()));
      if (prefixKey != null) {
        List<Failure> alike = byPrefix.computeIfAbsent(prefixKey, _ -> new ArrayList<>());
        if (alike.size() == MAX_OF_PREFIX) {
          alike.removeFirst();
        }
        alike.add(failure);
      }
    } finally {
      lock.unlock();
    }
  }

  /// {@return how many faults are known}
  public int size() {
    lock.lock();
    try {
      forgetOld();
      return entries.size();
    } finally {
      lock.unlock();
    }
  }

  /// {@return how often a known fault was met again}
  public long hits() {
    lock.lock();
    try {
      return hits;
    } finally {
      lock.unlock();
    }
  }

  /// Drops what is too old, and the oldest if there are too many.
  @GuardedBy("lock")
  private void forgetOld() {
    long now = nanoTime.getAsLong();
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext()) {
      Entry entry = oldest.next();
      if (now - entry.addedNanos < LIFE_NANOS && entries.size() < MAX_FAILURES) {
        return;
      }
      oldest.remove();
      forgetPrefix(entry);
    }
  }

  @GuardedBy("lock")
  private void forgetPrefix(Entry entry) {
    if (entry.prefix == null) {
      return;
    }
    List<Failure> alike = byPrefix.get(entry.prefix);
    if (alike != null) {
      alike.remove(entry.failure);
      if (alike.isEmpty()) {
        byPrefix.remove(entry.prefix);
      }
    }
  }
}
