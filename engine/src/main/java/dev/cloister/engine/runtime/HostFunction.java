package dev.cloister.engine.runtime;

import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A function of the host that modules import.
///
/// It becomes a [FuncRef] when it is linked. Immutable, and may be shared by all stores if what it
/// calls may. Exceptions that it throws travel through the guest to the host's call unchanged; of
/// them the guest can catch only a [ThrownException], and one of its own that came out of a nested
/// call.
public final class HostFunction implements Extern {
  /// The values, a vector being two, that parameters may be if the target takes them one by one: as
  /// many as generated code passes as arguments.
  private static final int MAX_PARAM_VALUES = 32;

  private static final MethodHandle RUN =
      findVirtual(Runnable.class, "run", MethodType.methodType(void.class));
  private static final MethodHandle BOX_VECTOR =
      find(V128.class, "of", MethodType.methodType(V128.class, long.class, long.class))
          .asType(MethodType.methodType(Object.class, long.class, long.class));

  private final FuncType type;
  private final MethodHandle target;

  /// Null if it is none.
  private final @Nullable BoundLeaf leaf;

  private HostFunction(FuncType type, MethodHandle target) {
    this(type, target, null);
  }

  private HostFunction(FuncType type, MethodHandle target, @Nullable BoundLeaf leaf) {
    this.type = type;
    this.target = target;
    this.leaf = leaf;
  }

  /// A leaf and the object that it works on.
  ///
  /// @param function the leaf
  /// @param receiver the object
  public record BoundLeaf(Unbound function, Object receiver) {}

  /// A host function over boxed values.
  @FunctionalInterface
  public interface Body {
    /// Runs the function.
    ///
    /// @param caller the calling instance; its memory is `caller.memory(0)`
    /// @param args boxed as in [FuncRef#call]
    /// @return as many results as the type has, boxed the same way
    @Nullable Object[] call(Instance caller, @Nullable Object[] args);
  }

  /// {@return a host function over boxed values}
  public static HostFunction of(FuncType type, Body body) {
    MethodType erased = erase(type);
    if (isWide(type)) {
      return new HostFunction(type, HostAdapters.bound(body, type).asType(erased));
    }
    if (!hasVectors(type)) {
      return new HostFunction(type, HostAdapters.bound(body, type, erased));
    }
    MethodHandle adapted =
        HostAdapters.bound(body, type).asCollector(Object[].class, type.params().size());
    for (int i = type.params().size() - 1; i >= 0; i--) {
      if (type.params().get(i) instanceof VecType) {
        adapted = MethodHandles.collectArguments(adapted, i + 1, BOX_VECTOR);
      }
    }
    return new HostFunction(type, adapted.asType(erased));
  }

  /// {@return a host function that a method handle implements, without boxing}
  ///
  /// @param type with at most one result and without vectors
  /// @param target of type `(Instance caller, params…) -> result`, with `int`, `long`, `float`,
  ///   `double`, and `Object` for references
  /// @throws IllegalArgumentException if `target` has another type, or no method handle can have it
  public static HostFunction of(FuncType type, MethodHandle target) {
    requireTarget(type, target.type());
    return new HostFunction(type, target);
  }

  /// {@return host functions that work on an object of their own each}
  ///
  /// @param target as in [#of(FuncType, MethodHandle)], with that object before the caller
  /// @throws IllegalArgumentException as there
  public static Unbound unbound(FuncType type, MethodHandle target) {
    requireTarget(type, target.type().dropParameterTypes(0, 1));
    return new Unbound(type, target, /* isLeaf= */ false);
  }

  /// A host function but for an object that it works on, such as what the host keeps for a guest.
  /// Binding is cheaper than making a function anew.
  public static final class Unbound {
    private final FuncType type;
    private final MethodHandle target;
    private final boolean isLeaf;

    private Unbound(FuncType type, MethodHandle target, boolean isLeaf) {
      this.type = type;
      this.target = target;
      this.isLeaf = isLeaf;
    }

    /// {@return the same functions as leaves, which guests call almost as they do their own}
    ///
    /// An overflow of the stack may end a leaf at any of its calls. So what it changes is the
    /// store's alone, and is of no use once the guest has trapped; before it takes a lock or
    /// charges anything, it calls [StackGuard#probe] itself. It throws nothing and does not take
    /// long: whether the store is to stop is not asked after it. The target is a method of the
    /// receiver, and whatever it uses has been initialised before, as nothing may be at the end of
    /// a stack. A class is generated for each leaf, so they are to be few and to live long.
    public Unbound leaf() {
      return new Unbound(type, target, /* isLeaf= */ true);
    }

