package dev.cloister.isolate.plugin;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.module.ModuleHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The modules that one tenant holds, by digest. Any thread.
public final class LoadedModules {
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<ModuleHash, PluginHandle> modules = new HashMap<>();

  @GuardedBy("lock")
  private boolean closed;

  /// The module with this digest, or null.
  public @Nullable PluginHandle find(ModuleHash hash) {
    synchronized (lock) {
      return modules.get(hash);
    }
  }

  /// Adds `loaded`, whose hold passes to this table; if one with its digest is there already, that
  /// one is returned and `loaded` is released.
  ///
  /// @throws IllegalStateException if the table is closed; `loaded` is unloaded
  PluginHandle add(PluginHandle loaded) {
    PluginHandle kept;
    boolean wasClosed;
    synchronized (lock) {
      wasClosed = closed;
      kept = closed ? null : modules.putIfAbsent(loaded.hash(), loaded);
    }
    if (wasClosed) {
      loaded.unload();
      throw new IllegalStateException("the tenant is gone");
    }
    if (kept == null) {
      return loaded;
    }
    loaded.unload();
    return kept;
  }

  /// Lets the module with this digest go; returns whether it was there.
  public boolean remove(ModuleHash hash) {
    PluginHandle removed;
    synchronized (lock) {
      removed = modules.remove(hash);
    }
    if (removed == null) {
      return false;
    }
    removed.unload();
    return true;
  }

  /// How many modules are held.
  public int count() {
    synchronized (lock) {
      return modules.size();
    }
  }

  /// Lets every module go and accepts no more.
  public void close() {
    List<PluginHandle> removed;
    synchronized (lock) {
      closed = true;
      removed = new ArrayList<>(modules.values());
      modules.clear();
    }
    removed.forEach(PluginHandle::unload);
  }
}
