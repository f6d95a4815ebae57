package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A reference to a function: what tables hold, `ref.func` makes and instances export.
///
/// Subclasses are generated, one for each shape of signature, with a method `call` of just that
/// shape; below them are one class for host functions and one for each module. A function of an
/// instance has at most one FuncRef, so identity is equality.
@CalledByGeneratedCode
public abstract non-sealed class FuncRef implements Extern {
  /// The canonical id of the function's type.
  @CalledByGeneratedCode public final int typeId;

  /// The position among the functions of this shape in the module's dispatch tables.
  @CalledByGeneratedCode public final int ordinal;

  /// The instance that the function belongs to, or null for host functions.
  @CalledByGeneratedCode public final @Nullable Instance instance;

  private final DefinedType type;

  /// For a host function, the instance that imported it: on its behalf the host calls it.
  private @Nullable Instance importer;

  /// Called by the generated subclasses.
  @CalledByGeneratedCode
  protected FuncRef(DefinedType type, @Nullable Instance instance, int ordinal) {
    this.type = type;
    this.typeId = type.id();
    this.instance = instance;
    this.ordinal = ordinal;
  }

  /// {@return the type of the function}
  public DefinedType type() {
    return type;
  }

  /// {@return the parameters and results of the function}
  public FuncType signature() {
    return (FuncType) type.composite();
  }

  /// Calls the function with boxed arguments: `Integer`, `Long`, `Float`, `Double`, [V128], and
  /// references as the object itself or null.
  ///
  /// Called on the thread that runs the store of the function's instance.
  ///
  /// @return the results, boxed the same way
  /// @throws IllegalArgumentException if number or types of the arguments are wrong
  /// @throws TrapException if the guest trapped, also for an exhausted call stack
  /// @throws dev.cloister.engine.error.StoppedException if the store was asked to stop
  public final @Nullable Object[] call(@Nullable Object... args) {
    List<ValueType> params = signature().params();
    if (args.length != params.size()) {
      throw new IllegalArgumentException(
          "expected " + params.size() + " arguments, got " + args.length);
    }
    for (int i = 0; i < args.length; i++) {
      Values.requireType(args[i], params.get(i));
    }
    Instance owner = instance != null ? instance : importer;
    if (owner == null) {
      throw new IllegalStateException("a host function that no instance imported");
    }
    return owner.run(this, args);
  }

  /// Notes which instance imported this host function.
  final void importedBy(Instance owner) {
    importer = owner;
  }

  /// Unboxes the arguments, calls the function and boxes the results. Generated.
  @CalledByGeneratedCode
  protected abstract @Nullable Object[] invoke(@Nullable Object[] args, Instance caller);

  /*
   * The ends of tail calls, one for each kind of first result. They take the arguments from the
   * result slots of the caller's store. A class of references implements that of its shape.
   */

  /// Runs the function for a tail call, if it has no results. Generated.
  @CalledByGeneratedCode
  public void tailV(Instance caller) {
    throw wrongShape();
  }

  /// Runs the function for a tail call, if its first result is an i32. Generated.
  @CalledByGeneratedCode
  public int tailI(Instance caller) {
    throw wrongShape();
  }

  /// Runs the function for a tail call, if its first result is an i64. Generated.
  @CalledByGeneratedCode
  public long tailJ(Instance caller) {
    throw wrongShape();
  }

  /// Runs the function for a tail call, if its first result is an f32. Generated.
  @CalledByGeneratedCode
  public float tailF(Instance caller) {
    throw wrongShape();
  }

  /// Runs the function for a tail call, if its first result is an f64. Generated.
  @CalledByGeneratedCode
  public double tailD(Instance caller) {
    throw wrongShape();
  }

  /// Runs the function for a tail call, if its first result is a reference. Generated.
  @CalledByGeneratedCode
  public @Nullable Object tailL(Instance caller) {
    throw wrongShape();
  }

  private IllegalStateException wrongShape() {
    return new IllegalStateException("tail call with another result than that of " + type);
  }

  /// {@return whether a call through a type with canonical id `expected` may reach this function}
  final boolean matches(int expected) {
    for (DefinedType t = type; t != null; t = t.supertype()) {
      if (t.id() == expected) {
        return true;
      }
    }
    return false;
  }

  /// {@return the element of a table that `return_call_indirect` goes to}
  ///
  /// @param index the index into the table, unsigned
  /// @param expected the canonical id of the type that the call expects
  /// @throws TrapException if there is none, or it is of another type
  @CalledByGeneratedCode
  public static FuncRef checkedElement(int index, Table table, int expected) {
    @Nullable FuncRef[] functions = table.functions;
    FuncRef ref = Integer.compareUnsigned(index, functions.length) < 0 ? functions[index] : null;
    return ref != null && ref.typeId == expected ? ref : checkIndirect(ref, table, index, expected);
  }

  /// Decides what is wrong with an indirect call whose fast path failed, if anything is.
  ///
  /// @param ref what the table's array has, or null if the index was out of bounds
  /// @param index the index into the table, unsigned
  /// @param expected the canonical id of the type that the call expects
  /// @return the element, if its type is a subtype of the expected one
  /// @throws TrapException otherwise
  @CalledByGeneratedCode
  public static FuncRef checkIndirect(@Nullable FuncRef ref, Table table, int index, int expected) {
    FuncRef found = ref != null ? ref : table.make(index);
    if (found != null) {
      if (found.matches(expected)) {
        return found;
      }
      throw new TrapException(TrapReason.INDIRECT_CALL_TYPE_MISMATCH);
    }
    throw new TrapException(
        Integer.compareUnsigned(index, table.size()) >= 0
            ? TrapReason.UNDEFINED_ELEMENT
            : TrapReason.UNINITIALIZED_ELEMENT);
  }
}
