package dev.cloister.isolate.plugin;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.wasi.WasiPreview1;
import java.util.List;

/// A tenant's hold on one compiled module.
///
/// It is counted: [LoadedModules] has one hold and every call in flight has one, so a module that
/// is unloaded stays until its last call has ended. Then the engine's reference is closed and the
/// bytes charged for the module return to the ledger. Any thread.
public final class PluginHandle {
  private final ModuleHandle module;
  private final HeapLedger ledger;
  private final long chargedBytes;
  private final Abi abi;
  private final List<Import> unresolvedImports;

  private final Object lock = new Object();

  @GuardedBy("lock")
  private int holds = 1;

  @GuardedBy("lock")
  private boolean unloaded;

  /// Takes `module` over, for which `chargedBytes` are charged as code share.
  PluginHandle(ModuleHandle module, HeapLedger ledger, long chargedBytes) {
    this.module = module;
    this.ledger = ledger;
    this.chargedBytes = chargedBytes;
    this.abi = AbiDetector.detect(module.module());
    this.unresolvedImports =
        module.module().imports().stream()
            .filter(needed -> !WasiPreview1.provides(needed.module(), needed.name()))
            .toList();
  }

  /// The digest of the module's bytes.
  public ModuleHash hash() {
    return module.hash();
  }

  /// The module.
  public WasmModule module() {
    return module.module();
  }

  /// The convention that the module follows.
  public Abi abi() {
    return abi;
  }

  /// The engine's URL of the module.
  public String scriptUrl() {
    return module.scriptUrl();
  }

  /// The imports that nothing on this server provides; a call of a module that has any fails.
  public List<Import> unresolvedImports() {
    return unresolvedImports;
  }

  /// The engine's reference, which must not be closed; for a caller that has a hold.
  public ModuleHandle engineHandle() {
    return module;
  }

  /// Takes a hold; returns false if the module was unloaded.
  public boolean hold() {
    synchronized (lock) {
      if (unloaded) {
        return false;
      }
      holds++;
      return true;
    }
  }

  /// Takes another hold for one who has one, also when the module was unloaded.
  public void retain() {
    synchronized (lock) {
      holds++;
    }
  }

  /// Lets no more holds be taken and gives the first one back; called once.
  void unload() {
    synchronized (lock) {
      unloaded = true;
    }
    release();
  }

  /// Gives a hold back; the last one lets the module go.
  public void release() {
    synchronized (lock) {
      if (holds == 0) {
        throw new IllegalStateException("module " + hash().hex() + " was released too often");
      }
      if (--holds > 0) {
        return;
      }
    }
    module.close();
    ledger.release(HeapCategory.CODE_SHARE, chargedBytes);
  }
}
