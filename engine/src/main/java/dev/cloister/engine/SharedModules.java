package dev.cloister.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Which isolates there are, and which native modules they use: the one place that says so, in both
/// directions. A module is in an isolate's set exactly if the isolate is in the module's. Safe to
/// use by any thread; nothing is called with the lock held but what has a later rank.
final class SharedModules {
  private final OrderedLock lock = new OrderedLock(LockRank.ISOLATES);

  /// The isolates, each with its handles.
  @GuardedBy("lock")
  private final Map<EngineIsolate, Holding> isolates = new LinkedHashMap<>();

  /// The modules that any isolate uses, each with its users and how many handles they have.
  @GuardedBy("lock")
  private final Map<NativeModule, Map<EngineIsolate, Integer>> modules = new HashMap<>();

  /// What an isolate holds.
  private static final class Holding {
    final Set<ModuleHandle> open = new LinkedHashSet<>();
    final Map<NativeModule, Integer> modules = new HashMap<>();
  }

  void add(EngineIsolate isolate) {
    lock.lock();
    try {
      isolates.put(isolate, new Holding());
    } finally {
      lock.unlock();
    }
  }

  /// Takes an isolate out; from now on nothing can be linked to it.
  ///
  /// @return the handles that it has, which are to be closed
  List<ModuleHandle> remove(EngineIsolate isolate) {
    lock.lock();
    try {
      Holding holding = isolates.remove(isolate);
      if (holding == null) {
        return List.of();
      }
      holding.modules.keySet().forEach(module -> removeUser(module, isolate));
      holding.modules.keySet().forEach(isolate::ended);
      return List.copyOf(holding.open);
    } finally {
      lock.unlock();
    }
  }

  /// Does something for an isolate that is there, with the lock held.
  ///
  /// @throws IllegalStateException if it was removed
  <T> T with(EngineIsolate isolate, Function<EngineIsolate, T> action) {
    lock.lock();
    try {
      if (!isolates.containsKey(isolate)) {
        throw new IllegalStateException("the isolate was removed: " + isolate.id());
      }
      return action.apply(isolate);
    } finally {
      lock.unlock();
    }
  }

  /// Links a module to an isolate.
  ///
  /// @param newHandle makes the handle, with the lock held
  /// @return null if the isolate was removed
  @Nullable ModuleHandle link(
      EngineIsolate isolate,
      NativeModule module,
      Function<Set<ModuleHandle>, ModuleHandle> newHandle) {
    lock.lock();
    try {
      Holding holding = isolates.get(isolate);
      if (holding == null) {
        return null;
      }
      ModuleHandle handle = newHandle.apply(holding.open);
      holding.open.add(handle);
      int count = holding.modules.merge(module, 1, Integer::sum);
      modules.computeIfAbsent(module, _ -> new LinkedHashMap<>()).put(isolate, count);
      return handle;
    } finally {
      lock.unlock();
    }
  }

  /// Gives a handle back.
  ///
  /// @return whether it was open and the last one of its isolate on the module
  boolean unlink(ModuleHandle handle) {
    EngineIsolate isolate = handle.isolate();
    NativeModule module = handle.nativeModule();
    lock.lock();
    try {
      Holding holding = isolates.get(isolate);
      if (holding == null || !holding.open.remove(handle)) {
        return false;
      }
      int count = holding.modules.merge(module, -1, Integer::sum);
      if (count > 0) {
        Objects.requireNonNull(modules.get(module)).put(isolate, count);
        return false;
      }
      holding.modules.remove(module);
      removeUser(module, isolate);
      isolate.ended(module);
      return true;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void removeUser(NativeModule module, EngineIsolate isolate) {
    modules.computeIfPresent(
        module,
        (_, users) -> {
          users.remove(isolate);
          return users.isEmpty() ? null : users;
        });
  }

  /// {@return whether an isolate uses a module}
  boolean uses(EngineIsolate isolate, NativeModule module) {
    lock.lock();
    try {
      return modules.getOrDefault(module, Map.of()).containsKey(isolate);
    } finally {
      lock.unlock();
    }
  }

  /// {@return whether a handle is open}
  boolean isOpen(ModuleHandle handle) {
    lock.lock();
    try {
      Holding holding = isolates.get(handle.isolate());
      return holding != null && holding.open.contains(handle);
    } finally {
      lock.unlock();
    }
  }

  /// Who uses a module.
  ///
  /// @param references the handles on it
  /// @param isolates their names, sorted
  /// @param debuggingIsolates the names of those that are being debugged, sorted
  /// @param loggingIsolates the names of those whose code log is on, sorted
  record Users(
      int references,
      List<String> isolates,
      List<String> debuggingIsolates,
      List<String> loggingIsolates) {
    static final Users NONE = new Users(0, List.of(), List.of(), List.of());

    private static Users of(Map<EngineIsolate, Integer> users) {
      return new Users(
          users.values().stream().mapToInt(Integer::intValue).sum(),
          names(users, _ -> true),
          names(users, isolate -> isolate.debugger().isEnabled()),
          names(users, EngineIsolate::isLoggingCode));
    }

    private static List<String> names(
        Map<EngineIsolate, Integer> users, Predicate<EngineIsolate> condition) {
      return users.keySet().stream().filter(condition).map(EngineIsolate::id).sorted().toList();
    }
  }

  /// {@return the isolates}
  List<EngineIsolate> isolates() {
    lock.lock();
    try {
      return List.copyOf(isolates.keySet());
    } finally {
      lock.unlock();
    }
  }

  /// {@return all modules that any isolate uses, with their users}
  Map<NativeModule, Users> snapshot() {
    Map<NativeModule, Users> snapshot = new HashMap<>();
    lock.lock();
    try {
      modules.forEach((module, users) -> snapshot.put(module, Users.of(users)));
    } finally {
      lock.unlock();
    }
    return snapshot;
  }

  /// {@return the users of one module}
  Users users(NativeModule module) {
    lock.lock();
    try {
      Map<EngineIsolate, Integer> users = modules.get(module);
      return users == null ? Users.NONE : Users.of(users);
    } finally {
      lock.unlock();
    }
  }

  /// {@return the names of all isolates}
  List<String> isolateIds() {
    lock.lock();
    try {
      return isolates.keySet().stream().map(EngineIsolate::id).toList();
    } finally {
      lock.unlock();
    }
  }

  int isolateCount() {
    lock.lock();
    try {
      return isolates.size();
    } finally {
      lock.unlock();
    }
  }

  int handleCount() {
    lock.lock();
    try {
      return isolates.values().stream().mapToInt(holding -> holding.open.size()).sum();
    } finally {
      lock.unlock();
    }
  }

  /// Checks that both directions agree, for tests.
  ///
  /// @throws IllegalStateException if they do not
  void checkInvariants() {
    lock.lock();
    try {
      Map<NativeModule, Map<EngineIsolate, Integer>> expected = new HashMap<>();
      isolates.forEach((isolate, holding) -> {
        Map<NativeModule, Integer> counted = new HashMap<>();
        holding.open.forEach(handle -> counted.merge(handle.nativeModule(), 1, Integer::sum));
        if (!counted.equals(holding.modules)) {
          throw new IllegalStateException("handles of " + isolate.id() + " are miscounted");
        }
        counted.forEach((module, count) ->
            expected.computeIfAbsent(module, _ -> new HashMap<>()).put(isolate, count));
      });
      if (!expected.equals(modules)) {
        throw new IllegalStateException("modules and isolates do not agree");
      }
    } finally {
      lock.unlock();
    }
  }
}
