package dev.cloister.engine.logging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.code.CodeImage;
import dev.cloister.engine.code.CodeObserver;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.SignatureClasses;
import dev.cloister.engine.code.WrapperCode;
import dev.cloister.engine.script.Script;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The code logs of an engine's isolates (V8 `WasmEngine::EnableCodeLogging` and what follows).
///
/// A module is observed exactly while an isolate that uses it logs; where nobody does, defining
/// code costs one read more. Its lock is taken with that of the isolates held, and no other one
/// within. Safe to use by any thread.
@SuppressWarnings("exports") // For the engine itself, whose types are not exported.
public final class CodeLogger implements AutoCloseable {
  private static final long IDLE_SECONDS = 5;
  private static final AtomicBoolean FAILURE_REPORTED = new AtomicBoolean();

  private final ThreadPoolExecutor tasks =
      new ThreadPoolExecutor(
          /* corePoolSize= */ 1,
          /* maximumPoolSize= */ 1,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "cloister-code-log");
            thread.setDaemon(true);
            return thread;
          });

  private final OrderedLock lock = new OrderedLock(LockRank.CODE_LOGGER);

  /// The modules that are observed, which some isolate logs.
  @GuardedBy("lock")
  private final Map<NativeModule, ModuleLog> observed = new HashMap<>();

  private final SignatureClasses wrappers;

  /// The logs that are on. Read without a lock; changed with the logger's.
  private volatile List<IsolateCodeLog> on = List.of();

  /// Makes a logger without isolates.
  ///
  /// @param wrappers those of the engine, which all logging isolates are told of
  public CodeLogger(SignatureClasses wrappers) {
    this.wrappers = wrappers;
    tasks.allowCoreThreadTimeOut(true);
  }

  /// {@return the log of a new isolate, off}
  ///
  /// @param owner the isolate, compared by identity
  /// @param name its name
  public IsolateCodeLog add(Object owner, String name) {
    return new IsolateCodeLog(owner, name, tasks);
  }

  /// Notes that an isolate uses a module. What there is of its code is told by [#tellOfAll].
  public void link(IsolateCodeLog log, NativeModule module, Script script) {
    lock.lock();
    try {
      log.scripts.put(module, script);
      if (log.isOn()) {
        observe(log, module);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Tells of the code that a module has, if the isolate logs.
  public void tellOfAll(IsolateCodeLog log, NativeModule module) {
    if (!log.isOn()) {
      return;
    }
    Script script;
    lock.lock();
    try {
      script = log.scripts.get(module);
    } finally {
      lock.unlock();
    }
    if (script != null) {
      log.tellOfAll(script, module);
    }
  }

  /// Notes that an isolate uses a module no longer. Repeating it does nothing.
  public void unlink(IsolateCodeLog log, NativeModule module) {
    lock.lock();
    try {
      log.scripts.remove(module);
      forget(log, module);
    } finally {
      lock.unlock();
    }
  }

  /// Switches a log on, or gives it another listener, and tells of all code that is there.
  ///
  /// @return whether it is on; not if the isolate was removed
  public boolean turnOn(IsolateCodeLog log, CodeLogListener listener) {
    // So that a guest's thread need not.
    tasks.prestartCoreThread();
    Map<NativeModule, Script> used;
    lock.lock();
    try {
      if (!log.turnOn(listener)) {
        return false;
      }
      log.scripts.keySet().forEach(module -> observe(log, module));
      used = Map.copyOf(log.scripts);
      setOn(log, true);
    } finally {
      lock.unlock();
    }
    log.tellOf(wrappers.wrappers());
    used.forEach((module, script) -> log.tellOfAll(script, module));
    return true;
  }

  /// Switches a log off. Repeating it does nothing.
  public void turnOff(IsolateCodeLog log) {
    lock.lock();
    try {
      log.turnOff();
      setOn(log, false);
      log.scripts.keySet().forEach(module -> forget(log, module));
    } finally {
      lock.unlock();
    }
  }

  /// Forgets an isolate, whose log is off from now on. Repeating it does nothing.
  public void remove(IsolateCodeLog log) {
    lock.lock();
    try {
      log.close();
      setOn(log, false);
      log.scripts.keySet().forEach(module -> forget(log, module));
    } finally {
      lock.unlock();
    }
  }

  /// {@return whether some isolate logs a module}
  public boolean isObserved(NativeModule module) {
    lock.lock();
    try {
      return observed.containsKey(module);
    } finally {
      lock.unlock();
    }
  }

  /// {@return the number of modules that some isolate logs}
  public int observedModuleCount() {
    lock.lock();
    try {
      return observed.size();
    } finally {
      lock.unlock();
    }
  }

  /// Wrappers are observed exactly while a log is on, also of an isolate without modules.
  @GuardedBy("lock")
  private void setOn(IsolateCodeLog log, boolean isOn) {
    List<IsolateCodeLog> logs = new ArrayList<>(on);
    logs.remove(log);
    if (isOn) {
      logs.add(log);
    }
    on = List.copyOf(logs);
    wrappers.observe(logs.isEmpty() ? null : this::wrapperDefined);
  }

  private void wrapperDefined(WrapperCode wrapper) {
    List<IsolateCodeLog> logs = on;
    for (int i = 0; i < logs.size(); i++) {
      logs.get(i).offer(wrapper);
    }
  }

  @GuardedBy("lock")
  private void observe(IsolateCodeLog log, NativeModule module) {
    Script script = Objects.requireNonNull(log.scripts.get(module));
    ModuleLog known = observed.get(module);
    if (known == null) {
      known = new ModuleLog(module);
      observed.put(module, known);
      known.add(log, script);
      module.observe(known);
    } else {
      known.add(log, script);
    }
  }

  @GuardedBy("lock")
  private void forget(IsolateCodeLog log, NativeModule module) {
    ModuleLog known = observed.get(module);
    if (known != null && known.remove(log)) {
      module.observe(null);
      observed.remove(module);
    }
  }

  /// Ends the log's thread; nothing is told of any more but by guests that are called.
  @Override
  public void close() {
    tasks.shutdownNow();
  }

  /// Calls a listener, whose failure harms nobody and is reported once.
  static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      if (FAILURE_REPORTED.compareAndSet(false, true)) {
        System.getLogger(CodeLogger.class.getName())
            .log(System.Logger.Level.ERROR, "event=code-log-listener-failed", e);
      }
    }
  }

  /// Who logs a module. Read without a lock where code is defined; changed with the logger's.
  private static final class ModuleLog implements CodeObserver {
    private record Entry(IsolateCodeLog log, Script script) {}

    private final NativeModule module;
    private volatile Entry[] entries = {};

    ModuleLog(NativeModule module) {
      this.module = module;
    }

    void add(IsolateCodeLog log, Script script) {
      remove(log);
      Entry[] more = Arrays.copyOf(entries, entries.length + 1);
      more[entries.length] = new Entry(log, script);
      entries = more;
    }

    /// @return whether nobody is left
    boolean remove(IsolateCodeLog log) {
      List<Entry> left = Arrays.stream(entries).filter(entry -> entry.log() != log).toList();
      entries = left.toArray(new Entry[0]);
      return left.isEmpty();
    }

    @Override
    public void defined(CodeImage image, int chunk) {
      for (Entry entry : entries) {
        entry.log().offer(entry.script(), module, image, chunk);
      }
    }

    @Override
    public void entered(@Nullable Object isolate) {
      for (Entry entry : entries) {
        if (entry.log().isOf(isolate)) {
          entry.log().drain();
        }
      }
    }
  }
}
