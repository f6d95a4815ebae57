package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A Wasm exception: what `throw` makes, what `exnref` refers to, and what travels through the
/// frames of guests (Spec 4.2.11, exception instances).
///
/// Host functions may throw one made by [#create]; it reaches the guest's handlers. At the border
/// to the host it becomes an [UncaughtWasmException], whose cause it is; a host function that lets
/// that one pass lets the exception pass unchanged.
///
/// It has no Java stack trace. Belongs to a store and is paid for from its heap.
@CalledByGeneratedCode
public final class ThrownException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// The size of the object itself, of an array of no elements, and of one value with its element.
  private static final long OBJECT_BYTES = 56;

  private static final long ARRAY_BYTES = 16;
  private static final long VALUE_BYTES = 40;

  private final transient Tag tag;
  private final transient Store store;
  private final transient @Nullable Object[] values;

  /// Keeps the account of this object open; see [GcHeap].
  @SuppressWarnings("unused") // Only its reachability matters.
  private final transient GcToken token;

  private ThrownException(Tag tag, Store store, @Nullable Object[] values, GcToken token) {
    super(null, null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.tag = tag;
    this.store = store;
    this.values = values;
    this.token = token;
  }

  /// Makes an exception for a host function to throw.
  ///
  /// @param store that of the instance that calls the host function
  /// @param values boxed as in [FuncRef#call]
  /// @throws IllegalArgumentException if number or types of the values are not those of the tag
  /// @throws dev.cloister.engine.error.LimitExceededException if the store's limiter refuses it
  public static ThrownException create(Store store, Tag tag, @Nullable Object... values) {
    List<ValueType> types = types(tag);
    if (values.length != types.size()) {
      throw new IllegalArgumentException(
          "expected " + types.size() + " values, got " + values.length);
    }
    for (int i = 0; i < values.length; i++) {
      Values.requireType(values[i], types.get(i));
    }
    return allocate(store, tag, values.clone());
  }

  /// Makes the exception of `throw`, whose values are in the result slots from 1.
  @CalledByGeneratedCode
  public static ThrownException create(Instance instance, int tagIndex) {
    Tag tag = instance.tags()[tagIndex];
    return allocate(instance.store, tag, instance.results.take(types(tag)));
  }

  private static ThrownException allocate(Store store, Tag tag, @Nullable Object[] values) {
    long bytes = OBJECT_BYTES + ARRAY_BYTES + VALUE_BYTES * values.length;
    return new ThrownException(tag, store, values, store.gcHeap.take(bytes));
  }

  /// {@return an exception whose values are null until [#fill]}
  static ThrownException blank(Store store, Tag tag) {
    return allocate(store, tag, new Object[types(tag).size()]);
  }

  /// Sets all values of a [#blank] one.
  void fill(List<@Nullable Object> newValues) {
    Objects.checkFromToIndex(values.length, newValues.size(), newValues.size());
    for (int i = 0; i < values.length; i++) {
      values[i] = newValues.get(i);
    }
  }

  private static List<ValueType> types(Tag tag) {
    return ((FuncType) tag.type().type().composite()).params();
  }

  /// {@return whether a catch clause for a tag of the instance catches `exception`}
  @CalledByGeneratedCode
  public static boolean matches(ThrownException exception, Instance instance, int tagIndex) {
    return exception.tag == instance.tags()[tagIndex];
  }

  /// Leaves the values of `exception` in the result slots from 1, for the handler.
  @CalledByGeneratedCode
  public static void leaveValues(ThrownException exception, Instance instance) {
    @Nullable Object[] values = exception.values;
    List<ValueType> types = types(exception.tag);
    int slot = 1;
    for (int i = 0; i < values.length; i++) {
      slot = instance.results.setBoxed(slot, values[i], types.get(i));
    }
  }

  /// {@return the exception that `throw_ref` throws}
  ///
  /// @throws TrapException if `reference` is null
  @CalledByGeneratedCode
  public static ThrownException nonNull(@Nullable Object reference) {
    if (reference instanceof ThrownException exception) {
      return exception;
    }
    throw new TrapException(TrapReason.NULL_EXCEPTION_REFERENCE);
  }

  /// {@return what the guest gets to see of an exception that a host function ended with}
  ///
  /// @param thrown a ThrownException, or the UncaughtWasmException that it became in a nested call
  /// @param caller the instance that called the host function
  /// @throws IllegalStateException if a host function threw an exception of another store
  @CalledByGeneratedCode
  public static RuntimeException fromHost(RuntimeException thrown, Instance caller) {
    if (thrown instanceof ThrownException exception && exception.store != caller.store) {
      return new IllegalStateException("a host function threw an exception of another store");
    }
    return thrown.getCause() instanceof ThrownException exception && exception.store == caller.store
        ? exception
        : thrown;
  }

  /// {@return what a call by the host ends with that this exception left}
  UncaughtWasmException uncaught() {
    return new UncaughtWasmException(tag.type().toString(), values(), this);
  }

  /// {@return the tag, whose identity decides which handlers match}
  public Tag tag() {
    return tag;
  }

  /// {@return the values, boxed as in [FuncRef#call]; unmodifiable}
  public List<@Nullable Object> values() {
    List<@Nullable Object> list = new ArrayList<>();
    Collections.addAll(list, values);
    return Collections.unmodifiableList(list);
  }
}