    /// {@return what generated code invokes: the receiver, the caller, then the parameters}
    public MethodHandle leafTarget() {
      return target.asType(target.type().changeParameterType(0, Object.class));
    }

    /// {@return the parameters and results}
    public FuncType type() {
      return type;
    }

    /// {@return the function that works on `receiver`}
    ///
    /// @throws ClassCastException if `receiver` is not what the target takes
    public HostFunction bind(Object receiver) {
      return new HostFunction(
          type, target.bindTo(receiver), isLeaf ? new BoundLeaf(this, receiver) : null);
    }
  }

  /// {@return the same function, before each call of which `note` is run}
  ///
  /// @param note runs on the guest's stack and throws nothing
  public HostFunction preceded(Runnable note) {
    return new HostFunction(type, MethodHandles.foldArguments(target, RUN.bindTo(note)));
  }

  private static void requireTarget(FuncType type, MethodType target) {
    if (isWide(type)) {
      throw new IllegalArgumentException("too many parameters for a method handle: " + type);
    }
    if (type.results().size() > 1 || hasVectors(type) || !target.equals(erase(type))) {
      throw new IllegalArgumentException(
          "expected a target of type " + erase(type) + ", got " + target);
    }
  }

  private static boolean hasVectors(FuncType type) {
    return Stream.concat(type.params().stream(), type.results().stream())
        .anyMatch(VecType.class::isInstance);
  }

  /// {@return the parameters and results}
  public FuncType type() {
    return type;
  }

  /// {@return what the generated reference class invokes, of the erased type with the caller first;
  /// if there are more parameters than a method handle takes, they are one array, boxed}
  public MethodHandle target() {
    return target;
  }

  /// {@return what is called in place of [#target()] where a class for it can be generated; null if
  /// it is no leaf}
  public @Nullable BoundLeaf leaf() {
    return leaf;
  }

  private static boolean isWide(FuncType type) {
    int values = 0;
    for (ValueType param : type.params()) {
      values += param instanceof VecType ? 2 : 1;
    }
    return values > MAX_PARAM_VALUES;
  }

  private static MethodType erase(FuncType type) {
    List<ValueType> results = type.results();
    MethodType erased =
        MethodType.methodType(
            results.isEmpty() ? void.class : erase(results.getFirst()), Instance.class);
    if (isWide(type)) {
      return erased.appendParameterTypes(Object[].class);
    }
    for (ValueType param : type.params()) {
      erased = erased.appendParameterTypes(erase(param));
      if (param instanceof VecType) {
        erased = erased.appendParameterTypes(erase(param));
      }
    }
    return erased;
  }

  /// {@return the JVM type of a value, or of each half of a vector}
  private static Class<?> erase(ValueType type) {
    return switch (type) {
      case NumType number ->
          switch (number) {
            case I32 -> int.class;
            case I64 -> long.class;
            case F32 -> float.class;
            case F64 -> double.class;
          };
      case VecType _ -> long.class;
      case RefType _ -> Object.class;
    };
  }

  /// Calls `body`, leaves all results but the first in the slots of the caller's store, and the
  /// high half of the first if it is a vector.
  static @Nullable Object call(Body body, FuncType type, Instance caller, @Nullable Object[] args) {
    @Nullable Object[] results = body.call(caller, args);
    List<ValueType> types = type.results();
    if (results.length != types.size()) {
      throw new IllegalStateException(
          "a host function returned " + results.length + " results, expected " + types.size());
    }
    int slot = 1;
    for (int i = 0; i < results.length; i++) {
      Object value = requireResult(results[i], types.get(i), i);
      if (i > 0) {
        slot = caller.store.results.setBoxed(slot, value, types.get(i));
      }
    }
    Object first = results.length == 0 ? null : results[0];
    if (first instanceof V128(long low, long high) && types.getFirst() instanceof VecType) {
      caller.store.results.n0 = high;
      return low;
    }
    return first;
  }

  private static @Nullable Object requireResult(@Nullable Object value, ValueType type, int index) {
    try {
      return Values.requireType(value, type);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("result " + index + " of a host function is wrong", e);
    }
  }

  private static MethodHandle findVirtual(Class<?> owner, String name, MethodType type) {
    try {
      return MethodHandles.lookup().findVirtual(owner, name, type);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static MethodHandle find(Class<?> owner, String name, MethodType type) {
    try {
      return MethodHandles.lookup().findStatic(owner, name, type);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
