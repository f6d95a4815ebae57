package dev.cloister.engine;

import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.engine.logging.IsolateCodeLog;
import dev.cloister.engine.runtime.StopHistory;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.script.Script;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// An isolate as the engine knows it: one tenant, and which native modules it uses.
///
/// A module is in the isolate's set exactly if the isolate is in the module's. Safe to use by any
/// thread.
public final class EngineIsolate implements AutoCloseable {
  private final WasmEngine engine;
  private final String id;
  private final String salt;

  /// How often guests had to be stopped, by module. It outlives the handles, else an isolate would
  /// leave quarantine by uploading its module anew. Guarded by the lock of [SharedModules].
  private final Map<NativeModuleCache.Key, StopHistory> stops = new HashMap<>();

  /// What logs and debuggers of this isolate call each module that it uses. Guarded likewise.
  private final Map<NativeModule, Script> scripts = new HashMap<>();

  private final Debugger debugger;

  /// What the isolate is told of its code.
  private final IsolateCodeLog codeLog;

  EngineIsolate(WasmEngine engine, String id, String salt) {
    this.engine = engine;
    this.id = id;
    this.salt = salt;
    this.debugger = new Debugger(id, engine.config().maxPausedGuests());
    this.codeLog = engine.codeLogger().add(this, id);
  }

  /// {@return what debugs the isolate} Off until somebody turns it on.
  public Debugger debugger() {
    return debugger;
  }

  /// Notes that the isolate uses a module. With the lock of [SharedModules] held.
  ///
  /// @param nextScript the number of the next script of the engine
  /// @return what the isolate's logs and debuggers call it
  Script began(NativeModule module, AtomicInteger nextScript) {
    debugger.link(module);
    Script script =
        scripts.computeIfAbsent(
            module,
            used ->
                new Script(
                    nextScript.getAndIncrement(), id, used.scriptUrl(), used.sources().symbols()));
    engine.codeLogger().link(codeLog, module, script);
    return script;
  }

  /// Notes that the isolate uses a module no more. With the lock of [SharedModules] held.
  void ended(NativeModule module) {
    scripts.remove(module);
    engine.codeLogger().unlink(codeLog, module);
    debugger.unlink(module);
  }

  IsolateCodeLog codeLog() {
    return codeLog;
  }

  /// {@return whether the isolate is told of the code that its modules get}
  public boolean isLoggingCode() {
    return codeLog.isOn();
  }

  /// Tells `listener` of the code that the isolate's modules get, in place of the one before, and
  /// at once of all code that they have, on this thread.
  ///
  /// @return whether that is so; not if the isolate was removed
  public boolean startCodeLog(CodeLogListener listener) {
    return engine.codeLogger().turnOn(codeLog, listener);
  }

  /// Tells nobody any more; what was not told of yet is dropped. Repeating it does nothing.
  public void stopCodeLog() {
    engine.codeLogger().turnOff(codeLog);
  }

  /// {@return the name of the isolate}
  public String id() {
    return id;
  }

  /// {@return what sets its modules apart from those of others, empty if it shares them}
  String salt() {
    return salt;
  }

  /// {@return whether the isolate has a handle on a module}
  boolean uses(NativeModule module) {
    return engine.shared().uses(this, module);
  }

  /// {@return whether a module is being compiled for the isolate}
  public boolean hasRunningCompileJob() {
    return engine.jobs().hasJobOf(this);
  }

  /// Cancels the compilations for the isolate that have a tag, because what they compile was
  /// removed. Others that wait for the same bytes compile them themselves.
  ///
  /// @return how many were
  public int cancelCompileJobs(String tag) {
    return engine.cancelTagged(this, tag);
  }

  /// {@return the history of a module's stops} With the lock of [SharedModules] held.
  ///
  /// @param open the handles of this isolate
  StopHistory stops(NativeModuleCache.Key key, Stopper stopper, Collection<ModuleHandle> open) {
    // Few isolates use more than some modules; those that go through many are swept now and then.
    if (stops.size() > 2 * open.size() + 16) {
      Set<NativeModuleCache.Key> used = new HashSet<>();
      open.forEach(handle -> used.add(handle.key()));
      stops.entrySet().removeIf(e -> !used.contains(e.getKey()) && e.getValue().isForgotten());
    }
    return stops.computeIfAbsent(key, _ -> new StopHistory(stopper));
  }

  /// Removes the isolate: its compilations are cancelled, and all references that it holds are
  /// given back. Repeating it does nothing.
  @Override
  public void close() {
    engine.remove(this);
  }
}
