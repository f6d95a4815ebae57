package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.module.ModuleHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The native modules by content: equal bytes with equal features are compiled once and shared.
///
/// Entries are counted by the references that isolates hold; at zero the entry is dropped and the
/// code unloaded. Compilation is single flight: whoever comes while another compiles the same
/// content waits for it. A failure is not kept: those who waited try again, one after the other.
/// Safe to use by any thread; calls that compile block.
public final class NativeModuleCache {
  /// What makes two modules the same.
  ///
  /// @param hash of the wire bytes
  /// @param features that the module was validated and compiled with
  public record Key(ModuleHash hash, WasmFeatures features) {}

  private static final class Entry {
    final NativeModule module;
    int references;

    Entry(NativeModule module) {
      this.module = module;
    }
  }

  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<Key, Entry> entries = new HashMap<>();

  @GuardedBy("lock")
  private final Map<Key, CompletableFuture<@Nullable Void>> compiling = new HashMap<>();

  @GuardedBy("lock")
  private long compilations;

  @GuardedBy("lock")
  private long hits;

  /// Takes one reference on the module with this key, compiling it if nobody has it.
  ///
  /// @param compile makes the module; runs on the caller's thread, without a lock
  /// @throws RuntimeException what `compile` threw
  public NativeModule acquire(Key key, Supplier<NativeModule> compile) {
    while (true) {
      CompletableFuture<@Nullable Void> other;
      synchronized (lock) {
        Entry entry = entries.get(key);
        if (entry != null) {
          entry.references++;
          hits++;
          return entry.module;
        }
        other = compiling.get(key);
        if (other == null) {
          compiling.put(key, new CompletableFuture<>());
        }
      }
      if (other == null) {
        return compile(key, compile);
      }
      try {
        other.join();
      } catch (CompletionException _) {
        // The other one failed; its fault is not ours until we have met it ourselves.
      }
    }
  }

  private NativeModule compile(Key key, Supplier<NativeModule> compile) {
    Entry entry = null;
    try {
      entry = new Entry(compile.get());
      entry.references = 1;
      return entry.module;
    } finally {
      CompletableFuture<@Nullable Void> finished;
      synchronized (lock) {
        if (entry != null) {
          entries.put(key, entry);
          compilations++;
        }
        finished = compiling.remove(key);
      }
      if (finished != null) {
        finished.complete(null);
      }
    }
  }

  /// Gives back one reference.
  ///
  /// @return whether it was the last one
  public boolean release(Key key) {
    synchronized (lock) {
      Entry entry = entries.get(key);
      if (entry == null) {
        throw new IllegalStateException("no module with key " + key);
      }
      if (--entry.references > 0) {
        return false;
      }
      entries.remove(key);
      return true;
    }
  }

  /// {@return the live modules with the number of references on each}
  public Map<NativeModule, Integer> snapshot() {
    Map<NativeModule, Integer> snapshot = new HashMap<>();
    synchronized (lock) {
      entries.values().forEach(entry -> snapshot.put(entry.module, entry.references));
    }
    return snapshot;
  }

  /// {@return the live modules}
  public List<NativeModule> modules() {
    return new ArrayList<>(snapshot().keySet());
  }

  /// {@return how many modules were compiled since the start}
  public long compilations() {
    synchronized (lock) {
      return compilations;
    }
  }

  /// {@return how often a module was there already}
  public long hits() {
    synchronized (lock) {
      return hits;
    }
  }
}
