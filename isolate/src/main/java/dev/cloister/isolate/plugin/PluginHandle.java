package dev.cloister.isolate.plugin;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.abi.CapabilityNeeds;
import dev.cloister.isolate.abi.ProgramModules;
import dev.cloister.isolate.abi.extism.ExtismEnvironment;
import dev.cloister.isolate.abi.extism.ExtismSettings;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.imports.CloisterModule;
import dev.cloister.isolate.wasi.ContentTree;
import dev.cloister.isolate.wasi.WasiPreview1;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A tenant's hold on one compiled plugin: a module, or several that are linked.
///
/// It is counted: [LoadedModules] has one hold and every call in flight has one, so a module that
/// is unloaded stays until its last call has ended. Then the engine's reference is closed and the
/// bytes charged for the module return to the tenant's budget. Any thread.
///
/// What is charged is a function of the module alone: its wire bytes, its metadata, and what its
/// code takes when all of it has been generated; once more for each further kind of code that the
/// tenant's calls run.
public final class PluginHandle {
  private final ModuleHash hash;
  private final ModuleHandle module;
  private final ProgramModules modules;
  private final ExtismSettings settings;
  private final CodeBudget budget;
  private final PluginContent content;
  private final Abi abi;
  private final SortedMap<Capability, List<String>> needs;
  private final SortedMap<Capability, List<String>> requirements;
  private final List<Import> unresolvedImports;

  private final Object lock = new Object();

  @GuardedBy("lock")
  private int holds = 1;

  @GuardedBy("lock")
  private boolean unloaded;

  @GuardedBy("lock")
  private long chargedBytes;

  /// The kinds of code that are paid for; replaced under the lock, read by every call.
  private volatile Set<CodeKind> paidKinds;

  private PluginHandle(
      ModuleHash hash,
      ProgramModules modules,
      @Nullable ExtismSettings settings,
      CodeBudget budget,
      long chargedBytes,
      PluginContent content) {
    this.hash = hash;
    this.module = modules.main();
    this.modules = modules;
    this.settings = settings == null ? ExtismSettings.DEFAULTS : settings;
    this.budget = budget;
    this.content = content;
    this.chargedBytes = chargedBytes;
    this.paidKinds = EnumSet.of(CodeKind.BASELINE, CodeKind.OPTIMIZED);
    this.abi = settings == null ? AbiDetector.detect(module.module()) : Abi.EXTISM;
    this.needs = Collections.unmodifiableSortedMap(needs(modules));
    this.requirements = Collections.unmodifiableSortedMap(CapabilityNeeds.required(needs));
    this.unresolvedImports =
        modules
            .all()
            .flatMap(part -> part.module().imports().stream())
            .filter(needed -> !isProvided(needed) && !modules.exports(needed))
            .toList();
  }

  /// Whether something on this server provides an import, given the capability that it needs.
  public static boolean isProvided(Import needed) {
    return WasiPreview1.provides(needed.module(), needed.name())
        || ExtismEnvironment.provides(needed.module(), needed.name())
        || CloisterModule.provides(needed.module(), needed.name());
  }

  /// What the module needs to be granted, with the imports that need it.
  public SortedMap<Capability, List<String>> needs() {
    return needs;
  }

  /// What of it calls are refused without.
  public SortedMap<Capability, List<String>> requirements() {
    return requirements;
  }

  /// Takes `module` over and charges `budget` for it.
  ///
  /// @param wireBytes the size of the module
  /// @throws dev.cloister.engine.error.LimitExceededException if the budget does not allow it;
  ///   `module` is the caller's then
  static PluginHandle open(ModuleHandle module, CodeBudget budget, long wireBytes) {
    return open(
        module.hash(), ProgramModules.of(module), null, budget, wireBytes, PluginContent.NONE);
  }

  /// Takes `modules` over and charges `budget` for them.
  ///
  /// @param hash the digest of what they came in
  /// @param settings what came with them; null if nothing did
  /// @param wireBytes the size of the modules
  /// @param content the files that came with them
  /// @throws dev.cloister.engine.error.LimitExceededException if the budget does not allow it;
  ///   `modules` are the caller's then
  static PluginHandle open(
      ModuleHash hash,
      ProgramModules modules,
      @Nullable ExtismSettings settings,
      CodeBudget budget,
      long wireBytes,
      PluginContent content) {
    long bytes = wireBytes + imageBytes(modules, CodeKind.BASELINE);
    bytes += modules.all().mapToLong(module -> module.module().metadataBytes()).sum();
    budget.charge(bytes);
    return new PluginHandle(hash, modules, settings, budget, bytes, content);
  }

  private static long imageBytes(ProgramModules modules, CodeKind kind) {
    return modules.all().mapToLong(module -> module.imageBytes(kind)).sum();
  }

  private static SortedMap<Capability, List<String>> needs(ProgramModules modules) {
    SortedMap<Capability, List<String>> all = new TreeMap<>();
    modules
        .all()
        .forEach(module ->
            CapabilityNeeds.of(module.module())
                .forEach((capability, imports) ->
                    all.computeIfAbsent(capability, _ -> new ArrayList<>()).addAll(imports)));
    return all;
  }

  /// The digest of what the plugin came in: a module, a manifest or a bundle.
  public ModuleHash hash() {
    return hash;
  }

  /// The module whose exports are called.
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

  /// What a program of it is linked of.
  public ProgramModules modules() {
    return modules;
  }

  /// The files that came with it, for a caller that has a hold.
  public ContentTree content() {
    return content.files();
  }

  /// What its author chose for it if it is an Extism plug-in.
  public ExtismSettings extismSettings() {
    return settings;
  }

  /// Pays for code of `kind` that a call is about to run; for a caller that has a hold.
  ///
  /// Optimized code takes the place of baseline code, so both are one share. The other kinds are
  /// made beside them, and stay charged until the module is let go.
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException of `codeBytes` or `memoryBytes`
  public void payFor(CodeKind kind) {
    if (paidKinds.contains(kind)) {
      return;
    }
    synchronized (lock) {
      if (paidKinds.contains(kind)) {
        return;
      }
      long bytes = imageBytes(modules, kind);
      budget.charge(bytes);
      chargedBytes += bytes;
      Set<CodeKind> kinds = EnumSet.copyOf(paidKinds);
      kinds.add(kind);
      paidKinds = kinds;
    }
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
    long bytes;
    synchronized (lock) {
      if (holds == 0) {
        throw new IllegalStateException("module " + hash().hex() + " was released too often");
      }
      if (--holds > 0) {
        return;
      }
      bytes = chargedBytes;
    }
    modules.all().forEach(ModuleHandle::close);
    budget.release(bytes);
    content.close();
  }
}
