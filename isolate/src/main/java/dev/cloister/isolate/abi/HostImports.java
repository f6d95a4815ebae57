package dev.cloister.isolate.abi;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.ExternType;
import dev.cloister.isolate.imports.CloisterModule;
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

  /// Null if nobody looks at what the guest imports.
  private final @Nullable InstanceContext observer;

  private HostImports(
      WasiPreview1 wasi,
      @Nullable CloisterModule host,
      Imports functions,
      @Nullable InstanceContext observer) {
    this.wasi = wasi;
    this.host = host;
    this.functions = functions;
    this.observer = observer;
  }

  /// Those of a guest in the store of `context`, whose first call has begun.
  public static HostImports of(InstanceContext context, WasiConfig config) {
    return new HostImports(
        new WasiPreview1(config, context.store()),
        new CloisterModule(context::services, context.hostCall()),
        context.services().functions(),
        context);
  }

  /// Those of a guest in `store` that has nothing but WASI.
  static HostImports ofWasi(Store store, WasiConfig config) {
    return new HostImports(new WasiPreview1(config, store), null, Imports.NONE, null);
  }

  @Override
  public @Nullable Extern resolve(String module, String name, ExternType type) {
    Extern found = find(module, name, type);
    return observer == null || WasiPreview1.isTimeless(module, name)
        ? found
        : observer.observed(module, name, found);
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
    return wasi.isUntouched();
  }

  /// Closes what the call that has just ended left open.
  public void forgetCall() {
    wasi.closeOpened();
    if (host != null) {
      host.forgetCall();
    }
  }

  /// Closes what the guest left open.
  @Override
  public void close() {
    try (WasiPreview1 _ = wasi) {
      if (host != null) {
        host.close();
      }
    }
  }
}
