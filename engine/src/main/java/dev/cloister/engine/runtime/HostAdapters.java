package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.types.FuncType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Method handles that box arguments for [HostFunction.Body], by their type without references.
///
/// To combine one takes microseconds, and much of the JIT's time in a new process; to bind one
/// takes a tenth of a microsecond. Hosts make their functions anew for each instance. Any thread.
final class HostAdapters {
  /// Types come from modules of guests, so what is kept has a bound: the last that were used.
  static final int MAX_KEPT = 256;

  private static final MethodHandle ADAPT = find();
  private static final Object LOCK = new Object();

  @GuardedBy("LOCK")
  private static final SequencedMap<MethodType, MethodHandle> KEPT =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true);

  private HostAdapters() {}

  /// What is bound.
  private record Target(HostFunction.Body body, FuncType type) {
    @Nullable Object call(Instance caller, @Nullable Object[] args) {
      return HostFunction.call(body, type, caller, args);
    }
  }

  /// {@return a handle of the type `erased`, which boxes each of its arguments but the first}
  static MethodHandle bound(HostFunction.Body body, FuncType type, MethodType erased) {
    MethodHandle adapter;
    synchronized (LOCK) {
      adapter = KEPT.get(erased);
    }
    if (adapter == null) {
      adapter =
          ADAPT
              .asCollector(Object[].class, erased.parameterCount() - 1)
              .asType(erased.insertParameterTypes(0, Target.class));
      synchronized (LOCK) {
        KEPT.put(erased, adapter);
        if (KEPT.size() > MAX_KEPT) {
          KEPT.pollFirstEntry();
        }
      }
    }
    return adapter.bindTo(new Target(body, type));
  }

  /// {@return a handle that takes the caller and an array of the boxed arguments}
  static MethodHandle bound(HostFunction.Body body, FuncType type) {
    return ADAPT.bindTo(new Target(body, type));
  }

  /// {@return how many adapters are kept}
  static int count() {
    synchronized (LOCK) {
      return KEPT.size();
    }
  }

  private static MethodHandle find() {
    try {
      return MethodHandles.lookup()
          .findVirtual(
              Target.class,
              "call",
              MethodType.methodType(Object.class, Instance.class, Object[].class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
