package dev.cloister.isolate.abi;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.ExternType;
import dev.cloister.isolate.imports.CloisterModule;
import dev.cloister.isolate.mount.OpenMounts;
import dev.cloister.isolate.wasi.WasiConfig;
import dev.cloister.isolate.wasi.WasiPreview1;
import org.jspecify.annotations.Nullable;

/// What a guest of any convention can import: WASI, the services of the host, and functions of
/// whoever embeds the isolates. Made for one store, used by its thread.
public final class HostImports implements Imports, AutoCloseable {
  private final WasiPreview1 wasi;

  /// Null if the guest has no host to use.
  private final @Nullable CloisterModule host;

  private final Imports functions;

  /// Where the guest lives; null if nobody gives it directories or looks at what it imports.
  private final @Nullable InstanceContext context;

  private @Nullable OpenMounts mounts;

  private HostImports(
      WasiPreview1 wasi,
      @Nullable CloisterModule host,
      Imports functions,
      @Nullable InstanceContext context,
      @Nullable OpenMounts mounts) {
    this.wasi = wasi;
    this.host = host;
    this.functions = functions;
    this.context = context;
    this.mounts = mounts;
  }

  /// Those of a guest in the store of `context`, whose first call has begun, with the directories
  /// of that call.
  ///
  /// @param config what else the guest is handed
  /// @throws dev.cloister.engine.error.LimitExceededException of `hostDescriptors`
  public static HostImports of(InstanceContext context, WasiConfig.Builder config) {
    OpenMounts mounts = context.openMounts();
    mounts.preopens().forEach(config::preopen);
    return new HostImports(
        new WasiPreview1(config.build(), context.store()),
        new CloisterModule(context::services, context.hostCall()),
        context.services().functions(),
        context,
        mounts);
  }

  /// Those of a guest in `store` that has nothing but WASI.
  static HostImports ofWasi(Store store, WasiConfig config) {
    return new HostImports(new WasiPreview1(config, store), null, Imports.NONE, null, null);
  }

  /// Sees to it that the guest has the directories of the call that is being served. If those of
  /// the call before were others, what it left open is closed.
  public void mount() {
    InstanceContext instance = context;
    OpenMounts open = mounts;
    if (instance == null || open == null || open.mounts().equals(instance.call().mounts())) {
      return;
    }
    wasi.takeBack();
    mounts = null;
    open.close();
    OpenMounts opened = instance.openMounts();
    mounts = opened;
    wasi.handOut(opened.preopens());
  }

  @Override
  public @Nullable Extern resolve(String module, String name, ExternType type) {
    Extern found = find(module, name, type);
    return context == null || WasiPreview1.isTimeless(module, name)
        ? found
        : context.observed(module, name, found);
  }

  private @Nullable Extern find(String module, String name, ExternType type) {
    if (host != null && CloisterModule.isModuleName(module)) {
      return host.resolve(module, name);
    }
    Extern found = wasi.resolve(module, name);
    return found == null ? functions.resolve(module, name, type) : found;
  }

  /// Whether the guest has left no state here but what ends with a call.
  public boolean isUntouched() {
    return wasi.isUntouched() && (mounts == null || mounts.isEmpty());
  }

  /// Closes what the call that has just ended left open, and empties the directories that were its
  /// alone.
  public void forgetCall() {
    OpenMounts open = mounts;
    if (open != null) {
      wasi.takeBack();
      open.clear();
      wasi.handOut(open.preopens());
    }
    if (host != null) {
      host.forgetCall();
    }
  }

  /// Closes what the guest left open.
  @Override
  public void close() {
    try (OpenMounts _ = mounts;
        WasiPreview1 _ = wasi) {
      if (host != null) {
        host.close();
      }
    }
  }
}
