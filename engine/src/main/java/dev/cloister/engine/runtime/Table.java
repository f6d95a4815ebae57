package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TableType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A table: a vector of references that grows (Spec 4.2.7).
///
/// Tables of functions hold them in an array of [FuncRef], so that an indirect call needs no cast,
/// and beside it what it switches over, so that this does not have to wait for the function. The
/// array may be longer than the table; what lies beyond is null. References to the functions of
/// active segments are made when they are first looked at; until then the array has null there, and
/// only this class knows better. Confined to the thread that runs the store.
@CalledByGeneratedCode
public final class Table implements Extern {
  /// What one element is charged at, in bytes.
  public static final long ELEMENT_BYTES = 8;

  /// The most elements that any table may have.
  public static final int MAX_ELEMENTS = 10_000_000;

  /// Elements that are set or copied between two looks at the stop flag.
  private static final int SLICE = 1 << 15;

  private static final FuncRef[] NO_FUNCTIONS = new FuncRef[0];
  private static final int[] NO_ORDINALS = new int[0];

  /// The most ranges of references that are still to be made, which are searched one by one.
  private static final int MAX_UNMADE = 16;

  /// Elements from `start` on that are functions of an instance, by their indices.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Unmade(Instance instance, int[] functions, int start) {
    boolean contains(int index) {
      return index >= start && index - start < functions.length;
    }

