package dev.cloister.engine;

import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.engine.logging.IsolateCodeLog;
import dev.cloister.engine.runtime.StopHistory;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.script.Script;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// An isolate as the engine knows it: one tenant, and which native modules it uses.
///
/// A module is in the isolate's set exactly if the isolate is in the module's. Safe to use by any
/// thread.
public final class EngineIsolate implements AutoCloseable {
  private final WasmEngine engine;
  private final String id;

  /// The number of open handles for each module. Guarded by the engine's isolate lock.
  final Map<NativeModule, Integer> handles = new HashMap<>();

  /// The handles themselves, so that closing the isolate closes them. Guarded likewise.
  final Set<ModuleHandle> open = new HashSet<>();

  /// What logs and debuggers of this isolate call each module that it uses. Guarded likewise.
  final Map<NativeModule, Script> scripts = new HashMap<>();

  /// How often guests had to be stopped, by module. It outlives the handles, else an isolate would
  /// leave quarantine by uploading its module anew. Guarded likewise.
  private final Map<NativeModuleCache.Key, StopHistory> stops = new HashMap<>();

  /// What the isolate is told of its code.
  private final IsolateCodeLog codeLog;

  private final Debugger debugger;

  EngineIsolate(WasmEngine engine, String id) {
    this.engine = engine;
    this.id = id;
    this.codeLog = engine.codeLogger().add(this, id);
    this.debugger = new Debugger(id, engine.config().maxPausedGuests());
  }

  /// {@return what debugs the isolate} Off until somebody turns it on.
  public Debugger debugger() {
    return debugger;
  }

  /// {@return the name of the isolate}
  public String id() {
    return id;
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

  /// {@return the history of a module's stops} With the isolate lock held.
  StopHistory stops(NativeModuleCache.Key key, Stopper stopper) {
    // Few isolates use more than some modules; those that go through many are swept now and then.
    if (stops.size() > 2 * open.size() + 16) {
      Set<NativeModuleCache.Key> used = new HashSet<>();
      open.forEach(handle -> used.add(handle.key()));
      stops.entrySet().removeIf(e -> !used.contains(e.getKey()) && e.getValue().isForgotten());
    }
    return stops.computeIfAbsent(key, _ -> new StopHistory(stopper));
  }

  /// Removes the isolate and gives back all references that it holds. Repeating it does nothing.
  @Override
  public void close() {
    engine.remove(this);
  }
}
