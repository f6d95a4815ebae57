package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The native modules by content: equal bytes with equal features are compiled once and shared (V8
/// `NativeModuleCache`).
///
/// Entries are weak: a module is kept by those who use it, and as long as it is there it is found
/// here. Compilation is single flight: one of those who want the same content owns the [Flight],
/// the others get a future of it and try again when it ends. An owner that fails or is cancelled
/// ends its flight without a module, and the next one who tries is the owner: a failure poisons
/// nothing. Nothing here blocks. Safe to use by any thread.
public final class NativeModuleCache {
  /// What makes two modules the same.
  ///
  /// @param hash of the wire bytes
  /// @param features that the module was validated and compiled with
  /// @param imports those that are compiled in
  /// @param engineVersion the engine whose code it is
  /// @param salt what sets the modules of isolates that do not want to share apart, else empty
  public record Key(
      ModuleHash hash,
      WasmFeatures features,
      CompileTimeImports imports,
      String engineVersion,
      String salt) {
    /// Creates the key of this engine's code without compile-time imports, which everybody shares.
    public Key(ModuleHash hash, WasmFeatures features) {
      this(hash, features, CompileTimeImports.NONE, EngineVersion.CURRENT, "");
    }
  }

  /// What is known of a module before its bodies have come.
  ///
  /// @param prefixHash of all that comes before the bodies
  /// @param features as of [Key]
  /// @param imports as of [Key]
  /// @param salt as of [Key]
  public record PrefixKey(
      long prefixHash, WasmFeatures features, CompileTimeImports imports, String salt) {
    static PrefixKey of(Key key, long prefixHash) {
      return new PrefixKey(prefixHash, key.features, key.imports, key.salt);
    }
  }

  /// One compilation of one content; whoever owns it calls [#land] or [#fail].
  public static final class Flight {
    private final Key key;
    private final CompletableFuture<@Nullable NativeModule> end = new CompletableFuture<>();

    private Flight(Key key) {
      this.key = key;
    }

    /// {@return what completes when the flight ends} With the module, or with null: then the
    /// content has to be claimed again. Never exceptionally.
    public CompletableFuture<@Nullable NativeModule> end() {
      return end;
    }
  }

  /// What came of asking for a content.
  public sealed interface Claim {
    /// The module is there.
    record Hit(NativeModule module) implements Claim {}

    /// Somebody else compiles it.
    record Busy(Flight flight) implements Claim {}

    /// Whoever asked is to compile it.
    record Owned(Flight flight) implements Claim {}
  }

  private static final class Entry extends WeakReference<NativeModule> {
    final Key key;
    final PrefixKey prefix;

    Entry(Key key, PrefixKey prefix, NativeModule module, ReferenceQueue<NativeModule> dead) {
      super(module, dead);
      this.key = key;
      this.prefix = prefix;
    }
  }

  private final OrderedLock lock = new OrderedLock(LockRank.MODULE_CACHE);
  private final ReferenceQueue<NativeModule> dead = new ReferenceQueue<>();

  @GuardedBy("lock")
  private final Map<Key, Entry> entries = new HashMap<>();

  @GuardedBy("lock")
  private final Map<Key, Flight> flights = new HashMap<>();

  /// How many entries have a prefix.
  @GuardedBy("lock")
  private final Map<PrefixKey, Integer> prefixes = new HashMap<>();

  /// The prefixes of the streams that are decoded as they come.
  @GuardedBy("lock")
  private final Set<PrefixKey> streams = new HashSet<>();

  @GuardedBy("lock")
  private long compilations;

  @GuardedBy("lock")
  private long hits;

  /// Creates an empty cache.
  public NativeModuleCache() {}

  /// Asks for a content.
  public Claim claim(Key key) {
    lock.lock();
    try {
      expunge();
      Entry entry = entries.get(key);
      NativeModule module = entry == null ? null : entry.get();
      if (module != null) {
        hits++;
        return new Claim.Hit(module);
      }
      Flight other = flights.get(key);
      if (other != null) {
        return new Claim.Busy(other);
      }
      Flight flight = new Flight(key);
      flights.put(key, flight);
      return new Claim.Owned(flight);
    } finally {
      lock.unlock();
    }
  }

  /// Ends a flight with its module.
  ///
  /// @param prefixHash that of the module
  public void land(Flight flight, NativeModule module, long prefixHash) {
    PrefixKey prefix = PrefixKey.of(flight.key, prefixHash);
    lock.lock();
    try {
      if (!flights.remove(flight.key, flight)) {
        throw new IllegalStateException("the flight has ended");
      }
      expunge();
      Entry stale = entries.put(flight.key, new Entry(flight.key, prefix, module, dead));
      if (stale != null) {
        dropPrefix(stale);
      }
      prefixes.merge(prefix, 1, Integer::sum);
      compilations++;
    } finally {
      lock.unlock();
    }
    flight.end.complete(module);
  }

  /// Ends a flight without a module.
  public void fail(Flight flight) {
    lock.lock();
    try {
      if (!flights.remove(flight.key, flight)) {
        throw new IllegalStateException("the flight has ended");
      }
    } finally {
      lock.unlock();
    }
    flight.end.complete(null);
  }

  /// Notes that whoever waited for a flight got its module.
  public void countHit() {
    lock.lock();
    try {
      hits++;
    } finally {
      lock.unlock();
    }
  }

  /// Asks whether a stream is to be decoded as it comes: not if there is a module with the same
  /// prefix, or another such stream. It is then probably the same module once more, and worth
  /// waiting for its end to see.
  ///
  /// @return if so, [#releasePrefix] must follow
  public boolean ownPrefix(PrefixKey prefix) {
    lock.lock();
    try {
      expunge();
      return !prefixes.containsKey(prefix) && streams.add(prefix);
    } finally {
      lock.unlock();
    }
  }

  /// Ends the ownership of a prefix, however the stream ended.
  public void releasePrefix(PrefixKey prefix) {
    lock.lock();
    try {
      if (!streams.remove(prefix)) {
        throw new IllegalStateException("the prefix has no owner");
      }
    } finally {
      lock.unlock();
    }
  }

  /// Forgets modules that are gone.
  @GuardedBy("lock")
  private void expunge() {
    Reference<? extends NativeModule> reference;
    while ((reference = dead.poll()) != null) {
      Entry entry = (Entry) reference;
      if (entries.remove(entry.key, entry)) {
        dropPrefix(entry);
      }
    }
  }

  @GuardedBy("lock")
  private void dropPrefix(Entry entry) {
    prefixes.computeIfPresent(entry.prefix, (_, count) -> count == 1 ? null : count - 1);
  }

  /// {@return how many modules were compiled since the start}
  public long compilations() {
    lock.lock();
    try {
      return compilations;
    } finally {
      lock.unlock();
    }
  }

  /// {@return how often a module was there already, or came from somebody else's flight}
  public long hits() {
    lock.lock();
    try {
      return hits;
    } finally {
      lock.unlock();
    }
  }

  /// {@return how many modules are known, compilations under way, and owned prefixes} All 0 when
  /// nobody uses the engine and the collector has told of the last module.
  public Size size() {
    lock.lock();
    try {
      expunge();
      return new Size(entries.size(), flights.size(), streams.size());
    } finally {
      lock.unlock();
    }
  }

  /// What a cache holds.
  ///
  /// @param modules known ones
  /// @param flights compilations under way
  /// @param streams owned prefixes
  public record Size(int modules, int flights, int streams) {}
}
