package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.DataSegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Bulk operations on memories and tables (Spec 4.4.7 and 4.4.6).
///
/// Operands come first, in Wasm's order and unsigned, then what they work on. Ranges are checked as
/// a whole before anything is changed. Large ranges are worked on in slices, and the store's stop
/// flag is looked at in between.
@CalledByGeneratedCode
public final class BulkOps {
  /// Bytes that are copied or filled between two looks at the stop flag: about a millisecond.
  private static final int SLICE_BYTES = 1 << 24;

  private BulkOps() {}

  /// `memory.fill`.
  @CalledByGeneratedCode
  public static void memoryFill(
      int address, int value, int length, Memory memory, Instance instance) {
    long size = Integer.toUnsignedLong(length);
    int from = memory.checkRange(Integer.toUnsignedLong(address), size);
    int end = from + length;
    byte[] bytes = memory.bytes;
    while (end - from > SLICE_BYTES) {
      Arrays.fill(bytes, from, from + SLICE_BYTES, (byte) value);
      from += SLICE_BYTES;
      instance.store.throwIfStopped();
    }
    Arrays.fill(bytes, from, end, (byte) value);
  }

  /// `memory.copy`, also between two memories.
  @CalledByGeneratedCode
  public static void memoryCopy(
      int target, int source, int length, Memory to, Memory from, Instance instance) {
    long size = Integer.toUnsignedLong(length);
    int sourceStart = from.checkRange(Integer.toUnsignedLong(source), size);
    int targetStart = to.checkRange(Integer.toUnsignedLong(target), size);
    if (length <= SLICE_BYTES) {
      System.arraycopy(from.bytes, sourceStart, to.bytes, targetStart, length);
    } else {
      copySlices(from.bytes, sourceStart, to.bytes, targetStart, length, instance);
    }
  }

  /// Copies from the end that overlap leaves intact.
  private static void copySlices(
      byte[] source, int sourceStart, byte[] target, int targetStart, int length, Instance caller) {
    boolean ascending = targetStart <= sourceStart;
    for (int done = 0; done < length; ) {
      int slice = Math.min(SLICE_BYTES, length - done);
      int at = ascending ? done : length - done - slice;
      System.arraycopy(source, sourceStart + at, target, targetStart + at, slice);
      done += slice;
      caller.store.throwIfStopped();
    }
  }

  /// `memory.init`.
  @CalledByGeneratedCode
  public static void memoryInit(
      int target, int source, int length, Memory memory, Instance instance, int segment) {
    long size = Integer.toUnsignedLong(length);
    long from = Integer.toUnsignedLong(source);
    if (from + size > instance.dataLength(segment)) {
      throw new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
    int to = memory.checkRange(Integer.toUnsignedLong(target), size);
    DataSegment data = instance.module().data().get(segment);
    instance.module().wireBytes().copyTo(data.dataOffset() + (int) from, memory.bytes, to, length);
  }

  /// `table.init`.
  @CalledByGeneratedCode
  public static void tableInit(
      int target, int source, int length, Table table, Instance instance, int segment) {
    table.init(
        Integer.toUnsignedLong(target),
        instance.elementSegment(segment),
        Integer.toUnsignedLong(source),
        Integer.toUnsignedLong(length));
  }

  /// `table.copy`, also between two tables.
  @CalledByGeneratedCode
  public static void tableCopy(int target, int source, int length, Table to, Table from) {
    Table.copy(
        to,
        Integer.toUnsignedLong(target),
        from,
        Integer.toUnsignedLong(source),
        Integer.toUnsignedLong(length));
  }

  /// `table.fill`.
  @CalledByGeneratedCode
  public static void tableFill(int from, @Nullable Object value, int length, Table table) {
    table.fill(Integer.toUnsignedLong(from), value, Integer.toUnsignedLong(length));
  }
}
