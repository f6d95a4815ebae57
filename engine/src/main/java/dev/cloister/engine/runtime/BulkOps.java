package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.WireBytes;
import org.jspecify.annotations.Nullable;

/// Bulk operations on memories and tables (Spec 4.4.7 and 4.4.6).
///
/// Operands come first, in Wasm's order and unsigned, then what they work on. Ranges are checked as
/// a whole before anything is changed. Large ranges are worked on in slices, and the store's stop
/// flag is looked at after each: also after the last, because counted loops of code that polls do
/// not look at every turn.
@CalledByGeneratedCode
public final class BulkOps {
  /// Bytes that are copied or filled between two looks at the stop flag: some ten microseconds, or
  /// ten times as much in memory that was never touched. The JVM cannot stop a thread within a
  /// slice either, not even to let another one run on.
  private static final int SLICE_BYTES = 1 << 18;

  private BulkOps() {}

  /// `memory.fill`.
  @CalledByGeneratedCode
  public static void memoryFill(
      int address, int value, int length, Memory memory, Instance instance) {
    memoryFill(
        Integer.toUnsignedLong(address), value, Integer.toUnsignedLong(length), memory, instance);
  }

  /// `memory.fill` of a 64-bit memory.
  @CalledByGeneratedCode
  public static void memoryFill(
      long address, int value, long length, Memory memory, Instance instance) {
    memory.checkRange(address, length);
    if (length < SLICE_BYTES) {
      memory.fill(address, length, (byte) value);
      return;
    }
    for (long done = 0; done < length; done += SLICE_BYTES) {
      memory.fill(address + done, Math.min(SLICE_BYTES, length - done), (byte) value);
      instance.store.throwIfStopped();
    }
  }

  /// `memory.copy`, also between two memories.
  @CalledByGeneratedCode
  public static void memoryCopy(
      int target, int source, int length, Memory to, Memory from, Instance instance) {
    memoryCopy(
        Integer.toUnsignedLong(target),
        Integer.toUnsignedLong(source),
        Integer.toUnsignedLong(length),
        to,
        from,
        instance);
  }

  /// `memory.copy` to a 64-bit memory from a 32-bit one.
  @CalledByGeneratedCode
  public static void memoryCopy(
      long target, int source, int length, Memory to, Memory from, Instance instance) {
    memoryCopy(
        target, Integer.toUnsignedLong(source), Integer.toUnsignedLong(length), to, from, instance);
  }

  /// `memory.copy` to a 32-bit memory from a 64-bit one.
  @CalledByGeneratedCode
  public static void memoryCopy(
      int target, long source, int length, Memory to, Memory from, Instance instance) {
    memoryCopy(
        Integer.toUnsignedLong(target), source, Integer.toUnsignedLong(length), to, from, instance);
  }

  /// `memory.copy` between 64-bit memories.
  @CalledByGeneratedCode
  public static void memoryCopy(
      long target, long source, long length, Memory to, Memory from, Instance instance) {
    from.checkRange(source, length);
    to.checkRange(target, length);
    if (length < SLICE_BYTES) {
      to.copyFrom(from, source, target, length);
      return;
    }
    // From the end that overlap leaves intact.
    boolean ascending = target <= source;
    for (long done = 0; done < length; ) {
      long slice = Math.min(SLICE_BYTES, length - done);
      long at = ascending ? done : length - done - slice;
      to.copyFrom(from, source + at, target + at, slice);
      done += slice;
      instance.store.throwIfStopped();
    }
  }

  /// `memory.init`.
  @CalledByGeneratedCode
  public static void memoryInit(
      int target, int source, int length, Memory memory, Instance instance, int segment) {
    memoryInit(Integer.toUnsignedLong(target), source, length, memory, instance, segment);
  }

  /// `memory.init` of a 64-bit memory.
  @CalledByGeneratedCode
  public static void memoryInit(
      long target, int source, int length, Memory memory, Instance instance, int segment) {
    long size = Integer.toUnsignedLong(length);
    long from = Integer.toUnsignedLong(source);
    if (from + size > instance.dataLength(segment)) {
      throw new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
    DataSegment data = instance.module().data().get(segment);
    write(target, data.dataOffset() + (int) from, length, memory, instance);
  }

  /// Copies bytes of the module into a memory.
  ///
  /// @param from offset in the module
  /// @throws TrapException if the range is out of bounds; nothing is changed then
  static void write(long target, int from, int length, Memory memory, Instance instance) {
    WireBytes bytes = instance.module().wireBytes();
    memory.checkRange(target, length);
    for (int done = 0; done < length; done += SLICE_BYTES) {
      if (done > 0) {
        instance.store.throwIfStopped();
      }
      memory.write(target + done, bytes, from + done, Math.min(SLICE_BYTES, length - done));
    }
  }

  /// `table.init`.
  @CalledByGeneratedCode
  public static void tableInit(
      int target, int source, int length, Table table, Instance instance, int segment) {
    tableInit(Integer.toUnsignedLong(target), source, length, table, instance, segment);
  }

  /// `table.init` of a 64-bit table.
  @CalledByGeneratedCode
  public static void tableInit(
      long target, int source, int length, Table table, Instance instance, int segment) {
    table.init(
        target,
        instance.elementSegment(segment),
        Integer.toUnsignedLong(source),
        Integer.toUnsignedLong(length),
        instance);
  }

  /// `table.copy`, also between two tables.
  @CalledByGeneratedCode
  public static void tableCopy(
      int target, int source, int length, Table to, Table from, Instance instance) {
    Table.copy(
        to,
        Integer.toUnsignedLong(target),
        from,
        Integer.toUnsignedLong(source),
        Integer.toUnsignedLong(length),
        instance);
  }

  /// `table.copy` to a 64-bit table from a 32-bit one.
  @CalledByGeneratedCode
  public static void tableCopy(
      long target, int source, int length, Table to, Table from, Instance instance) {
    Table.copy(
        to, target, from, Integer.toUnsignedLong(source), Integer.toUnsignedLong(length), instance);
  }

  /// `table.copy` to a 32-bit table from a 64-bit one.
  @CalledByGeneratedCode
  public static void tableCopy(
      int target, long source, int length, Table to, Table from, Instance instance) {
    Table.copy(
        to, Integer.toUnsignedLong(target), from, source, Integer.toUnsignedLong(length), instance);
  }

  /// `table.copy` between 64-bit tables.
  @CalledByGeneratedCode
  public static void tableCopy(
      long target, long source, long length, Table to, Table from, Instance instance) {
    Table.copy(to, target, from, source, length, instance);
  }

  /// `table.fill`.
  @CalledByGeneratedCode
  public static void tableFill(
      int from, @Nullable Object value, int length, Table table, Instance instance) {
    table.fill(Integer.toUnsignedLong(from), value, Integer.toUnsignedLong(length), instance);
  }

  /// `table.fill` of a 64-bit table.
  @CalledByGeneratedCode
  public static void tableFill(
      long from, @Nullable Object value, long length, Table table, Instance instance) {
    table.fill(from, value, length, instance);
  }
}