    boolean overlaps(int from, int length) {
      return from < start + functions.length && start < from + length;
    }
  }

  private final TableType type;
  private final HeapLimiter limiter;
  private final long maxElements;
  private final boolean holdsFunctions;
  private int size;

  /// Where references are still to be made, no two of them overlapping; null where the array has
  /// all. In a range only elements that are null in the array count.
  private @Nullable List<Unmade> unmade;

  /// The store that made it, or null for a table of the host.
  private @Nullable Store owner;

  /// The elements, with spare capacity.
  @CalledByGeneratedCode public @Nullable Object[] elements;

  /// The same array as [#elements] in a table of functions, else empty.
  @CalledByGeneratedCode public @Nullable FuncRef[] functions;

  /// The [FuncRef#ordinal] of each element of [#functions] that is not null there, of equal length.
  @CalledByGeneratedCode public int[] ordinals;

  private Table(TableType type, HeapLimiter limiter, int size) {
    this.type = type;
    this.limiter = limiter;
    this.size = size;
    Limits limits = type.limits();
    boolean isLower = limits.hasMax() && Long.compareUnsigned(limits.max(), MAX_ELEMENTS) < 0;
    this.maxElements = isLower ? limits.max() : MAX_ELEMENTS;
    holdsFunctions = Subtyping.isSubtype(type.element(), RefType.FUNCREF);
    if (holdsFunctions) {
      functions = new FuncRef[size];
      ordinals = new int[size];
      elements = functions;
    } else {
      functions = NO_FUNCTIONS;
      ordinals = NO_ORDINALS;
      elements = new Object[size];
    }
  }

  /// Creates a table whose elements are all `initial`.
  ///
  /// @throws LimitExceededException if the initial size is refused
  public static Table create(TableType type, @Nullable Object initial, HeapLimiter limiter) {
    long size = type.limits().min();
    if (size < 0 || size > MAX_ELEMENTS) {
      throw new LimitExceededException("initial table size in elements", size, MAX_ELEMENTS);
    }
    if (!limiter.reserve(HeapKind.TABLE, size * ELEMENT_BYTES)) {
      throw LimitExceededException.refused("initial table size in bytes", size * ELEMENT_BYTES);
    }
    try {
      Table table = new Table(type, limiter, (int) size);
      table.fill(initial, 0, table.size);
      return table;
    } catch (OutOfMemoryError _) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.TABLE, size * ELEMENT_BYTES);
      throw LimitExceededException.refused("initial table size in bytes", size * ELEMENT_BYTES);
    }
  }

  /// {@return the store that made it, or null for a table of the host}
  @Nullable Store owner() {
    return owner;
  }

  void ownedBy(Store store) {
    owner = store;
  }

  /// {@return the declared type; its minimum is the initial size}
  public TableType type() {
    return type;
  }

  /// {@return the number of elements: `table.size`}
  @CalledByGeneratedCode
  public int size() {
    return size;
  }

  /// {@return the number of elements: `table.size` of a 64-bit table}
  @CalledByGeneratedCode
  public long size64() {
    return size;
  }

  /// {@return the element at `index`, unsigned: `table.get`}
  ///
  /// @throws TrapException if the index is out of bounds
  @CalledByGeneratedCode
  public @Nullable Object get(int index) {
    if (Integer.compareUnsigned(index, size) >= 0) {
      throw new TrapException(TrapReason.TABLE_OUT_OF_BOUNDS);
    }
    Object element = elements[index];
    return element != null ? element : make(index);
  }

  /// {@return the function at `index`, unsigned, for which [#functions] has null: null as well, or
  /// one that no one has looked at yet}
  @Nullable FuncRef make(int index) {
    List<Unmade> ranges = unmade;
    if (ranges != null && Integer.compareUnsigned(index, size) < 0) {
      for (Unmade range : ranges) {
        if (range.contains(index)) {
          FuncRef made = range.instance.reference(range.functions[index - range.start]);
          put(index, made);
          return made;
        }
      }
    }
    return null;
  }

  /// Makes all references that are still to be made. It may be stopped in between and repeated.
  ///
  /// @param caller its store's stop flag is looked at now and then, if there is one
  private void makeAll(@Nullable Instance caller) {
    List<Unmade> ranges = unmade;
    if (ranges != null) {
      StackGuard.probe();
      for (Unmade range : ranges) {
        for (int i = 0; i < range.functions.length; i++) {
          if (caller != null && i % SLICE == SLICE - 1) {
            caller.store.throwIfStopped();
          }
          if (functions[range.start + i] == null) {
            put(range.start + i, range.instance.referenceWithHeadroom(range.functions[i]));
          }
        }
      }
      unmade = null;
    }
  }

  /// {@return the element at `index`, unsigned: `table.get` of a 64-bit table}
  ///
  /// @throws TrapException if the index is out of bounds
  @CalledByGeneratedCode
  public @Nullable Object get(long index) {
    return get(narrow(index));
  }

  /// Replaces an element, for debuggers.
  ///
  /// @throws TrapException if the index is out of bounds
  /// @throws IllegalArgumentException if the value is not of the elements' type
  public void setElement(int index, @Nullable Object value) {
    set(index, Values.requireType(value, type.element()));
  }

  /// Replaces the element at `index`, unsigned: `table.set`.
  ///
  /// @throws TrapException if the index is out of bounds
  @CalledByGeneratedCode
  public void set(int index, @Nullable Object value) {
    if (Integer.compareUnsigned(index, size) >= 0) {
      throw new TrapException(TrapReason.TABLE_OUT_OF_BOUNDS);
    }
    if (value == null) {
      makeAll(/* caller= */ null);
    }
    put(index, value);
  }

  private void put(int index, @Nullable Object value) {
    elements[index] = value;
    if (holdsFunctions && value instanceof FuncRef function) {
      ordinals[index] = function.ordinal;
    }
  }

  private void fill(@Nullable Object value, int from, int to) {
    Arrays.fill(elements, from, to, value);
    if (holdsFunctions && value instanceof FuncRef function) {
      Arrays.fill(ordinals, from, to, function.ordinal);
    }
  }

  /// Replaces the element at `index`, unsigned: `table.set` of a 64-bit table.
  ///
  /// @throws TrapException if the index is out of bounds
  @CalledByGeneratedCode
  public void set(long index, @Nullable Object value) {
    set(narrow(index), value);
  }

  /// Grows the table: `table.grow`.
  ///
  /// @param delta the number of new elements, unsigned
  /// @param value what they are set to
  /// @return the former size, or -1 if the growth was refused
  @CalledByGeneratedCode
  public int grow(@Nullable Object value, int delta) {
    return (int) grow(value, Integer.toUnsignedLong(delta));
  }

  /// Grows the table: `table.grow` of a 64-bit table.
  ///
  /// @param delta the number of new elements, unsigned
  /// @param value what they are set to
  /// @return the former size, or -1 if the growth was refused
  @CalledByGeneratedCode
  public long grow(@Nullable Object value, long delta) {
    StackGuard.probe();
    int former = size;
    if (delta < 0 || delta > maxElements - former) {
      return -1;
    }
    int newSize = (int) (former + delta);
    if (newSize > elements.length && !enlarge(newSize)) {
      return -1;
    }
    if (value != null) {
      fill(value, former, newSize);
    }
    size = newSize;
    return former;
  }

  private boolean enlarge(int newSize) {
    int length = elements.length;
    long capacity = Math.min(Math.max(newSize, length + (length >>> 1)), maxElements);
    if (!limiter.reserve(HeapKind.TABLE, (capacity - length) * ELEMENT_BYTES)) {
      capacity = newSize;
      if (!limiter.reserve(HeapKind.TABLE, (capacity - length) * ELEMENT_BYTES)) {
        return false;
      }
    }
    try {
      if (holdsFunctions) {
        int[] moreOrdinals = Arrays.copyOf(ordinals, (int) capacity);
        functions = Arrays.copyOf(functions, (int) capacity);
        ordinals = moreOrdinals;
        elements = functions;
      } else {
        elements = Arrays.copyOf(elements, (int) capacity);
      }
      return true;
    } catch (OutOfMemoryError _) {
      // The limiter allowed more than the machine has: the guest asked for it, so it is told.
      limiter.release(HeapKind.TABLE, (capacity - length) * ELEMENT_BYTES);
      return false;
    }
  }

  /// Sets a range to one value: `table.fill`.
  ///
  /// @param caller its store's stop flag is looked at now and then
  /// @throws TrapException if the range is out of bounds; nothing is changed then
  public void fill(long from, @Nullable Object value, long length, Instance caller) {
    int start = checkRange(from, length, size);
    makeAll(caller);
    int end = start + (int) length;
    for (int at = start; at < end; at += SLICE) {
      fill(value, at, Math.min(end, at + SLICE));
      throwIfStopped(length, caller);
    }
  }

  /// Copies elements, possibly between two tables and with overlap: `table.copy`.
  ///
  /// @param caller its store's stop flag is looked at now and then
  /// @throws TrapException if a range is out of bounds; nothing is changed then
  public static void copy(
      Table target, long to, Table source, long from, long length, Instance caller) {
    int sourceStart = checkRange(from, length, source.size);
    int targetStart = checkRange(to, length, target.size);
    source.makeAll(caller);
    target.makeAll(caller);
    boolean hasOrdinals = source.holdsFunctions && target.holdsFunctions;
    boolean isAscending = targetStart <= sourceStart;
    // From the end that overlap leaves intact.
    for (int done = 0; done < length; ) {
      int slice = (int) Math.min(SLICE, length - done);
      int at = isAscending ? done : (int) length - done - slice;
      System.arraycopy(source.elements, sourceStart + at, target.elements, targetStart + at, slice);
      if (hasOrdinals) {
        System.arraycopy(
            source.ordinals, sourceStart + at, target.ordinals, targetStart + at, slice);
      }
      done += slice;
      throwIfStopped(length, caller);
    }
  }

  /// Copies elements of a segment into the table: `table.init`.
  ///
  /// @param caller its store's stop flag is looked at now and then
  /// @throws TrapException if a range is out of bounds; nothing is changed then
  void init(long to, @Nullable Object[] segment, long from, long length, Instance caller) {
    int sourceStart = checkRange(from, length, segment.length);
    int targetStart = checkRange(to, length, size);
    makeAll(caller);
    for (int i = 0; i < length; i++) {
      if (i % SLICE == SLICE - 1) {
        caller.store.throwIfStopped();
      }
      put(targetStart + i, segment[sourceStart + i]);
    }
  }

  private static void throwIfStopped(long length, Instance caller) {
    if (length >= SLICE) {
      caller.store.throwIfStopped();
    }
  }

  /// Sets elements to functions of an instance: an active segment.
  ///
  /// @param indices of the functions; nobody may change the array
  /// @throws TrapException if the range is out of bounds; nothing is changed then
  void init(long to, Instance instance, int[] indices) {
    int start = checkRange(to, indices.length, size);
    if (holdsFunctions && isNull(start, indices.length)) {
      List<Unmade> ranges = unmade;
      if (ranges == null) {
        ranges = new ArrayList<>(1);
        unmade = ranges;
      }
      if (ranges.size() < MAX_UNMADE) {
        ranges.add(new Unmade(instance, indices, start));
        return;
      }
    }
    makeAll(instance);
    for (int i = 0; i < indices.length; i++) {
      if (i % SLICE == SLICE - 1) {
        instance.store.throwIfStopped();
      }
      put(start + i, instance.reference(indices[i]));
    }
  }

  /// {@return whether a range has nothing but null, now and when all references are made}
  private boolean isNull(int from, int length) {
    List<Unmade> ranges = unmade;
    if (ranges != null) {
      for (Unmade range : ranges) {
        if (range.overlaps(from, length)) {
          return false;
        }
      }
    }
    for (int i = from; i < from + length; i++) {
      if (functions[i] != null) {
        return false;
      }
    }
    return true;
  }

  /// Gives back what the table was charged. It must not be used afterwards.
  void release() {
    limiter.release(HeapKind.TABLE, elements.length * ELEMENT_BYTES);
    elements = NO_FUNCTIONS;
    functions = NO_FUNCTIONS;
    ordinals = NO_ORDINALS;
    unmade = null;
    size = 0;
  }

  private static int checkRange(long from, long length, int size) {
    if (from < 0 || length < 0 || from > size - length) {
      throw new TrapException(TrapReason.TABLE_OUT_OF_BOUNDS);
    }
    return (int) from;
  }

  /// {@return the 32-bit index of an element by its 64-bit one: out of bounds if that is}
  @CalledByGeneratedCode
  public static int narrow(long index) {
    return index >>> 31 == 0 ? (int) index : -1;
  }
}
